// Package parity checks that a finding does not depend on how the object came:
// the same object as YAML with positions and as JSON, as an API server sends
// it, has the same findings at the same paths.
package parity

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// textOnly are the rules that speak of the text and not of the object.
var textOnly = []string{"yaml-syntax", "key-duplicate", "waiver-unused", "waiver-wrong"}

func TestYAMLAndJSON(t *testing.T) {
	pages, err := filepath.Glob("../../lint/rules/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, page := range pages {
		ar, err := txtar.ParseFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ar.Files {
			if filepath.Ext(f.Name) != ".yaml" {
				continue
			}
			for i, d := range manifest.Parse(source.NewFile("x.yaml", f.Data)) {
				if d.Root == nil || len(d.Problems) > 0 || len(d.Comments) > 0 {
					continue
				}
				text := f.Data[d.Start:d.End]
				asJSON := []byte(toJSON(d.Root))
				compared++
				t.Run(fmt.Sprintf("%s/%s/%d", filepath.Base(page), f.Name, i), func(t *testing.T) {
					want := findings(t, "x.yaml", text)
					got := findings(t, "x.json", asJSON)
					if diff := gocmp.Diff(want, got); diff != "" {
						t.Errorf("findings from YAML (-) and JSON (+):\n%s", diff)
					}
				})
			}
		}
	}
	if compared == 0 {
		t.Error("no document was compared")
	}
}

type finding struct{ Rule, Severity, Kind, Name, Path, Message string }

func findings(t *testing.T, name string, text []byte) []finding {
	t.Helper()
	result := lint.Run(lint.Options{Rules: rules.All()}, source.NewFile(name, text))
	for _, err := range result.Failures {
		t.Error(err)
	}
	var out []finding
	for _, f := range result.Findings {
		if !slices.Contains(textOnly, f.Rule.Name) {
			if f.Rule.Name == "field-type" {
				f.Message = "" // it quotes the text as it was written: the yes of a true
			}
			out = append(out, finding{f.Rule.Name, f.Severity.String(), f.Object.Kind, f.Object.Name, f.Path, f.Message})
		}
	}
	slices.SortFunc(out, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	return out
}

// toJSON writes a tree as JSON with its keys in the order of the text.
func toJSON(n *manifest.Node) string {
	var parts []string
	switch n.Kind {
	case manifest.Null:
		return "null"
	case manifest.String:
		return quote(n.Value)
	case manifest.List:
		for _, c := range n.Children {
			parts = append(parts, toJSON(c))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case manifest.Map:
		for _, c := range n.Children {
			parts = append(parts, quote(c.Key.Value)+":"+toJSON(c))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return n.Value
}

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r < ' ':
			b.WriteString("\\u00" + strconv.FormatInt(int64(r)+0x100, 16)[1:])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
