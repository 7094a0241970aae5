package manifest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	yamlv2 "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

func parse(text string) []*manifest.Document {
	return manifest.Parse(source.NewFile("test.yaml", []byte(text)))
}

// fatal returns the problem that leaves a document without Root.
func fatal(d *manifest.Document) *manifest.Problem {
	for i, p := range d.Problems {
		if p.Kind != manifest.DuplicateKey {
			return &d.Problems[i]
		}
	}
	return nil
}

// plain turns a tree into what encoding/json makes of the same value.
func plain(n *manifest.Node) any {
	switch {
	case n == nil || n.Kind == manifest.Null:
		return nil
	case n.Kind == manifest.Bool:
		return n.Value == "true"
	case n.Kind == manifest.Int, n.Kind == manifest.Float:
		return json.Number(n.Value)
	case n.Kind == manifest.String:
		return n.Value
	case n.Kind == manifest.List:
		l := []any{}
		for _, c := range n.Children {
			l = append(l, plain(c))
		}
		return l
	}
	m := map[string]any{}
	for _, c := range n.Children {
		m[c.Key.Value] = plain(c)
	}
	return m
}

// reference returns what sigs.k8s.io/yaml makes of the first document of text.
func reference(text string) (any, error) {
	j, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	return decode(j)
}

func decode(j []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(j))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

// streamError returns what is wrong with any of the documents of text.
// sigs.k8s.io/yaml itself stops reading after the first.
func streamError(text string) error {
	d := yamlv2.NewDecoder(strings.NewReader(text))
	for {
		var v any
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// corpus returns the known-good manifests next to the repository, if they are there.
func corpus(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	root := filepath.Join("..", "..", "..", "shared", "corpus")
	_ = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = string(b)
		return nil
	})
	return files
}

// checkTree verifies what every tree promises.
func checkTree(t *testing.T, n, parent *manifest.Node) {
	t.Helper()
	if n == nil {
		return
	}
	if n.Parent != parent {
		t.Fatalf("%s has another parent", n.Path())
	}
	if n.Start < 0 || n.Start > n.End || n.End > len(n.File.Bytes) {
		t.Fatalf("%s has the span [%d, %d)", n.Path(), n.Start, n.End)
	}
	for i, c := range n.Children {
		if c.Index() != i || (c.Key != nil) != (n.Kind == manifest.Map) {
			t.Fatalf("%s is child %d of %s", c.Path(), i, n.Path())
		}
		if !c.Alias && !n.Alias && (c.Start < n.Start || c.End > n.End) {
			t.Fatalf("%s [%d, %d) is not inside of its parent [%d, %d)", c.Path(), c.Start, c.End, n.Start, n.End)
		}
		if i > 0 && !c.Alias && !n.Children[i-1].Alias && c.Start < n.Children[i-1].End {
			t.Fatalf("%s starts before its sibling ends", c.Path())
		}
		checkTree(t, c, n)
	}
}
