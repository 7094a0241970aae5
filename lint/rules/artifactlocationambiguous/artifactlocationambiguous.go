// Package artifactlocationambiguous finds artifacts that lie in two places.
package artifactlocationambiguous

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed artifact-location-ambiguous.txtar
var page string

// Rule is the artifact-location-ambiguous rule: docs/argo.md C 53, M 189.
var Rule = &lint.Rule{Name: "artifact-location-ambiguous", Severity: lint.Error, Topic: "artifact", Page: page, Run: run}

func run(pass *lint.Pass) {
	for list := range pass.Workflow.Passed() {
		for _, a := range list.Artifacts {
			locations(pass, a.Locations)
			if a.From.Text() != "" && a.FromExpression.Text() != "" {
				f := lint.Finding{Node: a.FromExpression.Key, Path: a.FromExpression.Path()}
				f.Message = `artifact "` + a.Name.Text() + `" of ` + list.Title() + " has both from and fromExpression: keep from"
				f.Related = []lint.Related{lint.At(a.From, "from")}
				if list.Hook != nil {
					f.Severity = lint.Warning // Argo does not look
				}
				pass.Report(f)
			}
		}
	}
	all := pass.Workflow.All
	if d := pass.Workflow.Defaults; d != nil {
		all = append([]*workflow.Template{d}, all...)
	}
	for _, t := range all {
		for _, a := range t.Inputs.Artifacts {
			locations(pass, a.Locations)
		}
		for _, a := range t.Outputs.Artifacts {
			locations(pass, a.Locations)
		}
		locations(pass, places(t.Node.Get("archiveLocation")))
	}
}

// places returns the fields of an archiveLocation that say where.
func places(n *manifest.Node) []*manifest.Node {
	var out []*manifest.Node
	for _, f := range n.Fields() {
		switch f.Key.Value {
		case "s3", "git", "http", "artifactory", "hdfs", "raw", "oss", "gcs", "azure", "plugin":
			if f.Set() {
				out = append(out, f)
			}
		}
	}
	return out
}

func locations(pass *lint.Pass, all []*manifest.Node) {
	if len(all) < 2 {
		return
	}
	second := all[1]
	pass.Report(lint.Finding{
		Node: second.Key, Path: second.Path(),
		Message: "an artifact lies in one place, but this one has " + all[0].Key.Value + " and " + second.Key.Value + ": remove one of them",
		Related: []lint.Related{lint.At(all[0].Key, "the first place")},
	})
}
