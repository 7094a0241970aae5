// Package pin writes which package an environment is to run into a git
// repository: environments/<env>/<chart>/pin.yaml, for Argo CD or Flux to apply.
//
// The digest says what is pinned, the rest where to find it: a branch that pins
// the digest is not written to again. Every step may be cut off and done again:
// a commit is there when it is pushed, a push names the commit that it builds
// on, and a pull request is looked for before one is opened.
package pin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/near"
)

// FileName is what a pin is called.
const FileName = "pin.yaml"

// folder has the environments.
const folder = "environments"

// mostPin bounds a pin, in bytes.
const mostPin = 16 << 10

// comment is the first line of a pin.
const comment = "# The package that this environment is to run: written by tiphys promote, or by its controller.\n"

// A Pin says which package an environment is to run. In YAML it is flat, so
// that generators can read it.
type Pin struct {
	// Digest of the package, and Chart and Version of its chart.
	Digest  string `json:"digest"`
	Chart   string `json:"chart"`
	Version string `json:"version"`
	// Source and Revision are where the package is found: a URL, and a commit,
	// the digest of a manifest, or a version.
	Source   string `json:"source,omitempty"`
	Revision string `json:"revision,omitempty"`
	// Candidate is its name in the cluster, if a controller promotes it.
	Candidate string `json:"candidate,omitempty"`
}

// A field of a pin, in the order of the file.
type field struct {
	name   string
	value  *string
	needed bool
}

func (p *Pin) fields() []field {
	return []field{
		{"digest", &p.Digest, true}, {"chart", &p.Chart, true}, {"version", &p.Version, true},
		{"source", &p.Source, false}, {"revision", &p.Revision, false}, {"candidate", &p.Candidate, false},
	}
}

var (
	environmentName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

	digestText = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	// versionText is as packages have it.
	versionText = regexp.MustCompile(`^v?[0-9][0-9A-Za-z.+-]{0,127}$`)
)

// Place returns the path of the pin of a chart in an environment, relative to
// what has environments/, with slashes.
func Place(env, chart string) (string, error) {
	if !environmentName.MatchString(env) {
		return "", fmt.Errorf("%q cannot be the name of an environment", env)
	}
	if !chartName(chart) {
		return "", fmt.Errorf("%q cannot be the name of a chart", chart)
	}
	return path.Join(folder, env, chart, FileName), nil
}

func chartName(name string) bool {
	_, _, ok := names.Subdomain(strings.ToLower(name))
	return ok
}

// Read returns the pin of a chart in an environment; dir has environments/. It
// is nil when there is none. No link is followed out of dir.
func Read(dir, env, chart string) (*Pin, error) {
	name, err := Place(env, chart)
	if err != nil {
		return nil, fmt.Errorf("read pin: %w", err)
	}
	shown := filepath.Join(dir, filepath.FromSlash(name))
	f, err := os.OpenInRoot(dir, filepath.FromSlash(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read pin: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read pin: %s is no regular file", shown)
	}
	text, err := io.ReadAll(io.LimitReader(f, mostPin+1))
	if err != nil {
		return nil, fmt.Errorf("read pin: %w", err)
	}
	p, err := parse(text, chart)
	if err != nil {
		return nil, fmt.Errorf("read pin: %s: %w", shown, err)
	}
	return p, nil
}

// parse reads the text of the pin of a chart.
func parse(text []byte, chart string) (*Pin, error) {
	if len(text) > mostPin {
		return nil, fmt.Errorf("it has more than %d KiB, and a pin has a few lines", mostPin>>10)
	}
	data, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n", " "), "yaml: "))
	}
	var has map[string]any
	if err := json.Unmarshal(data, &has); err != nil || has == nil {
		return nil, errors.New("a pin is a map with the keys digest, chart and version")
	}
	p := &Pin{}
	var known []string
	for _, f := range p.fields() {
		known = append(known, f.name)
		v, ok := has[f.name]
		if !ok || v == nil {
			continue
		}
		if *f.value, ok = v.(string); !ok {
			return nil, fmt.Errorf("%s must be text: put it in quotes", f.name)
		}
	}
	for key := range has {
		if !slices.Contains(known, key) {
			return nil, fmt.Errorf("unknown key %q%s; the keys are %s", key, near.Hint(key, known), strings.Join(known, ", "))
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.Chart != chart {
		return nil, fmt.Errorf("it is of chart %q, and lies in the folder of %q", p.Chart, chart)
	}
	return p, nil
}

// check tells what is wrong with a pin.
func (p *Pin) check() error {
	for _, f := range p.fields() {
		switch v := *f.value; {
		case v == "" && f.needed:
			return fmt.Errorf("%s is missing", f.name)
		case len(v) > 2048:
			return fmt.Errorf("%s has more than 2048 bytes", f.name)
		case strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsPrint(r) }):
			return fmt.Errorf("%s has a character that cannot be printed", f.name)
		}
	}
	switch {
	case !digestText.MatchString(p.Digest):
		return fmt.Errorf("digest %q is no digest of a package: it is sha256: and 64 hexadecimal digits", p.Digest)
	case !chartName(p.Chart):
		return fmt.Errorf("%q cannot be the name of a chart", p.Chart)
	case !versionText.MatchString(p.Version):
		return fmt.Errorf("%q cannot be the version of a chart", p.Version)
	}
	if u, err := url.Parse(p.Source); err == nil && u.User != nil {
		if _, secret := u.User.Password(); secret || u.Scheme != "ssh" {
			return errors.New("source holds credentials, which everybody could read in the repository")
		}
	}
	return nil
}

// Text returns the one form that the file of a pin has.
func (p *Pin) Text() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("write pin: %w", err)
	}
	var b bytes.Buffer
	b.WriteString(comment)
	for _, f := range p.fields() {
		if *f.value == "" {
			continue
		}
		b.WriteString(f.name + ": ")
		e := json.NewEncoder(&b) // quotes what YAML would take for a number
		e.SetEscapeHTML(false)
		if err := e.Encode(*f.value); err != nil {
			return nil, fmt.Errorf("write pin: %w", err)
		}
	}
	return b.Bytes(), nil
}

// Write writes the pin of an environment, and tells the name of the file. The
// file appears when it is complete; no link is followed out of dir.
func (p *Pin) Write(dir, env string) (string, error) {
	text, err := p.Text()
	if err != nil {
		return "", err
	}
	name, err := Place(env, p.Chart)
	if err != nil {
		return "", fmt.Errorf("write pin: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", fmt.Errorf("write pin: %w", err)
	}
	defer root.Close()
	name = filepath.FromSlash(name)
	part := filepath.Join(filepath.Dir(name), "."+FileName+".part")
	if err := root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return "", fmt.Errorf("write pin: %w", err)
	}
	if err := root.WriteFile(part, text, 0o666); err != nil {
		return "", fmt.Errorf("write pin: %w", err)
	}
	if err := root.Rename(part, name); err != nil {
		return "", errors.Join(fmt.Errorf("write pin: %w", err), root.Remove(part))
	}
	return filepath.Join(dir, name), nil
}
