// Package artifactpathoutside finds paths of artifacts that climb out of their
// directory.
package artifactpathoutside

import (
	_ "embed"
	"path"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed artifact-path-outside.txtar
var page string

// Rule is the artifact-path-outside rule: docs/argo.md E 71, I 150.
var Rule = &lint.Rule{Name: "artifact-path-outside", Severity: lint.Error, Topic: "artifact", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if !t.Type.Leaf() {
			continue
		}
		for _, list := range [][]*workflow.Artifact{t.Inputs.Artifacts, t.Outputs.Artifacts} {
			for _, a := range list {
				if p := a.Path.Text(); climbs(p) {
					how := `leaves its directory with ".."`
					if !strings.Contains(p, "..") {
						how = `holds "//" or "/./" before its end, which Argo takes for ".."`
					}
					pass.Reportf(a.Path, `path %q of artifact %q %s: Argo refuses that; write %q if it is meant`, p, a.Name, how, path.Clean(p))
				}
			}
		}
	}
}

// climbs reports whether a path does not stay below the directory that stands
// before its first "..". The path may go up and come back.
func climbs(p string) bool {
	if strings.Contains(p, "{{") {
		return false
	}
	i := strings.Index(p, "/../")
	if i < 0 {
		i = len(p) - len("/..")
		if i >= 0 && p[i] != '/' { // the dots match any two bytes in Argo
			return false
		}
	}
	if i <= 0 {
		return false
	}
	below, ok := strings.CutPrefix(path.Clean(p), p[:i]+"/")
	return !ok || below == ""
}
