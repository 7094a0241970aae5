// Package mutate makes the safe fixes of an object that is still to be admitted:
// the same that the linter would make in its file.
package mutate

import (
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// A Result is what became of an object.
type Result struct {
	// Before is the object, After the same with the fixes made: Before itself
	// where there was nothing to do.
	Before, After *manifest.Node
	// Done are the findings whose fixes are in After.
	Done []lint.Finding
	// Rounds is how often the object was linted.
	Rounds int
}
