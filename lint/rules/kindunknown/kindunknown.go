// Package kindunknown finds objects that no API server with Argo knows.
package kindunknown

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed kind-unknown.txtar
var page string

// Rule is the kind-unknown rule: docs/argo.md A 13, and, of N,
// apiVersion.
var Rule = &lint.Rule{Name: "kind-unknown", Severity: lint.Error, Topic: "manifest", Page: page, Mends: true, Object: object}

const version = workflow.Group + "v1alpha1"

// flows are the kinds of Argo Workflows and Argo Events, which exist in one
// version only; others are the kinds of Argo's other projects in the group.
var (
	flows = []string{
		workflow.KindWorkflow, workflow.KindWorkflowTemplate, workflow.KindClusterWorkflowTemplate, workflow.KindCronWorkflow,
		"WorkflowEventBinding", "WorkflowTaskSet", "WorkflowTaskResult", "WorkflowArtifactGCTask",
		workflow.KindSensor, "EventSource", "EventBus",
	}
	others = []string{
		"Application", "ApplicationSet", "AppProject", "ArgoCD", "Rollout", "RolloutManager", "Experiment",
		"AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun", "Gateway", "NotificationsConfiguration", "NamespaceManagement",
		"ImageUpdater", "GitOpsService",
	}
)

func object(pass *lint.Pass) {
	check(pass, pass.Object)
	if pass.Object.Get("kind").Text() != workflow.KindSensor {
		return
	}
	for _, t := range pass.Object.At("spec", "triggers").Items() {
		for _, field := range []string{"argoWorkflow", "k8s"} {
			if r := t.At("template", field, "source", "resource"); r != nil && r.Kind == manifest.Map {
				check(pass, r)
			}
		}
	}
}

func check(pass *lint.Pass, o *manifest.Node) {
	kind, api := o.Get("kind"), o.Get("apiVersion")
	if strings.Contains(kind.Text()+api.Text(), "{{") {
		return
	}
	argo := strings.HasPrefix(api.Text(), workflow.Group)
	known := slices.Contains(flows, kind.Text())
	switch {
	case argo && kind.Text() == "" && (!kind.Set() || kind.Kind == manifest.String):
		pass.Reportf(api, "the object has no kind: kind is required, like %s", workflow.KindWorkflow)
	case argo && !known && kind.Scalar() && !slices.Contains(others, kind.Text()):
		if hint, ok := near.Name(kind.Text(), append(slices.Clone(flows), others...)); ok {
			replace(pass, kind, "kind %q does not exist in argoproj.io", hint)
		}
	case known && argo && api.Text() != version:
		replace(pass, api, "apiVersion %q does not exist: Argo's kinds are all of "+version, version)
	case known && !api.Set():
		f := lint.Finding{Node: kind, Severity: lint.Warning, Message: "the " + kind.Text() + " has no apiVersion: argo submits it all the same, but kubectl and the API server refuse it"}
		f.Fix = &lint.Fix{Message: "add apiVersion " + version, Safe: true, Edits: []lint.Edit{{Node: o, Key: "apiVersion", Value: version}}}
		pass.Report(f)
	case known && api.Scalar() && foreign(api.Text()):
		replace(pass, api, "apiVersion %q has no "+kind.Text(), version)
	}
}

// foreign reports whether an apiVersion is a slip of Argo's own, or one of
// Kubernetes itself. Other projects may well have a Workflow too.
func foreign(api string) bool {
	if strings.HasPrefix(api, workflow.Group) {
		return false
	}
	group, _, ok := strings.Cut(api, "/")
	_, slip := near.Name(api, []string{version})
	return slip || group == "argoproj.io" || !ok && strings.HasPrefix(group, "v") || ok && !strings.Contains(group, ".") && group != ""
}

func replace(pass *lint.Pass, n *manifest.Node, format, hint string) {
	pass.Report(lint.Finding{
		Node:    n,
		Message: fmt.Sprintf(format+"; did you mean %q?", n, hint),
		Fix:     &lint.Fix{Message: "write " + hint, Edits: []lint.Edit{{Node: n, Value: hint}}},
	})
}
