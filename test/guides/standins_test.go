package guides

import (
	"context"
	"io"
	"log"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/tiphys-dev/tiphys/test/chart/pods"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// prepare runs the lines of a setup. Three are not for the shell: they stand in for
// what a machine without nodes, Argo and network lacks.
//
//	as-the-kubelet-would run tiphys         runs the pods that the release has now, one
//	    of the webhook and one of the controller, in place of those that it had before:
//	    the real programs, with the arguments, rights and certificates of the chart
//	as-argo-would finish workflows          has each Workflow succeed at once
//	as-a-registry-would serve               sets $REGISTRY to HOST:PORT of one, without TLS
func (r *reader) prepare(t *testing.T, where, lines string) {
	t.Helper()
	var shell strings.Builder
	flush := func() {
		if out, err := r.session.Strictly(shell.String()); err != nil {
			t.Fatalf("%s: %v\n%s", where, err, out)
		}
		shell.Reset()
	}
	for line := range strings.Lines(lines) {
		switch strings.Join(strings.Fields(line), " ") {
		case "as-the-kubelet-would run tiphys":
			flush()
			r.run(t)
		case "as-argo-would finish workflows":
			flush()
			r.finish(t)
		case "as-a-registry-would serve":
			s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
			t.Cleanup(s.Close)
			shell.WriteString("export REGISTRY=" + strings.TrimPrefix(s.URL, "http://") + "\n")
		default:
			shell.WriteString(line)
		}
	}
	flush()
}

// run runs the pods of the release in namespace tiphys.
func (r *reader) run(t *testing.T) {
	t.Helper()
	release := pods.Release{Kubeconfig: r.api.Kubeconfig, Dir: t.TempDir(), Webhook: testbin.Webhook(t), Controller: testbin.Controller(t)}
	for _, p := range r.pods {
		p.Kill()
	}
	r.pods = nil
	webhook, err := release.StartWebhook(t.Context(), pods.Options{Args: []string{"--drain=0s"}})
	if r.started(t, webhook, err) {
		b, err := pods.NewBalancer("webhook")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		b.Add(webhook)
		if err := release.Route(t.Context(), b.Port()); err != nil {
			t.Fatal(err)
		}
	}
	controller, err := release.StartController(t.Context(), pods.Options{Args: []string{"--allow-local-sources"}})
	r.started(t, controller, err)
	for _, p := range r.pods {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := p.WaitReady(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// started tells whether the release has that pod, and sees to its end.
func (r *reader) started(t *testing.T, p *pods.Pod, err error) bool {
	t.Helper()
	if apierrors.IsNotFound(err) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	r.pods = append(r.pods, p)
	t.Cleanup(func() {
		if slices.Contains(r.pods, p) {
			p.Kill()
		}
		if log := p.Log(); t.Failed() {
			t.Logf("%s said:\n%s", p.Name, strings.Join(log[max(0, len(log)-10):], "\n"))
		}
	})
	return true
}

// finish has each Workflow succeed as soon as it is there.
func (r *reader) finish(t *testing.T) {
	t.Helper()
	objects := dynamic.NewForConfigOrDie(r.api.Config(t)).Resource(schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"})
	w, err := objects.Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	go func() {
		for e := range w.ResultChan() {
			o, ok := e.Object.(*unstructured.Unstructured)
			if !ok {
				continue
			}
			if phase, _, _ := unstructured.NestedString(o.Object, "status", "phase"); phase != "" {
				continue
			}
			o.Object["status"] = map[string]any{"phase": "Succeeded", "finishedAt": time.Now().UTC().Format(time.RFC3339)}
			objects.Namespace(o.GetNamespace()).Update(t.Context(), o, metav1.UpdateOptions{}) // a conflict comes again
		}
	}()
}
