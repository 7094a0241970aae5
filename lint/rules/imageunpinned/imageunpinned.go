// Package imageunpinned finds container images that are another program every
// other night.
package imageunpinned

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/image"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/pod"
)

var (
	//go:embed image-unpinned.txtar
	page string
	//go:embed parameters.json
	parameters string
)

// Rule is the image-unpinned rule: docs/argo.md N, "images pinned".
var Rule = &lint.Rule{Name: "image-unpinned", Severity: lint.Warning, Topic: "reliability", Page: page, Parameters: parameters, Run: run}

func run(pass *lint.Pass) {
	for n := range pod.Images(pass.Workflow) {
		if n.Kind != manifest.String || n.Value == "" || expr.Tagged(n.Value) {
			continue
		}
		ref, problem := image.Parse(n.Value)
		if problem != nil || ref.Digest != "" {
			continue
		}
		switch {
		case ref.Tag == "":
			pass.Reportf(n, "image %q has no tag, so each run pulls whatever is \"latest\" by then; write the version you tested, %s:VERSION, or a digest", n, n.Value)
		case ref.Tag == "latest", strings.HasPrefix(ref.Tag, "latest-"):
			from := len(n.Value) - len(ref.Tag)
			pass.ReportRange(n, from, len(n.Value), "image %q moves under your feet: %q is another image tomorrow; write the version you tested, %sVERSION, or a digest", n, ref.Tag, n.Value[:from])
		case pass.Flag("digest"):
			pass.Reportf(n, "image %q has no digest, and its tag can be pushed again; write %s@sha256:DIGEST", n, n.Value)
		}
	}
}
