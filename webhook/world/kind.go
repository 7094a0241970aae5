package world

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// Namespace is the kind of namespaces.
const Namespace = "Namespace"

// A kind is one that is watched.
type kind struct {
	name       string
	resource   schema.GroupVersionResource
	namespaced bool
	// signature is set where more than metadata is read, labels where labels are
	// kept.
	signature, labels bool
	// selector leaves out objects by their labels.
	selector string
}

var kinds = []kind{
	argo(workflow.KindWorkflowTemplate, "workflowtemplates", kind{namespaced: true, signature: true}),
	argo(workflow.KindClusterWorkflowTemplate, "clusterworkflowtemplates", kind{signature: true}),
	argo(workflow.KindWorkflow, "workflows", kind{namespaced: true, labels: true, selector: "workflows.argoproj.io/completed!=true"}),
	core(Namespace, "namespaces", kind{labels: true}),
	core("ConfigMap", "configmaps", kind{namespaced: true}),
	core("Secret", "secrets", kind{namespaced: true}),
	core("ServiceAccount", "serviceaccounts", kind{namespaced: true}),
	core("PersistentVolumeClaim", "persistentvolumeclaims", kind{namespaced: true}),
}

func argo(name, plural string, k kind) kind {
	k.name, k.resource = name, schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: plural}
	return k
}

func core(name, plural string, k kind) kind {
	k.name, k.resource = name, schema.GroupVersionResource{Version: "v1", Resource: plural}
	return k
}
