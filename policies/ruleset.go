package policies

import (
	"regexp"
	"sync"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/rules"
)

// builtins are the built-in rules by name.
var builtins = sync.OnceValue(func() map[string]*lint.Rule {
	all := map[string]*lint.Rule{}
	for _, r := range rules.All() {
		all[r.Name] = r
	}
	return all
})

func builtin(name string) *lint.Rule { return builtins()[name] }

func ruleNames() []string {
	var all []string
	for _, r := range rules.All() {
		all = append(all, r.Name)
	}
	return all
}

// rules reads what a policy says of built-in rules.
func (r *reader) rules(n *manifest.Node) {
	if n.Kind != manifest.Map {
		r.wrongType(n, "rules", "an object of rules and what becomes of what they find")
		return
	}
	r.policy.Rules = make(map[string]lint.Setting, len(n.Children))
	for _, c := range n.Children {
		name := c.Key.Value
		rule := builtin(name)
		if rule == nil {
			r.reportKey(c, "%q is no built-in rule%s (tiphys rules lists them)", short(name), near.Hint(name, ruleNames()))
			continue
		}
		if !c.Set() {
			r.reportKey(c, "nothing is said of rule %s: write deny, warn, audit or off", name)
			continue
		}
		s := lint.Setting{Policy: r.policy.Name, Severity: lint.Error}
		if c.Kind != manifest.Map {
			s.Severity = r.enforcement(c)
			r.policy.Rules[name] = s
			continue
		}
		r.fields(c, "the setting of a rule", []field{
			{name: "enforcement", read: func(n *manifest.Node) { s.Severity = r.enforcement(n) }},
			{name: "parameters", read: func(n *manifest.Node) { s.Parameters = r.parameters(n, rule) }},
		})
		r.policy.Rules[name] = s
	}
}

// enforcements are what may become of a finding, from the strictest to nothing.
var enforcements = []string{"deny", "warn", "audit", "off"}

// Enforcement is the word for a severity in a policy.
func Enforcement(s lint.Severity) string { return enforcements[lint.Error-s] }

// enforcement reads deny, warn, audit or off; without quotes, off is false.
func (r *reader) enforcement(n *manifest.Node) lint.Severity {
	if n.Kind == manifest.Bool && n.Value == "false" {
		return lint.Off
	}
	for i, word := range enforcements {
		if n.Kind == manifest.String && n.Value == word {
			return lint.Error - lint.Severity(i)
		}
	}
	switch s, err := lint.ParseSeverity(n.Text()); {
	case n.Kind == manifest.String && err == nil:
		r.report(n, "enforcement %q is a severity; write %s", n.Value, Enforcement(s))
	case n.Scalar():
		r.report(n, "enforcement %q is none of deny, warn, audit, off%s", short(written(n)), near.Hint(n.Value, enforcements))
	default:
		r.report(n, "an enforcement must be one of deny, warn, audit, off, not %s", aKind(n))
	}
	return lint.Off
}

var kebab = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// modules reads rules written in Rego; they are compiled when all is read.
func (r *reader) modules(n *manifest.Node) {
	seen := map[string]*manifest.Node{}
	r.list(n, "modules", func(n *manifest.Node) {
		m := &Module{Node: n, Setting: lint.Setting{Policy: r.policy.Name, Severity: lint.Error}}
		r.fields(n, "a module", []field{
			{name: "name", required: true, read: func(n *manifest.Node) { m.Name = r.moduleName(n, seen) }},
			{name: "title", read: func(n *manifest.Node) { m.Title = r.text(n, "title") }},
			{name: "enforcement", read: func(n *manifest.Node) {
				if n.Kind == manifest.Bool && n.Value == "false" { // the schema of the API wants a string here
					r.report(n, "%s without quotes is the boolean false; write \"off\"", written(n))
					return
				}
				m.Severity = r.enforcement(n)
			}},
			{name: "parameters", read: func(n *manifest.Node) {
				if n.Kind != manifest.Map {
					r.wrongType(n, "parameters", "an object")
					return
				}
				m.Parameters, _ = plain(n).(map[string]any)
			}},
			{name: "rego", required: true, read: func(n *manifest.Node) { m.Rego = r.text(n, "rego") }},
		})
		r.policy.Modules = append(r.policy.Modules, m)
	})
}

func (r *reader) moduleName(n *manifest.Node, seen map[string]*manifest.Node) string {
	name := r.text(n, "name")
	switch first := seen[name]; {
	case name == "" || n.Kind != manifest.String:
	case !kebab.MatchString(name):
		r.report(n, "module %q must be named by words in kebab-case, like team-label-missing", short(name))
	case builtin(name) != nil:
		r.report(n, "%q is the name of a built-in rule: give the module another one", name)
	case first != nil:
		r.add(lint.Finding{
			Path: n.Path(), Span: n.Token(), Message: "module " + quote(name) + " stands here twice: give each a name of its own",
			Related: []lint.Related{lint.At(first, "the first one")},
		})
	default:
		seen[name] = n
	}
	return name
}
