// Package podgcselectorinvalid finds label selectors of podGC that select
// nothing because they cannot be read.
package podgcselectorinvalid

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
)

//go:embed pod-gc-selector-invalid.txtar
var page string

// Rule is the pod-gc-selector-invalid rule: docs/argo.md B 39.
var Rule = &lint.Rule{Name: "pod-gc-selector-invalid", Severity: lint.Error, Topic: "workflow", Page: page, Run: run}

func run(pass *lint.Pass) {
	s := pass.Workflow.Spec.At("podGC", "labelSelector")
	for _, f := range s.Get("matchLabels").Fields() {
		key(pass, f.Key, f.Path())
		value(pass, f)
	}
	for _, e := range s.Get("matchExpressions").Items() {
		if e.Kind == manifest.Map {
			expression(pass, e)
		}
	}
}

func key(pass *lint.Pass, n *manifest.Node, path string) {
	if strings.Contains(n.Text(), "{{") {
		return
	}
	if reason, _, ok := names.LabelKey(n.Text()); !ok {
		pass.Report(lint.Finding{Node: n, Path: path, Message: fmt.Sprintf("label %q %s", n, reason)})
	}
}

func value(pass *lint.Pass, n *manifest.Node) {
	if n.Kind != manifest.String || strings.Contains(n.Value, "{{") {
		return
	}
	if reason, _, ok := names.LabelValue(n.Value); !ok {
		pass.Reportf(n, "value %q of a label %s", n, reason)
	}
}

// expression checks all but the spelling of the operator, which is for field-value.
func expression(pass *lint.Pass, e *manifest.Node) {
	switch k := e.Get("key"); {
	case !k.Set():
		pass.Reportf(e, "the match expression has no key: it names the label to look at")
	case k.Kind == manifest.String:
		key(pass, k, k.Path())
	}
	values := e.Get("values")
	for _, v := range values.Items() {
		value(pass, v)
	}
	operator := e.Get("operator")
	switch operator.Text() {
	case "In", "NotIn":
		if len(values.Items()) == 0 && (!values.Set() || values.Kind == manifest.List) {
			pass.Reportf(operator, "operator %s needs values to compare with, and there are none", operator)
		}
	case "Exists", "DoesNotExist":
		if len(values.Items()) > 0 {
			pass.Report(lint.Finding{Node: values.Key, Path: values.Path(), Message: fmt.Sprintf("operator %s compares with no values: remove them, or write In or NotIn", operator)})
		}
	case "":
		if !operator.Set() || operator.Kind == manifest.String {
			pass.Reportf(e, "the match expression has no operator: it needs one of In, NotIn, Exists, DoesNotExist")
		}
	}
}
