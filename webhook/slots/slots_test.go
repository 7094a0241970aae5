package slots_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/policies/concurrency"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/webhook/slots"
)

// A hall is a namespace with runs, and replicas that give out its slots.
type hall struct {
	namespace string
	runs      dynamic.ResourceInterface
	replicas  []*slots.Slots
	ahead     atomic.Int64 // of the clock of the replicas
}

var limit = &concurrency.Limit{Policy: "few", Max: 3, Per: v1alpha1.PerNamespace, Exceeded: v1alpha1.Reject}

func (h *hall) key() concurrency.Key {
	return concurrency.Key{Policy: "few", Per: v1alpha1.PerNamespace, Namespace: h.namespace, Value: h.namespace}
}

func newHall(t *testing.T, config *rest.Config) *hall {
	t.Helper()
	config = rest.CopyConfig(config)
	config.QPS = -1
	h := &hall{namespace: cluster.NamespaceName()}
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: h.namespace}}
	if _, err := kubernetes.NewForConfigOrDie(config).CoreV1().Namespaces().Create(t.Context(), n, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	h.runs = dynamic.NewForConfigOrDie(config).Resource(schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}).Namespace(h.namespace)
	for range 2 {
		s, err := slots.New(config, h.namespace)
		if err != nil {
			t.Fatal(err)
		}
		s.Now = func() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) }
		h.replicas = append(h.replicas, s)
	}
	return h
}

// admit asks for a slot for a run. Its UID is not known before it is created,
// other than at admission, so here a run that exists goes by another one.
func (h *hall) admit(ctx context.Context, replica int, name string, trial bool) (concurrency.Verdict, error) {
	return h.replicas[replica].Within(ctx).Admit(limit, h.key(), concurrency.Run{UID: "uid-" + name, Name: name, Started: time.Now()}, trial)
}

func TestSlots(t *testing.T) {
	config := cluster.Start(t).Config(t)
	t.Run("requests at once, to two replicas", func(t *testing.T) {
		h := newHall(t, config)
		var admitted atomic.Int32
		var all sync.WaitGroup
		for i := range 24 {
			all.Go(func() {
				v, err := h.admit(t.Context(), i%2, fmt.Sprint("run-", i), false)
				if err != nil {
					t.Error(err)
				}
				if v.Allowed {
					admitted.Add(1)
				}
			})
		}
		all.Wait()
		if n := admitted.Load(); n != 3 {
			t.Errorf("%d runs were admitted where 3 may be", n)
		}
	})
	t.Run("runs that exist", func(t *testing.T) {
		h := newHall(t, config)
		for _, name := range []string{"a", "b", "c"} {
			h.create(t, name)
		}
		h.want(t, "d", false, `"a", "b" and "c" are not over`)
		h.finish(t, "b")
		h.want(t, "d", true, "")
		h.want(t, "e", false, `"d"`)
	})
	t.Run("a trial takes no slot", func(t *testing.T) {
		h := newHall(t, config)
		for i := range 5 {
			if v, err := h.admit(t.Context(), 0, fmt.Sprint("trial-", i), true); err != nil || !v.Allowed {
				t.Errorf("trial %d: %+v, %v", i, v, err)
			}
		}
	})
	t.Run("asked again for the same run", func(t *testing.T) {
		h := newHall(t, config)
		for _, name := range []string{"a", "a", "b", "c", "c", "a"} {
			h.want(t, name, true, "")
		}
		h.want(t, "d", false, "not over")
	})
	t.Run("a run that never came to be", func(t *testing.T) {
		h := newHall(t, config)
		for _, name := range []string{"a", "b", "c"} {
			h.want(t, name, true, "")
		}
		h.ahead.Store(int64(slots.Hold - 5*time.Second))
		h.want(t, "d", false, "not over")
		h.ahead.Store(int64(slots.Hold + time.Second))
		h.want(t, "d", true, "")
	})
	t.Run("no time", func(t *testing.T) {
		h := newHall(t, config)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if v, err := h.admit(ctx, 0, "a", false); err == nil || v.Allowed {
			t.Errorf("without time to count, a run is %+v", v)
		}
	})
}

func (h *hall) want(t *testing.T, name string, allowed bool, message string) {
	t.Helper()
	v, err := h.admit(t.Context(), 0, name, false)
	if err != nil {
		t.Fatal(err)
	}
	if v.Allowed != allowed || !strings.Contains(v.Message, message) {
		t.Errorf("run %s: %+v", name, v)
	}
}

func (h *hall) create(t *testing.T, name string) {
	t.Helper()
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": map[string]any{"name": name}}}
	if _, err := h.runs.Create(t.Context(), u, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (h *hall) finish(t *testing.T, name string) {
	t.Helper()
	patch := []byte(`{"metadata":{"labels":{"workflows.argoproj.io/completed":"true"}}}`)
	if _, err := h.runs.Patch(t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}
