package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// named are the terms of objects by name.
type named map[string]*lint.Terms

func (n named) Terms(o *manifest.Node) *lint.Terms { return n[o.At("metadata", "name").Text()] }

// long reports names that are longer than a policy wants, 3 without one.
var long = &lint.Rule{Name: "name-long", Severity: lint.Warning, Object: func(pass *lint.Pass) {
	most := 3
	if m, ok := pass.Parameters["most"].(int); ok {
		most = m
	}
	if name := pass.Object.At("metadata", "name"); len(name.Text()) > most {
		pass.Reportf(name, "%q is longer than %d", name, most)
	}
}}

// library hints at libraries, and reports what is none.
var library = &lint.Rule{Name: "library", Severity: lint.Warning, Object: func(pass *lint.Pass) {
	pass.Report(lint.Finding{Node: pass.Object, Severity: lint.Info, Message: "hint"})
	pass.Reportf(pass.Object, "finding")
}}

// secret reports references to Secrets when all is known.
var secret = &lint.Rule{Name: "secret", Severity: lint.Info, Finish: func(pass *lint.Pass) {
	for _, r := range pass.References() {
		if _, s, _ := pass.Index.Key(r.Kind, r.Namespace, r.Name, ""); s == resolve.Absent {
			pass.ReportReference(&r, lint.Finding{Message: "no " + r.Name}, false)
		}
	}
}}

// module is a rule of a policy with a finding that is a warning at most.
var module = &lint.Rule{Name: "module", Severity: lint.Error, Object: func(pass *lint.Pass) {
	pass.Reportf(pass.Object, "violation")
	pass.Report(lint.Finding{Node: pass.Object, Severity: lint.Warning, Message: "warn"})
}}

type nothing struct{}

func (nothing) Library(string, string, bool) (*resolve.Library, resolve.State) {
	return nil, resolve.Absent
}
func (nothing) Object(string, string, string) resolve.State { return resolve.Absent }
func (nothing) Names(string, string) []string               { return nil }

func TestPolicies(t *testing.T) {
	object := func(name, more string) string {
		return "kind: Workflow\nmetadata: {name: " + name + more + "}\nspec: {volumes: [{name: a, secret: {secretName: s}}]}\n---\n"
	}
	setting := func(s lint.Severity, policy string, most int) lint.Setting {
		out := lint.Setting{Policy: policy, Severity: s}
		if most > 0 {
			out.Parameters = map[string]any{"most": most}
		}
		return out
	}
	rules := func(s ...lint.Setting) map[string][]lint.Setting { return map[string][]lint.Setting{"name-long": s} }
	any := func(string) bool { return true }
	waived := `, annotations: {ignore.tiphys.dev/name-long: "because"}`
	for name, test := range map[string]struct {
		more  string
		terms *lint.Terms
		want  string
	}{
		"without terms a rule is as it is":              {"", nil, "warning name-long , info secret "},
		"a policy sets the severity":                    {"", &lint.Terms{Rules: rules(setting(lint.Error, "p", 0))}, "error name-long p, info secret "},
		"a policy switches a rule off":                  {"", &lint.Terms{Rules: rules(setting(lint.Off, "p", 0))}, "info secret "},
		"a policy gives parameters":                     {"", &lint.Terms{Rules: rules(setting(lint.Error, "p", 99))}, "info secret "},
		"two policies with other parameters both count": {"", &lint.Terms{Rules: rules(setting(lint.Info, "p", 2), setting(lint.Error, "q", 99))}, "info name-long p, info secret "},
		"of two that find the same the strictest speaks": {"", &lint.Terms{Rules: rules(setting(lint.Info, "p", 2), setting(lint.Error, "q", 2))},
			"error name-long q, info secret "},
		"a rule that meets all at once goes by the strictest": {"", &lint.Terms{Rules: map[string][]lint.Setting{
			"name-long": nil, "secret": {setting(lint.Warning, "p", 0), setting(lint.Error, "q", 0)}}}, "error secret q"},
		"such a rule can be off": {"", &lint.Terms{Rules: map[string][]lint.Setting{"secret": {setting(lint.Off, "p", 0)}}}, "warning name-long "},
		"a policy has rules of its own": {"", &lint.Terms{Rules: rules(), Extra: []lint.Extra{{Rule: module, Setting: setting(lint.Error, "p", 0)}}},
			"error module p, warning module p, info secret "},
		"and can make them audit only": {"", &lint.Terms{Rules: rules(), Extra: []lint.Extra{{Rule: module, Setting: setting(lint.Info, "p", 0)}}},
			"info module p, info module p, info secret "},
		"a hint stays a hint": {"", &lint.Terms{Rules: map[string][]lint.Setting{"name-long": nil, "library": {setting(lint.Error, "p", 0)}}},
			"error library p, info library p, info secret "},
		"an annotation does not waive by itself": {waived, nil, "warning name-long claimed, info secret "},
		"it does where the policy lets it":       {waived, &lint.Terms{Waivable: any}, "info secret "},
		"a policy waives": {"", &lint.Terms{Waives: func(f *lint.Finding) bool { return f.Rule == long }},
			"info secret , waived name-long"},
	} {
		t.Run(name, func(t *testing.T) {
			o := lint.Options{Rules: []*lint.Rule{long, secret, library}, Severity: map[string]lint.Severity{"library": lint.Off}, Policies: named{"long-name": test.terms}, World: nothing{}}
			got := lint.Run(o, source.NewFile("in.yaml", []byte(object("long-name", test.more))))
			if diff := cmp.Diff(test.want, told(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// told says what was found in short.
func told(r lint.Result) string {
	var out []string
	for _, f := range r.Findings {
		who := f.Policy
		if f.Claimed {
			who += "claimed"
		}
		out = append(out, fmt.Sprintf("%s %s %s", f.Severity, f.Rule, who))
	}
	for _, f := range r.Waived {
		out = append(out, "waived "+f.Rule.Name)
	}
	return strings.Join(out, ", ")
}
