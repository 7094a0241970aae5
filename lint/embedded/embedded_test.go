package embedded_test

import (
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint/embedded"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

func scalar(s string) *manifest.Node { return &manifest.Node{Kind: manifest.String, Value: s} }

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		in       string
		kind     manifest.Kind
		problems int
		inserts  bool
	}{
		"a map with tags":               {"a: {{x}}\n{{y}}: '{{=z[\"q\"]}}'", manifest.Map, 0, false},
		"one tag":                       {" {{x}} ", manifest.String, 0, true},
		"two tags on a line":            {"{{x}}{{y}}", manifest.String, 0, false},
		"a tag alone on its line":       {"a:\n  {{x}}\nb: {{y}}", manifest.Map, 0, true},
		"a tag behind a dash":           {"- {{x}}", manifest.List, 0, false},
		"JSON that ends in many braces": {`{"a": {"b": {"c": {{x}}}}}`, manifest.Map, 0, false},
		"only the first document":       {"---\na: 1\n---\nb: [", manifest.Map, 0, false},
		"broken":                        {"a: [", manifest.Null, 1, false},
		"an open tag":                   {"a: '{{x'", manifest.Map, 0, false},
		"nothing":                       {"", manifest.Null, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := embedded.Parse(scalar(c.in))
			kind := manifest.Null
			if got.Root != nil {
				kind = got.Root.Kind
			}
			if kind != c.kind || len(got.Problems) != c.problems || got.Inserts() != c.inserts {
				t.Errorf("Parse(%q): %s, problems %v, inserts %t", c.in, kind, got.Problems, got.Inserts())
			}
		})
	}
}

func TestMessagesQuoteTags(t *testing.T) {
	got := embedded.Parse(scalar("a:\n{{inputs.parameters.lines}}\n"))
	if len(got.Problems) == 0 {
		t.Fatal("no problem")
	}
	if m := got.Problems[0].Message; !strings.Contains(m, `"{{...}}"`) {
		t.Errorf("message %q does not quote the tag", m)
	}
	if !got.Within(3, 4) || got.Within(0, 3) {
		t.Error("the tag is not where it stands")
	}
}
