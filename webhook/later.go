package webhook

import (
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/resolve"
)

// templateUnknown is the rule about templates that are not there.
const templateUnknown = "template-unknown"

// forgive makes warnings of errors about templates of other objects that are not
// there, unless the object starts at once, or a policy denies them. A chart
// brings a CronWorkflow and its WorkflowTemplate in one go, and Helm the
// CronWorkflow first: what a template is missing for now may be there a moment
// later. An audit tells what stays missing.
func (a *asked) forgive(o lint.Options, findings []lint.Finding) {
	if a.Kind == "Workflow" || o.World == nil {
		return
	}
	var all []*lint.Finding
	for i := range findings {
		if f := &findings[i]; f.Rule.Name == templateUnknown && f.Severity == lint.Error && f.Policy == "" {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return
	}
	o.World = later{o.World}
	l := lint.New(o)
	l.AddDocument(a.document)
	stays := map[string]bool{}
	for _, f := range l.Finish().Findings {
		if f.Rule.Name == templateUnknown {
			stays[f.Path] = true
		}
	}
	for _, f := range all {
		if !stays[f.Path] {
			f.Severity = lint.Warning
		}
	}
}

// later is a world in which templates may still come.
type later struct{ resolve.World }

// Library implements resolve.World.
func (l later) Library(namespace, name string, cluster bool) (*resolve.Library, resolve.State) {
	lib, state := l.World.Library(namespace, name, cluster)
	if state == resolve.Absent {
		state = resolve.Unknown
	}
	return lib, state
}
