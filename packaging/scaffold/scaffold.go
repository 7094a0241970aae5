// Package scaffold makes charts whose workflows are plain files: new ones, and
// ones out of folders of workflows or of charts full of escapes.
//
// It makes files of files, and writes them only where there are none.
package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	k8syaml "sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/charts"
)

// A File is one file of a chart; Name is its path in the chart, with slashes.
type File struct {
	Name string
	Data []byte
}

// Options say what a new chart is. Name is required.
type Options struct {
	// Name is that of the chart and of its first workflow.
	Name string
	// Recipients are who can read the secrets of an environment, as age writes
	// them. An environment without any gets a line to fill in.
	Recipients map[string][]string
	// Beside are the environments, in the order of promotion, of a repository that
	// has charts/ and environments/ at its top. The chart becomes one more there,
	// with its values beside it; who can read secrets is said there already.
	Beside []string
}

// Environments returns the names of the environments of a new chart, in the
// order of promotion.
func Environments() []string { return []string{"dev", "qa", "prod"} }

//go:embed all:chart
var chartFS embed.FS

// New returns the files of a new chart, sorted by name. With Beside, their names
// are paths in the repository.
func New(o Options) ([]File, error) {
	if err := CheckName(o.Name); err != nil {
		return nil, err
	}
	if len(o.Beside) > 0 && len(o.Recipients) > 0 {
		return nil, errors.New("who can read secrets is said in the .sops.yaml of the repository, so there is nothing to do with recipients")
	}
	sops, err := sopsConfig(o.Recipients)
	if err != nil {
		return nil, err
	}
	version, err := libraryVersion()
	if err != nil {
		return nil, err
	}
	files := []File{{".sops.yaml", sops}}
	fill := strings.NewReplacer("__NAME__", o.Name, "__LIBRARY__", version)
	err = each(chartFS, "chart", func(name string, data []byte) {
		files = append(files, File{fill.Replace(name), []byte(fill.Replace(string(data)))})
	})
	if err != nil {
		return nil, err
	}
	if files, err = vendor(files); err != nil || len(o.Beside) == 0 {
		return files, err
	}
	return beside(o, files), nil
}

// beside makes of a chart with environments one more chart of a repository, whose
// environments lie beside its charts. The last environment runs the schedule.
func beside(o Options, files []File) []File {
	var all []File
	for _, f := range files {
		switch top, _, _ := strings.Cut(f.Name, "/"); top {
		case "environments", ".sops.yaml", ".pre-commit-config.yaml", "README.md":
		default:
			all = append(all, File{"charts/" + o.Name + "/" + f.Name, f.Data})
		}
	}
	for i, name := range o.Beside {
		text := fmt.Sprintf("workflows:\n  %s:\n    suspend: %t\n", o.Name, i < len(o.Beside)-1)
		all = append(all, File{"environments/" + name + "/" + o.Name + "/values.yaml", []byte(text)})
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// vendor adds the library chart, and sorts.
func vendor(files []File) ([]File, error) {
	err := each(charts.FS, "workflows", func(name string, data []byte) {
		files = append(files, File{"charts/workflows/" + name, data})
	})
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, err
}

// libraryVersion is the version of the library chart that we bring along.
func libraryVersion() (string, error) {
	b, err := charts.FS.ReadFile("workflows/Chart.yaml")
	if err != nil {
		return "", fmt.Errorf("read library chart: %w", err)
	}
	var chart struct{ Version string }
	if err := yaml.Unmarshal(b, &chart); err != nil {
		return "", fmt.Errorf("read library chart: %w", err)
	}
	return chart.Version, nil
}

// each calls do with every file below top, by its path below top.
func each(from fs.FS, top string, do func(name string, data []byte)) error {
	return fs.WalkDir(from, top, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, p)
		if err == nil {
			do(strings.TrimPrefix(p, top+"/"), data)
		}
		return err
	})
}

var (
	goodName = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)
	badRunes = regexp.MustCompile(`[^a-z0-9]+`)
)

// longestName is what Argo allows a CronWorkflow, as it appends a time to it.
const longestName = 52

// CheckName says what is wrong with the name of a chart, which is also that of
// workflows.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("the name of the chart is empty")
	case !goodName.MatchString(name):
		hint := ""
		if near := strings.Trim(badRunes.ReplaceAllString(strings.ToLower(name), "-"), "-0123456789"); goodName.MatchString(near) && len(near) <= longestName {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return fmt.Errorf("name %q is more than lower case letters, digits and dashes, from letter to letter or digit%s", name, hint)
	case len(name) > longestName:
		return fmt.Errorf("name %q has %d characters; a CronWorkflow may have %d", name, len(name), longestName)
	case !isText(name):
		return fmt.Errorf("name %q is no text in YAML; take another", name)
	case name == "workflows" || name == "global":
		return fmt.Errorf("name %q has a meaning in the values of the chart; take another", name)
	}
	return nil
}

// isText reports whether Helm reads a bare word as text: no is false to it.
func isText(word string) bool {
	var v any
	err := k8syaml.Unmarshal([]byte(word), &v)
	return err == nil && v == word
}

// Write writes files below dir, which is made if need be. When one of them is
// there already, or cannot be written, none is.
func Write(dir string, files []File) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	defer root.Close()
	for _, f := range files {
		if _, err := root.Lstat(f.Name); !errors.Is(err, fs.ErrNotExist) {
			if err == nil {
				err = fs.ErrExist
			}
			return fmt.Errorf("write %s: %w; nothing was written", path.Join(dir, f.Name), err)
		}
	}
	for i, f := range files {
		if err := write(root, f); err != nil {
			for _, done := range files[:i] {
				root.Remove(done.Name) // the first error counts
			}
			return fmt.Errorf("write %s: %w", path.Join(dir, f.Name), err)
		}
	}
	return nil
}

func write(root *os.Root, f File) error {
	if err := root.MkdirAll(path.Dir(f.Name), 0o755); err != nil {
		return err
	}
	out, err := root.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = out.Write(f.Data)
	if err := errors.Join(err, out.Close()); err != nil {
		root.Remove(f.Name) // half a file is none
		return err
	}
	return nil
}
