// Package artifactmodeoutofrange finds file modes that are none, most often
// octal digits that were read as a decimal number.
package artifactmodeoutofrange

import (
	"bytes"
	_ "embed"
	"fmt"
	"strconv"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed artifact-mode-out-of-range.txtar
var page string

// Rule is the artifact-mode-out-of-range rule: docs/argo.md M 187.
var Rule = &lint.Rule{Name: "artifact-mode-out-of-range", Severity: lint.Error, Topic: "artifact", Page: page, Mends: true, Run: run}

// most is the mode rwxrwxrwx.
const most = 0o777

func run(pass *lint.Pass) {
	for list := range pass.Workflow.Passed() {
		check(pass, list.Artifacts)
	}
	for _, t := range pass.Workflow.All {
		check(pass, t.Inputs.Artifacts)
		check(pass, t.Outputs.Artifacts)
	}
}

func check(pass *lint.Pass, all []*workflow.Artifact) {
	for _, a := range all {
		n := a.Node.Get("mode")
		if mode, ok := n.Int(); ok && (mode < 0 || mode > most) {
			report(pass, n)
		}
	}
}

func report(pass *lint.Pass, n *manifest.Node) {
	f := lint.Finding{Node: n}
	octal, err := strconv.ParseInt(n.Value, 8, 64)
	written := bytes.HasPrefix(n.Span().Text(), []byte("0")) // in octal, as YAML has it
	if err == nil && octal >= 0 && octal <= most && !written {
		f.Message = fmt.Sprintf("mode %s is a decimal number, and more than a mode can be: for 0%s write %d", n, n, octal)
		f.Fix = &lint.Fix{Message: fmt.Sprintf("write %d, which is 0%s", octal, n), Safe: true, Edits: []lint.Edit{{Node: n, Value: int(octal)}}}
	} else {
		f.Message = fmt.Sprintf("mode %s is no file mode: it must be from 0 to 511, which is 0777", n)
	}
	pass.Report(f)
}
