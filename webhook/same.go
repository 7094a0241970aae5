package webhook

import (
	"bytes"
	"slices"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// The reasons for which a request is allowed without a look at its object.
const (
	skipOperation   = "operation"   // it neither creates nor updates
	skipSubResource = "subresource" // status, scale
	skipKind        = "kind"        // it is none of ours
	skipUnchanged   = "unchanged"   // the spec stays as it is
	skipStopping    = "stopping"    // the spec changes in nothing but its switches
)

// switches are the fields of a spec by which people stop, suspend and resume
// what is there already. That must always be possible.
var switches = map[string][]string{
	"Workflow":     {"suspend", "shutdown"},
	"CronWorkflow": {"suspend"},
}

// sound reports whether the switches of a spec are such that Argo can read them.
func sound(spec *manifest.Node) bool {
	suspend, shutdown := spec.Get("suspend"), spec.Get("shutdown")
	return (!suspend.Set() || suspend.Kind == manifest.Bool) &&
		(!shutdown.Set() || shutdown.Kind == manifest.String && slices.Contains([]string{"", "Stop", "Terminate"}, shutdown.Value))
}

// skip returns why an object need not be looked at, "" if it must.
func (a *asked) skip(e Endpoint) string {
	ours := a.Group == "argoproj.io" && flows[a.Kind] || a.policy() || a.approval()
	switch {
	case a.Operation != "CREATE" && a.Operation != "UPDATE":
		return skipOperation
	case a.SubResource != "":
		return skipSubResource
	case !ours, e != Validate && a.policy(), e == Runs && a.Kind != "Workflow":
		return skipKind
	case (e == Runs || e == Mutate && a.approval()) && a.Operation != "CREATE":
		return skipOperation
	case a.Operation == "CREATE" || a.old == nil || a.document.Root == nil:
		return ""
	}
	// That an object is being deleted is no reason: with a finalizer it lives on,
	// and Argo runs what its spec has become.
	now, before := a.document.Root.Get("spec"), a.old.Get("spec")
	switch {
	case a.planted(storedSpec) != nil || a.planted(storedTemplates) != nil:
		return ""
	case a.same(now, before):
		return skipUnchanged
	case now != nil && before != nil && a.sameBut(now, before, switches[a.Kind]) && sound(now):
		return skipStopping
	}
	return ""
}

var flows = map[string]bool{"Workflow": true, "WorkflowTemplate": true, "ClusterWorkflowTemplate": true, "CronWorkflow": true, "Sensor": true}

// policy reports whether the request is about a policy.
func (a *asked) policy() bool { return a.Group == "tiphys.dev" && a.Kind == "WorkflowPolicy" }

// same reports whether two values are the same. API servers write both in the
// same order, so that comparing the text is nearly always enough.
func (a *asked) same(x, y *manifest.Node) bool {
	if x == nil || y == nil {
		return x == y
	}
	if body := a.document.File.Bytes; bytes.Equal(body[x.Start:x.End], body[y.Start:y.End]) {
		return true
	}
	if x.Kind != y.Kind || x.Value != y.Value || len(x.Children) != len(y.Children) {
		return false
	}
	switch x.Kind {
	case manifest.List:
		for i := range x.Children {
			if !a.same(x.Children[i], y.Children[i]) {
				return false
			}
		}
	case manifest.Map:
		return a.sameBut(x, y, nil)
	}
	return true
}

// sameBut reports whether two maps are the same but for some fields.
func (a *asked) sameBut(x, y *manifest.Node, but []string) bool {
	if x.Kind != manifest.Map || y.Kind != manifest.Map {
		return false
	}
	fields := make(map[string]*manifest.Node, len(y.Children))
	for _, f := range y.Children {
		fields[f.Key.Value] = f
	}
	for _, key := range but {
		delete(fields, key)
	}
	for _, f := range x.Children {
		if slices.Contains(but, f.Key.Value) {
			continue
		}
		other, ok := fields[f.Key.Value]
		if !ok || !a.same(f, other) {
			return false
		}
		delete(fields, f.Key.Value)
	}
	return len(fields) == 0
}
