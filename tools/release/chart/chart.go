// Package chart packs Helm charts and plugins as Helm does, but for the time and the
// machine, which are in no archive.
package chart

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tiphys-dev/tiphys/tools/release/pack"
)

// A Chart is one that was read and got its version.
type Chart struct {
	Name, Version string
	Files         []pack.File // all below NAME/
}

// Read reads the chart in a folder of the repository at root, as far as it is in git,
// and gives it the version, which its program has too.
func Read(root, dir, version string) (*Chart, error) {
	files, err := tracked(root, dir)
	if err != nil {
		return nil, fmt.Errorf("read chart %s: %w", dir, err)
	}
	ignored, err := ignores(files)
	if err != nil {
		return nil, fmt.Errorf("read chart %s: %w", dir, err)
	}
	c := &Chart{}
	for _, f := range files {
		if ignored(f.Name) {
			continue
		}
		if f.Name == "Chart.yaml" {
			f.Data = stamp(stamp(f.Data, "version", version), "appVersion", version)
			var metadata struct{ Name, Version string }
			if err := yaml.Unmarshal(f.Data, &metadata); err != nil {
				return nil, fmt.Errorf("read chart %s: %w", dir, err)
			}
			c.Name, c.Version = metadata.Name, metadata.Version
		}
		c.Files = append(c.Files, f)
	}
	if c.Name == "" || c.Version != version {
		return nil, fmt.Errorf("read chart %s: its Chart.yaml has no name or no line that begins with \"version:\"", dir)
	}
	below(c.Files, c.Name)
	return c, nil
}

// Plugin reads the Helm plugin in a folder of the repository, and gives it the
// version and the folder NAME.
func Plugin(root, dir, name, version string) ([]pack.File, error) {
	files, err := tracked(root, dir)
	if err != nil {
		return nil, fmt.Errorf("read plugin %s: %w", dir, err)
	}
	for i := range files {
		if files[i].Name == "plugin.yaml" {
			files[i].Data = stamp(files[i].Data, "version", version)
		}
	}
	below(files, name)
	return files, nil
}

// Names reports whether values of the chart name the repository of an image.
func (c *Chart) Names(repository string) bool {
	_, found := pin(c.values(), map[string]string{repository: "sha256:"})
	return len(found) > 0
}

// Digests are values of the chart that pin its images: for each part of values.yaml
// with a repository and a digest, the digest of that repository.
func (c *Chart) Digests(of map[string]string) ([]byte, error) {
	pins, found := pin(c.values(), of)
	if len(found) == 0 {
		return nil, fmt.Errorf("pin the images of chart %s: its values.yaml has none with a repository and a digest", c.Name)
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(pins); err != nil {
		return nil, fmt.Errorf("pin the images of chart %s: %w", c.Name, err)
	}
	return b.Bytes(), nil
}

// values are those of values.yaml, none when it cannot be read: charts have tests.
func (c *Chart) values() (values map[string]any) {
	for _, f := range c.Files {
		if f.Name == c.Name+"/values.yaml" && yaml.Unmarshal(f.Data, &values) != nil {
			return nil
		}
	}
	return values
}

func pin(values map[string]any, of map[string]string) (pins map[string]any, found map[string]bool) {
	pins, found = map[string]any{}, map[string]bool{}
	if repository, ok := values["repository"].(string); ok && of[repository] != "" {
		if _, ok := values["digest"]; ok {
			pins["digest"], found[repository] = of[repository], true
		}
	}
	for k, v := range values {
		if below, ok := v.(map[string]any); ok {
			p, f := pin(below, of)
			if len(f) > 0 {
				pins[k] = p
			}
			for repository := range f {
				found[repository] = true
			}
		}
	}
	return pins, found
}

// stamp gives a key at the top of a YAML file another value, if it is there.
func stamp(text []byte, key, value string) []byte {
	return regexp.MustCompile(`(?m)^`+key+`:.*$`).ReplaceAll(text, []byte(key+": "+value))
}

func below(files []pack.File, dir string) {
	for i := range files {
		files[i].Name = dir + "/" + files[i].Name
	}
}

// tracked are the files of a folder that git knows, or would: none that it ignores.
func tracked(root, dir string) ([]pack.File, error) {
	c := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
	c.Dir = filepath.Join(root, dir)
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	var files []pack.File
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		at := filepath.Join(c.Dir, filepath.FromSlash(name))
		info, err := os.Lstat(at)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is no regular file", name)
		}
		b, err := os.ReadFile(at)
		if err != nil {
			return nil, err
		}
		f := pack.File{Name: name, Data: b}
		if info.Mode()&0o100 != 0 {
			f.Mode = 0o755
		}
		files = append(files, f)
	}
	return files, nil
}

// ignores understands of .helmignore what our charts use: names and patterns, of
// folders with a slash at the end.
func ignores(files []pack.File) (func(name string) bool, error) {
	var patterns []string
	for _, f := range files {
		if f.Name != ".helmignore" {
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			line = strings.TrimSpace(line)
			switch {
			case line == "" || strings.HasPrefix(line, "#"):
			case strings.HasPrefix(line, "!") || strings.Contains(strings.TrimSuffix(line, "/"), "/"):
				return nil, fmt.Errorf(".helmignore: %q is more than the name of a file or folder", line)
			default:
				patterns = append(patterns, line)
			}
		}
	}
	return func(name string) bool {
		parts := strings.Split(name, "/")
		return slices.ContainsFunc(patterns, func(p string) bool {
			folder, only := strings.CutSuffix(p, "/")
			for i, part := range parts {
				if ok, _ := path.Match(folder, part); ok && (!only || i < len(parts)-1) {
					return true
				}
			}
			return false
		})
	}, nil
}
