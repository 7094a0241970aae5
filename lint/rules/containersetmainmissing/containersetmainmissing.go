// Package containersetmainmissing finds container sets with inputs or outputs
// that no container can have.
package containersetmainmissing

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed container-set-main-missing.txtar
var page string

// Rule is the container-set-main-missing rule: docs/argo.md F 105.
var Rule = &lint.Rule{Name: "container-set-main-missing", Severity: lint.Error, Topic: "container", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeContainerSet || hasMain(t) {
			continue
		}
		what, words := needs(t)
		if what == nil {
			continue
		}
		list := t.Body.Get("containers")
		if len(list.Items()) == 0 {
			continue // container-set-empty speaks of it
		}
		f := lint.Finding{Node: list, Span: list.Key.Span()}
		f.Message = fmt.Sprintf("the containerSet of %s has %s, which are those of a container named main; name one of its containers main", t.Title(), words)
		f.Related = []lint.Related{{Path: what.Path(), Span: what.Key.Span(), Message: words + " are here"}}
		pass.Report(f)
	}
}

func hasMain(t *workflow.Template) bool {
	for _, c := range t.Containers {
		if c.Role == workflow.Main && c.Name.Text() == "main" {
			return true
		}
	}
	return false
}

// needs returns the list that needs a container named main, and what it is in
// words; nil if there is none.
func needs(t *workflow.Template) (*manifest.Node, string) {
	if n := t.Inputs.Node.Get("artifacts"); len(n.Items()) > 0 {
		return n, "input artifacts"
	}
	if n := t.Outputs.Node.Get("parameters"); len(n.Items()) > 0 {
		return n, "output parameters"
	}
	if n := t.Outputs.Node.Get("artifacts"); len(n.Items()) > 0 {
		return n, "output artifacts"
	}
	return nil, ""
}
