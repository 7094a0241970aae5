package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// object parses one YAML document into nodes without positions.
func object(t testing.TB, text string) *manifest.Node {
	t.Helper()
	b, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("parse %q: %v", text, err)
	}
	return node(t, b)
}

func node(t testing.TB, b []byte) *manifest.Node {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return value(t, d)
}

func value(t testing.TB, d *json.Decoder) *manifest.Node {
	t.Helper()
	tok, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	n := &manifest.Node{}
	add := func(key, child *manifest.Node) {
		child.Key, child.Parent = key, n
		n.Children = append(n.Children, child)
	}
	switch v := tok.(type) {
	case json.Delim:
		n.Kind = manifest.List
		if v == '{' {
			n.Kind = manifest.Map
		}
		for d.More() {
			var key *manifest.Node
			if v == '{' {
				key = value(t, d)
			}
			add(key, value(t, d))
		}
		if _, err := d.Token(); err != nil {
			t.Fatal(err)
		}
	case bool:
		n.Kind, n.Value = manifest.Bool, fmt.Sprint(v)
	case json.Number:
		n.Kind, n.Value = manifest.Int, v.String()
		if strings.ContainsAny(n.Value, ".eE") {
			n.Kind = manifest.Float
		}
	case string:
		n.Kind, n.Value = manifest.String, v
	}
	return n
}

var separator = regexp.MustCompile(`(?m)^---.*$`)

// documents returns the documents of a YAML file as JSON, but those that do
// not parse.
func documents(b []byte) [][]byte {
	var docs [][]byte
	for _, text := range separator.Split(string(b), -1) {
		js, err := yaml.YAMLToJSON([]byte(text))
		if err == nil && len(js) > 0 && js[0] == '{' {
			docs = append(docs, js)
		}
	}
	return docs
}
