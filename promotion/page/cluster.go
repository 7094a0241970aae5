package page

import (
	"context"
	"errors"
	"fmt"
	"sync"

	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// A Cluster is a Source, and the word of an API server on who may see what: its
// Authenticate and Authorize are those of Options.
type Cluster struct {
	asks     kubernetes.Interface
	reader   client.Reader
	packages Packages

	mu       sync.Mutex
	watchers map[chan struct{}]bool
}

// Packages fetches the package of a candidate.
type Packages func(ctx context.Context, c *v1alpha1.Candidate) (*bundle.Package, error)

// FromCluster reads promotions and candidates from a cache, which the caller
// runs, and asks the API server by config about tokens and what their users may
// do, with TokenReview and SubjectAccessReview.
func FromCluster(ctx context.Context, config *rest.Config, c cache.Cache, packages Packages) (*Cluster, error) {
	asks, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("reach the API server: %w", err)
	}
	l := &Cluster{asks: asks, reader: c, packages: packages, watchers: map[chan struct{}]bool{}}
	told := toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { l.changed() },
		UpdateFunc: func(any, any) { l.changed() },
		DeleteFunc: func(any) { l.changed() },
	}
	for _, o := range []client.Object{&v1alpha1.Promotion{}, &v1alpha1.Candidate{}} {
		informer, err := c.GetInformer(ctx, o, cache.BlockUntilSynced(false))
		if err != nil {
			return nil, fmt.Errorf("watch promotions: %w", err)
		}
		if _, err := informer.AddEventHandler(told); err != nil {
			return nil, fmt.Errorf("watch promotions: %w", err)
		}
	}
	return l, nil
}

// Promotions are those of the cache: the caller only reads them.
func (l *Cluster) Promotions(ctx context.Context, namespace string) ([]v1alpha1.Promotion, error) {
	var list v1alpha1.PromotionList
	err := l.reader.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy)
	return list.Items, err
}

// Candidates are those of the cache: the caller only reads them.
func (l *Cluster) Candidates(ctx context.Context, namespace string) ([]v1alpha1.Candidate, error) {
	var list v1alpha1.CandidateList
	err := l.reader.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy)
	return list.Items, err
}

// Package fetches the package of a candidate.
func (l *Cluster) Package(ctx context.Context, c *v1alpha1.Candidate) (*bundle.Package, error) {
	if l.packages == nil {
		return nil, errors.New("packages are not kept here")
	}
	return l.packages(ctx, c)
}

// Changed tells of changes in the cache.
func (l *Cluster) Changed() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchers[c] = true
	return c, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watchers, c)
	}
}

func (l *Cluster) changed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.watchers {
		select {
		case c <- struct{}{}:
		default: // it has not taken the last one
		}
	}
}

// Authenticate asks the API server whose token it is.
func (l *Cluster) Authenticate(ctx context.Context, token string) (User, error) {
	review := &authentication.TokenReview{Spec: authentication.TokenReviewSpec{Token: token}}
	review, err := l.asks.AuthenticationV1().TokenReviews().Create(ctx, review, metav1.CreateOptions{})
	switch {
	case err != nil:
		return User{}, fmt.Errorf("ask whose token it is: %w", err)
	case !review.Status.Authenticated || review.Status.User.Username == "":
		return User{}, ErrUnknown
	}
	is := review.Status.User
	u := User{Name: is.Username, UID: is.UID, Groups: is.Groups, Extra: map[string][]string{}}
	for k, v := range is.Extra {
		u.Extra[k] = v
	}
	return u, nil
}

// Authorize asks the API server whether the user may list promotions.
func (l *Cluster) Authorize(ctx context.Context, u User, namespace string) (bool, error) {
	spec := authorization.SubjectAccessReviewSpec{
		User: u.Name, UID: u.UID, Groups: u.Groups, Extra: map[string]authorization.ExtraValue{},
		ResourceAttributes: &authorization.ResourceAttributes{
			Verb: "list", Group: v1alpha1.GroupVersion.Group, Version: v1alpha1.GroupVersion.Version, Resource: "promotions", Namespace: namespace,
		},
	}
	for k, v := range u.Extra {
		spec.Extra[k] = v
	}
	review := &authorization.SubjectAccessReview{Spec: spec}
	review, err := l.asks.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("ask what %s may list: %w", u.Name, err)
	}
	return review.Status.Allowed && !review.Status.Denied, nil
}
