package soak

import (
	"context"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// engine stands in for a workflow engine: each run of a team succeeds at once.
func (s *soak) engine() {
	objects := s.as(engine, "system:masters")
	for s.load.Err() == nil {
		s.watchRuns(objects)
		s.wait(200 * time.Millisecond) // the API server is away
	}
}

// watchRuns ends runs until the watch does. It is asked for anew each half
// minute, as one that hangs looks like one where nothing happens.
func (s *soak) watchRuns(objects dynamic.Interface) {
	ctx, cancel := context.WithTimeout(s.load, 30*time.Second)
	defer cancel()
	w, err := objects.Resource(argo("workflows")).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		o, ok := e.Object.(*unstructured.Unstructured)
		if !ok || !strings.HasPrefix(o.GetNamespace(), "team-") || o.GetDeletionTimestamp() != nil {
			continue
		}
		if phase, _, _ := unstructured.NestedString(o.Object, "status", "phase"); phase != "" {
			continue
		}
		o = o.DeepCopy()
		o.Object["status"] = map[string]any{"phase": "Succeeded", "finishedAt": time.Now().UTC().Format(time.RFC3339)}
		o.SetLabels(with(o.GetLabels(), "workflows.argoproj.io/completed", "true"))
		objects.Resource(argo("workflows")).Namespace(o.GetNamespace()).Update(ctx, o, metav1.UpdateOptions{}) // a conflict comes again
	}
}

func with(labels map[string]string, key, value string) map[string]string {
	out := map[string]string{key: value}
	for k, v := range labels {
		if k != key {
			out[k] = v
		}
	}
	return out
}
