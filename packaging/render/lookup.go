package render

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// A Lookup returns a client for objects of a kind, and whether they are in
// namespaces.
type Lookup func(apiVersion, kind string) (client dynamic.NamespaceableResourceInterface, namespaced bool, err error)

// lookups answers the template function lookup, and remembers what it could
// not answer.
type lookups struct {
	inner Lookup
	asked []string
}

func (l *lookups) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	if l.inner != nil {
		return l.inner(apiVersion, kind)
	}
	l.asked = append(l.asked, apiVersion+"/"+kind)
	return nothing{}, true, nil
}

func (l *lookups) unanswered() []string {
	slices.Sort(l.asked)
	return slices.Compact(l.asked)
}

// nothing is a cluster in which nothing is found.
type nothing struct {
	dynamic.NamespaceableResourceInterface
}

func (n nothing) Namespace(string) dynamic.ResourceInterface { return n }

func (nothing) Get(_ context.Context, name string, _ metav1.GetOptions, _ ...string) (*unstructured.Unstructured, error) {
	return nil, apierrors.NewNotFound(schema.GroupResource{}, name)
}

func (nothing) List(context.Context, metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	return nil, apierrors.NewNotFound(schema.GroupResource{}, "")
}
