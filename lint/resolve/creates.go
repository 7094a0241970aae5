package resolve

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// Creates reports whether a run of the workflow may itself create objects of a
// kind: in the manifest of a resource template, or by a manifest that it does
// not show.
func Creates(w *workflow.Workflow, kind string) bool {
	for _, t := range w.All {
		if t.Type != workflow.TypeResource {
			continue
		}
		switch t.Body.Get("action").Text() {
		case "create", "apply":
			if t.Body.Get("manifestFrom").Set() || strings.Contains(t.Body.Get("manifest").Text(), kind) {
				return true
			}
		}
	}
	return false
}
