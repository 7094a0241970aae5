// Package resourceartifactunknown finds resource templates that take their
// manifest from an artifact that does not come in.
package resourceartifactunknown

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed resource-artifact-unknown.txtar
var page string

// Rule is the resource-artifact-unknown rule: docs/argo.md F 111.
var Rule = &lint.Rule{Name: "resource-artifact-unknown", Severity: lint.Error, Topic: "resource", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		from := t.Body.Get("manifestFrom")
		if t.Type != workflow.TypeResource || from == nil || from.Kind != manifest.Map {
			continue
		}
		name := from.At("artifact", "name")
		switch {
		case name.Text() == "":
			pass.Report(lint.Finding{Node: from, Span: from.Key.Span(), Message: "manifestFrom of " + t.Title() + " names no artifact: it needs artifact.name"})
		case t.Inputs.Artifact(name.Text()) == nil && !strings.Contains(name.Text(), "{{"):
			unknown(pass, t, name)
		}
	}
}

func unknown(pass *lint.Pass, t *workflow.Template, name *manifest.Node) {
	var have []string
	for _, a := range t.Inputs.Artifacts {
		have = append(have, a.Name.Text())
	}
	f := lint.Finding{Node: name}
	f.Message = fmt.Sprintf("manifestFrom takes artifact %q, which is not an input artifact of %s", name, t.Title())
	if !f.Suggest(have) && t.Inputs.Parameter(name.Text()) != nil {
		f.Message += "; it is an input parameter: write manifest: \"{{inputs.parameters." + name.Text() + "}}\""
	}
	pass.Report(f)
}
