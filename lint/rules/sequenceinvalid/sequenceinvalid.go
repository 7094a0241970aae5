// Package sequenceinvalid finds sequences that Argo cannot count through.
package sequenceinvalid

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed sequence-invalid.txtar
var page string

// Rule is the sequence-invalid rule: docs/argo.md N, "withSequence
// numbers/format".
var Rule = &lint.Rule{Name: "sequence-invalid", Severity: lint.Error, Topic: "loop", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Calls {
			if c.WithSequence != nil && c.WithSequence.Kind == manifest.Map {
				check(pass, c)
			}
		}
	}
}

func check(pass *lint.Pass, c *workflow.Call) {
	s := c.WithSequence
	if !s.Get("count").Set() && !s.Get("end").Set() {
		pass.Report(lint.Finding{Node: s.Key, Path: s.Path(), Message: "withSequence of " + c.Title() + " does not say where it ends: it needs count or end"})
	}
	for _, name := range []string{"start", "end", "count"} {
		n := s.Get(name)
		if !n.Scalar() || strings.Contains(n.Value, "{{") {
			continue
		}
		switch i, err := strconv.Atoi(n.Value); {
		case err != nil:
			pass.Reportf(n, "%s of withSequence must be a whole number, not %q", name, n)
		case name == "count" && i < 0:
			pass.Report(lint.Finding{Node: n, Severity: lint.Warning, Message: fmt.Sprintf("count of withSequence is %d: Argo then counts down from start", i)})
		}
	}
	if f := s.Get("format"); f.Scalar() && f.Value != "" && !strings.Contains(f.Value, "{{") {
		format(pass, f)
	}
}

// longestFormat bounds what is formatted for a try: a verb takes up to a
// megabyte, if it asks for it.
const longestFormat = 64

// format tries the format as Argo uses it, with one number. A bad one does not
// fail: it makes items such as "%!s(int=1)".
func format(pass *lint.Pass, n *manifest.Node) {
	if len(n.Value) > longestFormat {
		return
	}
	out := fmt.Sprintf(n.Value, 1)
	if !strings.Contains(out, "%!") {
		return
	}
	pass.Report(lint.Finding{
		Node: n, Severity: lint.Warning,
		Message: fmt.Sprintf("format %q of withSequence makes %.80q of the number 1: it needs one verb for a number, such as %%d, %%03d or %%x", n, out),
	})
}
