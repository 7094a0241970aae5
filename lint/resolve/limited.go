package resolve

import (
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// Limited reports whether something holds back runs of a workflow that pile
// up: parallelism, or a mutex or semaphore of its own or of a template.
func Limited(w *workflow.Workflow) bool {
	if w.Spec.Get("parallelism").Set() || synchronized(w.Spec) {
		return true
	}
	for _, t := range w.All {
		if synchronized(t.Node) {
			return true
		}
	}
	return w.Defaults != nil && synchronized(w.Defaults.Node)
}

func synchronized(n *manifest.Node) bool {
	s := n.Get("synchronization")
	return s.Get("mutex").Set() || s.Get("semaphore").Set() || len(s.Get("mutexes").Items()) > 0 || len(s.Get("semaphores").Items()) > 0
}
