// Package slots counts the runs of a cluster and gives out the slots that
// policies limit them to, so that requests at once, also to several replicas,
// never get more than there are.
//
// The runs that exist are listed anew for each request. One that was admitted
// is not in that list until the API server has stored it, so it is written into
// a book first: a ConfigMap for each namespace, in the namespace of the webhook,
// which is replaced only by whoever has read its last version. Of two requests
// at once one has to read again, and finds the other in the book.
//
// What is guaranteed: never more runs than the limit, as long as the API server
// stores what was admitted within Hold, or not at all, and clocks of replicas
// differ by a few seconds at most. What is not: that every slot is used.
// A run that was admitted here and then refused elsewhere, or deleted at once,
// keeps its slot for as long as Hold. And who may change a Workflow may hide it
// from the count, by its labels.
package slots

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/policies/concurrency"
)

// Hold is how long a slot is kept for a run that nobody has seen: an API server
// gives up a request after a minute, and clocks may differ a little.
const Hold = 65 * time.Second

// Slots gives out slots.
type Slots struct {
	// Namespace is where the books are.
	Namespace string
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	books kubernetes.Interface
	runs  metadata.Getter
}

// New returns slots whose books are in a namespace.
func New(config *rest.Config, namespace string) (*Slots, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1 // a request waits for its turn in the book, not here
	books, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	runs, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for metadata: %w", err)
	}
	workflows := schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}
	return &Slots{Namespace: namespace, Now: time.Now, books: books, runs: runs.Resource(workflows)}, nil
}

// Within returns the same slots for one request.
func (s *Slots) Within(ctx context.Context) concurrency.Runs { return &request{s, ctx} }

type request struct {
	*Slots
	ctx context.Context
}

// Admit implements concurrency.Runs.
func (q *request) Admit(l *concurrency.Limit, k concurrency.Key, run concurrency.Run, trial bool) (concurrency.Verdict, error) {
	for {
		v, err := q.try(l, k, run, trial)
		if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			return v, err
		}
		if q.ctx.Err() != nil {
			return v, fmt.Errorf("wait for a turn in the book of runs of namespace %s: %w", k.Namespace, context.Cause(q.ctx))
		}
	}
}

// try reads the book, then the runs, and then writes the book: in this order
// whoever was struck from the book is among the runs.
func (q *request) try(l *concurrency.Limit, k concurrency.Key, run concurrency.Run, trial bool) (concurrency.Verdict, error) {
	b, err := q.open(k.Namespace)
	if err != nil {
		return concurrency.Verdict{}, err
	}
	exist, err := q.list(l, k)
	if err != nil {
		return concurrency.Verdict{}, err
	}
	holders, err := b.holders(k, exist, func(e entry) (bool, error) { return q.over(k.Namespace, e) })
	if err != nil {
		return concurrency.Verdict{}, err
	}
	v := concurrency.Decide(l, k, run, holders)
	if !v.Allowed || trial {
		return v, nil
	}
	b.add(k, run, q.Now())
	return v, q.write(b)
}

// list returns the runs of a key that exist and are not over.
func (q *request) list(l *concurrency.Limit, k concurrency.Key) ([]concurrency.Run, error) {
	var out []concurrency.Run
	o := metav1.ListOptions{LabelSelector: completed + "!=true", Limit: 500}
	for {
		page, err := q.runs.Namespace(k.Namespace).List(q.ctx, o)
		if err != nil {
			return nil, fmt.Errorf("list the runs of %s: %w", k.Title(), err)
		}
		for i := range page.Items {
			m := &page.Items[i]
			if other, ok := l.OfRun(k.Namespace, m.Labels); !ok || other != k {
				continue
			}
			out = append(out, concurrency.Run{UID: string(m.UID), Name: m.Name, Started: m.CreationTimestamp.Time})
		}
		if o.Continue = page.Continue; o.Continue == "" {
			return out, nil
		}
	}
}

// completed is the label that Argo's controller puts on a run that is over.
const completed = "workflows.argoproj.io/completed"

// over reports whether a run that is in the book, but not among those that
// exist and are not over, exists: then it is over.
func (q *request) over(namespace string, e entry) (bool, error) {
	o := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, e.Name).String(), Limit: 1}
	page, err := q.runs.Namespace(namespace).List(q.ctx, o)
	if err != nil {
		return false, fmt.Errorf("look for run %s: %w", e.Name, err)
	}
	for _, m := range page.Items {
		if string(m.UID) == e.UID && m.Labels[completed] == "true" {
			return true, nil
		}
	}
	return false, nil
}
