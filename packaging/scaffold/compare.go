package scaffold

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/packaging/render"
)

// Compare renders the source of an import and what became of it, each with its
// own values, and counts the manifests. The differences are empty when both
// mean the same, whatever their order. The error is that of a source that does
// not render by itself, which says nothing about the import.
func (im *Import) Compare(source, dest string, isChart bool) (manifests int, differences []string, err error) {
	var before map[string]int
	if isChart {
		if before, err = rendered(source, im.Name); err != nil {
			return 0, nil, err
		}
	} else if before, err = im.moved(); err != nil {
		return 0, nil, err
	}
	after, err := rendered(dest, im.Name)
	if err != nil {
		return 0, []string{err.Error()}, nil
	}
	for _, text := range slices.Sorted(maps.Keys(before)) {
		manifests += before[text]
		if n := before[text] - after[text]; n > 0 {
			differences = append(differences, "it no longer has "+outline(text))
		}
	}
	for _, text := range slices.Sorted(maps.Keys(after)) {
		if after[text] > before[text] && (isChart || len(im.Moved) > 0) {
			differences = append(differences, "it now has "+outline(text))
		}
	}
	return manifests, differences, nil
}

// moved are the manifests of the files that moved.
func (im *Import) moved() (map[string]int, error) {
	all := map[string]int{}
	for _, f := range im.Files {
		if slices.ContainsFunc(im.Moved, func(m Moved) bool { return m.To == f.Name }) {
			if err := count(all, f.Name, string(f.Data)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func rendered(dir, name string) (map[string]int, error) {
	chart, err := render.Load(dir)
	if err != nil {
		return nil, err
	}
	out, err := chart.Render(nil, render.Options{Name: name})
	if err != nil {
		return nil, err
	}
	all := map[string]int{}
	for _, file := range out.Names() {
		if err := count(all, file, out.Files[file]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

var separator = regexp.MustCompile(`(?m)^(?:---|\.\.\.)(?:[ \t]|\r?$)`)

// count adds the documents of a text, each as the JSON that Kubernetes reads.
func count(all map[string]int, name, text string) error {
	for _, document := range separator.Split(text, -1) {
		b, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if s := string(b); s != "null" {
			all[s]++
		}
	}
	return nil
}

// outline names a manifest without showing what is in it.
func outline(text string) string {
	var m struct {
		Kind     string
		Metadata struct{ Name, GenerateName string }
	}
	if err := yaml.Unmarshal([]byte(text), &m); err != nil || m.Kind == "" {
		return "a document without a kind"
	}
	return fmt.Sprintf("this %s %q", m.Kind, m.Metadata.Name+m.Metadata.GenerateName)
}
