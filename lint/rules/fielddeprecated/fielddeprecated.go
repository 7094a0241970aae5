// Package fielddeprecated finds fields that will be gone after the next
// upgrade of Argo Workflows.
package fielddeprecated

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/schema"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed field-deprecated.txtar
var page string

// Rule is the field-deprecated rule. The fields and their versions are those
// of lint/schema; onExit of steps and tasks is deprecated in shared/argo/schema.json.
var Rule = &lint.Rule{Name: "field-deprecated", Severity: lint.Warning, Topic: "manifest", Page: page, Object: object, Run: run}

// announced is the version in which Argo said that it will remove fields.
var announced = lint.Version{Major: 3, Minor: 6}

func object(pass *lint.Pass) {
	v := pass.Options.Argo
	if v.Before(announced) || !v.Before(lint.Newest) {
		return // too early, or all that was announced is done
	}
	walk(pass, pass.Object, schema.Of(pass.Object), schema.Version(v))
}

// walk goes down the tree by its types.
func walk(pass *lint.Pass, n *manifest.Node, t *schema.Type, v schema.Version) {
	if n == nil || t == nil {
		return
	}
	switch t.Shape {
	case schema.List:
		for _, c := range n.Items() {
			walk(pass, c, t.Elem(), v)
		}
	case schema.Map:
		for _, c := range n.Fields() {
			walk(pass, c, t.Elem(), v)
		}
	case schema.Embedded:
		if n.Kind == manifest.Map {
			walk(pass, n, schema.Of(n), v)
		}
	case schema.Object:
		for _, c := range n.Fields() {
			if f := t.Field(c.Key.Value); f != nil && f.Has(v) {
				leaving(pass, c, t, f, v)
				walk(pass, c, f.Type(), v)
			}
		}
	}
}

// leaving reports a field that a later version does not have.
func leaving(pass *lint.Pass, n *manifest.Node, t *schema.Type, f *schema.Field, v schema.Version) {
	use := t.Field(f.Use)
	if f.Until == (schema.Version{}) || use == nil || !use.Has(v) {
		return
	}
	msg := fmt.Sprintf("%s is deprecated, and Argo Workflows %d.%d refuses it: use %s", f.Name, f.Until.Major, f.Until.Minor, f.Use)
	found := lint.Finding{Node: n.Key, Path: n.Path()}
	if use.Type().Shape == schema.List && f.Type().Shape != schema.List {
		msg += ", a list"
	}
	found.Message = msg
	pass.Report(found)
}

// run reports what every version has and none recommends.
func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Calls {
			if c.OnExit.Text() != "" {
				onExit(pass, c)
			}
		}
	}
}

func onExit(pass *lint.Pass, c *workflow.Call) {
	f := lint.Finding{Node: c.OnExit.Key, Path: c.OnExit.Path(), Severity: lint.Info}
	f.Message = fmt.Sprintf("onExit of %s is deprecated: use hooks.exit with template %q", c.Title(), c.OnExit)
	if len(c.Hooks) == 0 && c.Node.Get("hooks") == nil {
		hooks := map[string]any{"exit": map[string]any{"template": c.OnExit.Text()}}
		f.Fix = &lint.Fix{Message: "write hooks.exit", Edits: []lint.Edit{{Node: c.OnExit}, {Node: c.Node, Key: "hooks", Value: hooks}}}
	}
	pass.Report(f)
}
