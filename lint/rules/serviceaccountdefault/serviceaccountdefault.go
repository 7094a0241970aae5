// Package serviceaccountdefault finds workflows that run as the service account
// that everything else in the namespace runs as.
package serviceaccountdefault

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed service-account-default.txtar
var page string

// Rule is the service-account-default rule. It is a hint, as the controller's
// workflowDefaults may set another.
var Rule = &lint.Rule{Name: "service-account-default", Severity: lint.Info, Topic: "security", Page: page, Run: run}

const why = "which is that of everything else in the namespace, and what one may do all may do; write serviceAccountName with one of its own"

func run(pass *lint.Pass) {
	w := pass.Workflow
	own := w.Spec.Get("serviceAccountName")
	switch {
	case own.Text() == "default":
		pass.Reportf(own, "the workflow runs as service account \"default\", %s", why)
	case own.Set() || w.Ref != nil || w.Injected("spec.serviceAccountName") || w.IsLibrary() && w.Entrypoint == nil:
	default:
		for _, t := range w.All {
			if t.Type.Leaf() && !t.Node.Get("serviceAccountName").Set() && (w.Defaults == nil || !w.Defaults.Node.Get("serviceAccountName").Set()) {
				pass.Reportf(w.Anchor(), "the workflow names no service account, so it runs as \"default\", %s", why)
				return
			}
		}
	}
}
