package world

import (
	"context"
	"fmt"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// An item is an object on its way from the API server into a store: already
// without all that is not kept, so that the largest list takes no more memory
// than one page of it.
type item struct {
	metav1.PartialObjectMetadata
	record
}

type items struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []*item
}

// DeepCopyObject is not called for lists on their way.
func (l *items) DeepCopyObject() runtime.Object { c := *l; return &c }

// A feed lists and watches one kind.
type feed struct {
	list  func(context.Context, metav1.ListOptions) (*items, error)
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
	slim  func(runtime.Object) (*item, error)
}

// fromMetadata reads metadata only: the API server sends nothing else.
func fromMetadata(r metadata.ResourceInterface, k kind) feed {
	slim := func(o runtime.Object) (*item, error) {
		m, ok := o.(*metav1.PartialObjectMetadata)
		if !ok {
			return nil, fmt.Errorf("%T is not metadata", o)
		}
		i := bare(m)
		if k.labels {
			i.labels = maps.Clone(m.Labels)
		}
		return i, nil
	}
	return feed{
		slim:  slim,
		watch: r.Watch,
		list: func(ctx context.Context, o metav1.ListOptions) (*items, error) {
			page, err := r.List(ctx, o)
			if err != nil {
				return nil, err
			}
			out := &items{ListMeta: page.ListMeta}
			for n := range page.Items {
				i, err := slim(&page.Items[n])
				if err != nil {
					return nil, err
				}
				out.Items = append(out.Items, i)
			}
			return out, nil
		},
	}
}

// fromObjects reads whole objects and keeps their signatures.
func fromObjects(r dynamic.NamespaceableResourceInterface, k kind) feed {
	return feed{
		slim:  func(o runtime.Object) (*item, error) { return signed(o, k) },
		watch: r.Watch,
		list: func(ctx context.Context, o metav1.ListOptions) (*items, error) {
			page, err := r.List(ctx, o)
			if err != nil {
				return nil, err
			}
			out := &items{}
			out.ResourceVersion, out.Continue, out.RemainingItemCount = page.GetResourceVersion(), page.GetContinue(), page.GetRemainingItemCount()
			for n := range page.Items {
				i, err := signed(&page.Items[n], k)
				if err != nil {
					return nil, err
				}
				out.Items = append(out.Items, i)
			}
			return out, nil
		},
	}
}

func signed(o runtime.Object, k kind) (*item, error) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return nil, fmt.Errorf("%T is not an object", o)
	}
	i := bare(u)
	u.SetManagedFields(nil)
	u.SetKind(k.name)
	text, err := u.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", k.name, u.GetName(), err)
	}
	d := manifest.ParseJSON(source.NewFile("", text))
	if flows := workflow.From(d.Root); len(flows) == 1 {
		i.library = resolve.LibraryOf(flows[0])
	}
	return i, nil
}

// bare keeps what a reflector needs of an object.
func bare(o metav1.Object) *item {
	i := &item{}
	i.Namespace, i.Name, i.ResourceVersion = o.GetNamespace(), o.GetName(), o.GetResourceVersion()
	if end := o.GetAnnotations()[metav1.InitialEventsAnnotationKey]; end != "" {
		i.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: end}
	}
	return i
}
