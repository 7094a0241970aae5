package resolve

// A World answers for what was not given to the linter: a cluster. Its answers
// come from memory; it is asked by several goroutines.
type World interface {
	// Library returns the WorkflowTemplate, or with cluster the
	// ClusterWorkflowTemplate, of that name.
	Library(namespace, name string, cluster bool) (*Library, State)
	// Object tells whether there is an object of a kind: Secret, ConfigMap,
	// ServiceAccount, PersistentVolumeClaim. Its keys are not known.
	Object(kind, namespace, name string) State
	// Names returns names of objects of a kind in a namespace, for suggestions.
	Names(kind, namespace string) []string
}
