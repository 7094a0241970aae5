// Package labelinvalid finds labels and annotations that Kubernetes refuses.
package labelinvalid

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
)

//go:embed label-invalid.txtar
var page string

// Rule is the label-invalid rule. It says what the API server says of an
// object, and of the pods and workflows that the controller makes of it.
var Rule = &lint.Rule{Name: "label-invalid", Severity: lint.Error, Topic: "name", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	check(pass, w.Metadata)
	check(pass, w.Cron.Get("workflowMetadata"))
	check(pass, w.Spec.Get("workflowMetadata"))
	check(pass, w.Spec.Get("podMetadata"))
	if w.Defaults != nil {
		check(pass, w.Defaults.Node.Get("metadata"))
	}
	for _, t := range w.All {
		check(pass, t.Node.Get("metadata"))
	}
}

func check(pass *lint.Pass, metadata *manifest.Node) {
	for _, f := range metadata.Get("labels").Fields() {
		if meant(f) {
			pass.Report(lint.Finding{Node: f.Key, Path: f.Path(), Severity: lint.Warning, Message: fmt.Sprintf("label %q stands where metadata.%s was meant: it is indented too far", f.Key, f.Key)})
			continue
		}
		if key(pass, f, "label") && f.Kind == manifest.String && !strings.Contains(f.Value, "{{") {
			if reason, _, ok := names.LabelValue(f.Value); !ok {
				pass.Reportf(f, "value %q of label %q %s", f, f.Key, reason)
			}
		}
	}
	for _, f := range metadata.Get("labelsFrom").Fields() {
		key(pass, f, "label")
	}
	for _, f := range metadata.Get("annotations").Fields() {
		key(pass, f, "annotation")
	}
}

// meant reports a field of the metadata that slipped into the labels.
func meant(f *manifest.Node) bool {
	slipped := f.Key.Text() == "generateName" || f.Key.Text() == "namespace"
	return slipped && f.Parent.Parent.Get(f.Key.Text()) == nil
}

// key checks the key of a label or annotation and reports whether it is good.
func key(pass *lint.Pass, f *manifest.Node, what string) bool {
	k := f.Key.Text()
	if strings.Contains(k, "{{") {
		return true
	}
	if what == "annotation" {
		k = strings.ToLower(k) // annotations may be prefixed in upper case
	}
	reason, _, ok := names.LabelKey(k)
	if !ok {
		pass.Report(lint.Finding{Node: f.Key, Path: f.Path(), Message: what + " \"" + f.Key.Text() + "\" " + reason})
	}
	return ok
}
