package policies

import (
	"fmt"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/rules"
)

// schemas are the compiled schemas of the parameters of built-in rules by the
// name of the rule.
var schemas = sync.OnceValue(func() map[string]*gojsonschema.Schema {
	all := map[string]*gojsonschema.Schema{}
	for _, r := range rules.All() {
		if r.Parameters == "" {
			continue
		}
		s, err := gojsonschema.NewSchema(gojsonschema.NewStringLoader(r.Parameters))
		if err != nil {
			panic(fmt.Sprintf("parameters of rule %s: %v", r.Name, err)) // ours, and tested
		}
		all[r.Name] = s
	}
	return all
})

// parameters reads the parameters of a built-in rule.
func (r *reader) parameters(n *manifest.Node, rule *lint.Rule) map[string]any {
	s := schemas()[rule.Name]
	if s == nil && n.Kind == manifest.Map && len(n.Children) == 0 {
		return nil
	}
	if s == nil {
		r.reportKey(n, "rule %s takes no parameters: write its enforcement alone", rule.Name)
		return nil
	}
	value := plain(n)
	result, err := s.Validate(gojsonschema.NewGoLoader(value))
	if err != nil {
		r.report(n, "the parameters of rule %s cannot be checked: %s", rule.Name, err)
		return nil
	}
	for _, e := range result.Errors() {
		at := locate(n, e.Context())
		if child := at.Get(detail(e, "property")); child != nil && e.Type() == "additional_property_not_allowed" {
			r.reportKey(child, "%s", misfit(e, at, rule))
			continue
		}
		r.report(at, "%s", misfit(e, at, rule))
	}
	if m, ok := value.(map[string]any); ok && len(m) > 0 {
		return m
	}
	return nil
}

// locate returns the node below n that an error is about.
func locate(n *manifest.Node, c *gojsonschema.JsonContext) *manifest.Node {
	const separator = "\x00"
	for _, step := range strings.Split(c.String(separator), separator)[1:] {
		next := n.Get(step)
		for _, item := range n.Items() {
			if fmt.Sprint(item.Index()) == step {
				next = item
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

func detail(e gojsonschema.ResultError, name string) string {
	if v, ok := e.Details()[name]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

// misfit words an error in what our own schemas ask for.
func misfit(e gojsonschema.ResultError, at *manifest.Node, rule *lint.Rule) string {
	what := "an item"
	switch {
	case at.Key != nil:
		what = at.Key.Value
	case at.Parent != nil && at.Parent.Key != nil:
		what = "an item of " + at.Parent.Key.Value
	}
	switch e.Type() {
	case "additional_property_not_allowed":
		have := parameterNames(rule)
		key := detail(e, "property")
		return fmt.Sprintf("rule %s has no parameter %q%s; it has %s", rule.Name, short(key), near.Hint(key, have), strings.Join(have, ", "))
	case "required":
		return fmt.Sprintf("rule %s needs the parameter %q", rule.Name, detail(e, "property"))
	case "invalid_type":
		return fmt.Sprintf("%s must be %s, not %s", what, typeName(detail(e, "expected")), aKind(at))
	case "enum":
		allowed := strings.Split(strings.ReplaceAll(detail(e, "allowed"), `"`, ""), ", ")
		return fmt.Sprintf("%s %q is none of %s%s", what, short(at.Text()), strings.Join(allowed, ", "), near.Hint(at.Text(), allowed))
	case "pattern":
		return fmt.Sprintf("%s %q is not as rule %s wants it: %s", what, short(at.Text()), rule.Name, parameterDoc(rule, at))
	case "array_min_items":
		return what + " is empty: list one at least, or leave it out"
	case "unique":
		return what + " has an item twice"
	case "number_gte", "number_gt":
		return fmt.Sprintf("%s must be %s or more, not %s", what, detail(e, "min"), short(written(at)))
	}
	return what + ": " + strings.ToLower(e.Description())
}

func typeName(t string) string {
	switch t {
	case "array":
		return "a list"
	case "integer", "object":
		return "an " + t
	}
	return "a " + t
}
