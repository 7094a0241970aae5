package gate

import (
	"fmt"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// lint holds while linting finds an error, or with FailOn: warning, an error or
// a warning. What could not be linted holds with the reason for that.
func lint(g *v1alpha1.LintGate, s State) Answer {
	l := s.Lint
	if l == nil {
		a := hold("NotLinted", "it is not linted yet")
		a.Look = LookLint
		return a
	}
	if l.Problem != "" {
		return hold("LintImpossible", "it cannot be linted: "+l.Problem)
	}
	found := many(l.Errors, "error")
	if l.Warnings > 0 {
		found += " and " + many(l.Warnings, "warning")
	}
	bad := l.Errors
	if g.FailOn == "warning" {
		bad += l.Warnings
	}
	a := open("LintPassed", "linting finds "+found)
	if bad > 0 {
		a = hold("LintFindings", "linting finds "+found+"; it opens for a candidate without them, or when a policy allows them")
	}
	a.Evidence = l.First
	return a
}

// many counts things.
func many(n int, of string) string {
	switch n {
	case 0:
		return "no " + of
	case 1:
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
