// Package objectduplicate finds libraries that are given twice.
package objectduplicate

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed object-duplicate.txtar
var page string

// Rule is the object-duplicate rule: docs/argo.md A 12.
var Rule = &lint.Rule{Name: "object-duplicate", Severity: lint.Error, Topic: "manifest", Page: page, Finish: finish}

func finish(pass *lint.Pass) {
	first := map[lint.Object]*resolve.Entry{}
	for _, e := range pass.Index.Entries() {
		if e.Library == nil || e.Name == "" || strings.Contains(e.Name+e.Namespace, "{{") {
			continue
		}
		id := lint.Object{Kind: e.Kind, Namespace: e.Namespace, Name: e.Name}
		where := ""
		if e.Kind == workflow.KindClusterWorkflowTemplate {
			id.Namespace = ""
		} else if e.Namespace != "" {
			where = fmt.Sprintf(" in namespace %q", e.Namespace)
		}
		before := first[id]
		if before == nil {
			first[id] = e
			continue
		}
		pass.Report(lint.Finding{
			Object: lint.Object{Kind: e.Kind, Namespace: e.Namespace, Name: e.Name}, Path: "metadata.name", Span: e.Span,
			Message: fmt.Sprintf("there is another %s %q%s: the one that is applied last replaces the other", e.Kind, e.Name, where),
			Related: []lint.Related{{Path: "metadata.name", Span: before.Span, Message: "the first is here"}},
		})
	}
}
