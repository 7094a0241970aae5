package nameinvalid

import (
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// What an object of a workflow kind may be called, in bytes: its name becomes
// the value of a label, and a CronWorkflow adds a dash and ten digits to it.
const (
	maxName = 63
	maxCron = 52
)

// metadata checks the names of a workflow as an object.
func metadata(pass *lint.Pass, w *workflow.Workflow) {
	check(pass, w.Namespace, "namespace", names.Label)
	if w.Injected("metadata.name") {
		return
	}
	check(pass, w.GenerateName, "generateName", prefix)
	name, most := w.Name, maxName
	if w.Kind == workflow.KindCronWorkflow {
		most = maxCron
	}
	if name == nil || name.Kind != manifest.String || name.Value == "" || strings.Contains(name.Value, "{{") {
		return
	}
	if reason, _, ok := names.Subdomain(name.Value); !ok && len(name.Value) <= most {
		pass.Reportf(name, "name %q %s", name, reason)
		return
	}
	if over := len(name.Value) - most; over > 0 {
		why := "it becomes the value of a label"
		if w.Kind == workflow.KindCronWorkflow {
			why = "11 more are added for each run"
		}
		pass.Reportf(name, "the name of a %s has at most %d characters, because %s: %q is %d too long", w.Kind, most, why, name, over)
	}
}

// prefix checks a generateName, which may end in a dash as no name may: five
// letters are put behind it.
func prefix(s string) (string, int, bool) {
	whole := s
	if strings.HasSuffix(s, "-") && len(s) > 1 {
		whole += "a"
	}
	reason, at, ok := names.Subdomain(whole)
	if !ok && len(s) > 253 {
		return fmt.Sprintf("has %d characters; at most 253 are allowed", len(s)), 253, false
	}
	return reason, at, ok
}

// object checks the names of Argo's other kinds.
func object(pass *lint.Pass) {
	o := pass.Object
	switch o.Get("kind").Text() {
	case workflow.KindSensor, "EventSource", "EventBus", "WorkflowEventBinding":
	default:
		return
	}
	if !strings.HasPrefix(o.Get("apiVersion").Text(), workflow.Group) {
		return
	}
	m := o.Get("metadata")
	check(pass, m.Get("name"), "name", names.Subdomain)
	check(pass, m.Get("generateName"), "generateName", prefix)
	check(pass, m.Get("namespace"), "namespace", names.Label)
}
