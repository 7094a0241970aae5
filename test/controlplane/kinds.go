package main

import (
	"fmt"
	"strings"
)

// A kind is one of Argo's, served with its name and scope and any fields.
type kind struct {
	group, name, plural, short, scope string
}

// kinds are those that Tiphys reads. Their fields are not checked here: that
// is what Tiphys is for.
var kinds = []kind{
	{"argoproj.io", "Workflow", "workflows", "wf", "Namespaced"},
	{"argoproj.io", "WorkflowTemplate", "workflowtemplates", "wftmpl", "Namespaced"},
	{"argoproj.io", "ClusterWorkflowTemplate", "clusterworkflowtemplates", "cwft", "Cluster"},
	{"argoproj.io", "CronWorkflow", "cronworkflows", "cwf", "Namespaced"},
	{"argoproj.io", "WorkflowEventBinding", "workfloweventbindings", "wfeb", "Namespaced"},
	{"argoproj.io", "Sensor", "sensors", "sn", "Namespaced"},
	{"argoproj.io", "EventSource", "eventsources", "es", "Namespaced"},
	{"argoproj.io", "EventBus", "eventbus", "eb", "Namespaced"},
}

func (k kind) definition() string {
	return fmt.Sprintf(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: %[3]s.%[1]s
spec:
  group: %[1]s
  names: {kind: %[2]s, plural: %[3]s, singular: %[4]s, listKind: %[2]sList, shortNames: [%[5]s]}
  scope: %[6]s
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          x-kubernetes-preserve-unknown-fields: true
`, k.group, k.name, k.plural, strings.ToLower(k.name), k.short, k.scope)
}
