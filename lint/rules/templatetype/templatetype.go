// Package templatetype finds templates that do nothing, or several things.
package templatetype

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed template-type.txtar
var page string

// Rule is the template-type rule: docs/argo.md D 63 65, M 179.
var Rule = &lint.Rule{Name: "template-type", Severity: lint.Error, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		empty := len(t.Types) == 1 && t.Type.String() == "steps" && len(t.Body.Items()) == 0
		switch {
		case len(t.Types) == 0 && blank(t) != nil:
			n := blank(t)
			cure := fmt.Sprintf("indent what belongs there further than %q", n.Key.Value)
			if n.Key.Value == "suspend" {
				cure = "write suspend: {}"
			}
			pass.Report(lint.Finding{Node: n, Span: n.Key.Span(), Message: fmt.Sprintf(
				"%s does nothing: nothing stands in its %s; %s", t.Title(), n.Key.Value, cure)})
		case len(t.Types) == 0 || empty:
			pass.Reportf(t.Anchor(), "%s does nothing: it needs one of container, script, containerSet, resource, data, http, plugin, suspend, steps, dag", t.Title())
		case len(t.Types) > 1:
			var names []string
			for _, n := range t.Types {
				names = append(names, n.Key.Value)
			}
			last := t.Types[len(t.Types)-1]
			f := lint.Finding{Node: last.Key, Path: last.Path()}
			f.Message = t.Title() + " has " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + ": a template is one of them"
			f.Related = []lint.Related{lint.At(t.Types[0].Key, "the first is here")}
			pass.Report(f)
		}
	}
}

// blank returns the field that would give t its type, had it a value: to Argo a
// field without one is not there. It returns nil if t has no such field.
func blank(t *workflow.Template) *manifest.Node {
	for kind := workflow.TypeContainer; kind <= workflow.TypeDAG; kind++ {
		if n := t.Node.Get(kind.String()); n != nil && !n.Set() && n.Key != nil {
			return n
		}
	}
	return nil
}
