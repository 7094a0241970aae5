// Package client is what people ask of promotions in a cluster, in their own
// name: what there is, what they decide, and what they change of an environment.
//
// It writes nothing but Approvals, and of a Promotion the one field that is
// asked for: what others keep in it is never sent back to the API server.
package client

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/release"
)

// requestTimeout bounds one request, but for those that watch.
const requestTimeout = time.Minute

// Target is which cluster and namespace. The zero value is what kubectl would use.
type Target = release.Target

// Client talks to one cluster about the promotions of one namespace. It may be
// used by several goroutines.
type Client struct {
	access *release.Access
	kinds  rest.Interface
	others kubernetes.Interface
}

// A View is a promotion with all that belongs to it.
type View struct {
	Promotion v1alpha1.Promotion `json:"promotion"`
	// Candidates are newest first.
	Candidates []v1alpha1.Candidate `json:"candidates"`
	// Approvals are oldest first.
	Approvals []v1alpha1.Approval `json:"approvals"`
}

// Open prepares a client. It asks nothing of the cluster yet.
func Open(t Target) (*Client, error) {
	a, err := release.Reach(t)
	if err != nil {
		return nil, err
	}
	a.Config.QPS, a.Config.Burst = 50, 300
	kinds, err := ours(a.Config)
	if err != nil {
		return nil, err
	}
	others, err := kubernetes.NewForConfig(a.Config)
	if err != nil {
		return nil, fmt.Errorf("prepare to talk to the cluster: %w", err)
	}
	return &Client{access: a, kinds: kinds, others: others}, nil
}

// ours makes a client of our kinds.
func ours(config *rest.Config) (rest.Interface, error) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("know the kinds of promotions: %w", err)
	}
	config = rest.CopyConfig(config)
	config.APIPath, config.GroupVersion = "/apis", &v1alpha1.GroupVersion
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	kinds, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("prepare to talk to the cluster: %w", err)
	}
	return kinds, nil
}

// Namespace is where promotions are looked for.
func (c *Client) Namespace() string { return c.access.Namespace }

// Promotions lists those of the namespace, or of all, by namespace and name.
func (c *Client) Promotions(ctx context.Context, all bool) ([]v1alpha1.Promotion, error) {
	var list v1alpha1.PromotionList
	if err := c.list(ctx, "promotions", all, &list); err != nil {
		return nil, err
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.Promotion) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return list.Items, nil
}

// Promotion returns one of the namespace. For one that is not there, the error
// is ErrNotFound.
func (c *Client) Promotion(ctx context.Context, name string) (*v1alpha1.Promotion, error) {
	p := &v1alpha1.Promotion{}
	err := c.kinds.Get().Namespace(c.access.Namespace).Resource("promotions").Name(name).Timeout(requestTimeout).Do(ctx).Into(p)
	if err != nil {
		return nil, c.missing(ctx, err, name)
	}
	return p, nil
}

// Get returns a promotion with all that belongs to it.
func (c *Client) Get(ctx context.Context, name string) (*View, error) {
	p, err := c.Promotion(ctx, name)
	if err != nil {
		return nil, err
	}
	var candidates v1alpha1.CandidateList
	if err := c.list(ctx, "candidates", false, &candidates); err != nil {
		return nil, err
	}
	var approvals v1alpha1.ApprovalList
	if err := c.list(ctx, "approvals", false, &approvals); err != nil {
		return nil, err
	}
	v := view(p, pointers(candidates.Items), pointers(approvals.Items))
	return &v, nil
}

func (c *Client) list(ctx context.Context, resource string, all bool, into runtime.Object) error {
	namespace := c.access.Namespace
	if all {
		namespace = metav1.NamespaceAll
	}
	err := c.kinds.Get().Namespace(namespace).Resource(resource).Timeout(requestTimeout).Do(ctx).Into(into)
	return c.explain(fmt.Sprintf("list %s", resource), err)
}

func pointers[T any](all []T) []*T {
	to := make([]*T, len(all))
	for i := range all {
		to[i] = &all[i]
	}
	return to
}

// view picks what belongs to a promotion. A candidate that is not complete yet,
// as its package is still being kept, is none.
func view(p *v1alpha1.Promotion, candidates []*v1alpha1.Candidate, approvals []*v1alpha1.Approval) View {
	v := View{Promotion: *p, Candidates: []v1alpha1.Candidate{}, Approvals: []v1alpha1.Approval{}}
	for _, c := range candidates {
		if c.Namespace == p.Namespace && c.Spec.Promotion == p.Name && c.Status.Latest != nil {
			v.Candidates = append(v.Candidates, *c)
		}
	}
	for _, a := range approvals {
		if a.Namespace == p.Namespace && a.Spec.Promotion == p.Name {
			v.Approvals = append(v.Approvals, *a)
		}
	}
	slices.SortFunc(v.Candidates, func(a, b v1alpha1.Candidate) int {
		return cmp.Or(b.Status.Latest.Compare(a.Status.Latest.Time), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(v.Approvals, func(a, b v1alpha1.Approval) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return v
}
