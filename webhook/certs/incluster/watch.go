package incluster

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// watch tells when the Secret or a configuration may have changed. Each is
// watched by its name, so that the role need not allow more.
func (k *Keeper) watch(ctx context.Context) (<-chan struct{}, error) {
	changed := make(chan struct{}, 1)
	tell := func() {
		select {
		case changed <- struct{}{}:
		default: // it will look anyway
		}
	}
	named := func(name string) informers.SharedInformerFactory {
		return informers.NewSharedInformerFactoryWithOptions(k.Client, 0, informers.WithNamespace(k.Namespace),
			informers.WithTweakListOptions(func(o *metav1.ListOptions) {
				o.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
			}))
	}
	add := func(f informers.SharedInformerFactory, i cache.SharedIndexInformer) error {
		_, err := i.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { tell() }, UpdateFunc: func(any, any) { tell() }, DeleteFunc: func(any) { tell() },
		})
		if err != nil {
			return fmt.Errorf("add a handler: %w", err)
		}
		f.StartWithContext(ctx)
		return nil
	}
	f := named(k.Secret)
	if err := add(f, f.Core().V1().Secrets().Informer()); err != nil {
		return nil, err
	}
	for _, name := range k.Validating {
		f := named(name)
		if err := add(f, f.Admissionregistration().V1().ValidatingWebhookConfigurations().Informer()); err != nil {
			return nil, err
		}
	}
	for _, name := range k.Mutating {
		f := named(name)
		if err := add(f, f.Admissionregistration().V1().MutatingWebhookConfigurations().Informer()); err != nil {
			return nil, err
		}
	}
	return changed, nil
}
