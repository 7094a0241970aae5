package incluster

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"slices"

	admission "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/webhook/certs"
)

// A configuration is a webhook configuration as it was read.
type configuration struct {
	name    string
	clients []*admission.WebhookClientConfig // of each of its webhooks
	update  func(context.Context) error      // writes it as it is now, unless it has changed
}

// configurations reads those that exist.
func (k *Keeper) configurations(ctx context.Context) ([]*configuration, error) {
	var all []*configuration
	api := k.Client.AdmissionregistrationV1()
	for _, name := range k.Validating {
		o, err := api.ValidatingWebhookConfigurations().Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the webhook configuration %s: %w", name, err)
		}
		c := &configuration{name: name, update: func(ctx context.Context) error {
			_, err := api.ValidatingWebhookConfigurations().Update(ctx, o, metav1.UpdateOptions{FieldManager: manager})
			return err
		}}
		for i := range o.Webhooks {
			c.clients = append(c.clients, &o.Webhooks[i].ClientConfig)
		}
		all = append(all, c)
	}
	for _, name := range k.Mutating {
		o, err := api.MutatingWebhookConfigurations().Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the webhook configuration %s: %w", name, err)
		}
		c := &configuration{name: name, update: func(ctx context.Context) error {
			_, err := api.MutatingWebhookConfigurations().Update(ctx, o, metav1.UpdateOptions{FieldManager: manager})
			return err
		}}
		for i := range o.Webhooks {
			c.clients = append(c.clients, &o.Webhooks[i].ClientConfig)
		}
		all = append(all, c)
	}
	return all, nil
}

// publish has all webhooks of a configuration trust the authorities. Where it
// has been written since it was read, that is a conflict.
func (c *configuration) publish(ctx context.Context, trust []byte) error {
	if len(trust) == 0 {
		return nil
	}
	differs := false
	for _, w := range c.clients {
		if !bytes.Equal(w.CABundle, trust) {
			w.CABundle, differs = trust, true
		}
	}
	if !differs {
		return nil
	}
	if err := c.update(ctx); err != nil {
		return fmt.Errorf("publish the authorities in the webhook configuration %s: %w", c.name, err)
	}
	return nil
}

// trusted tells whether all webhooks of all configurations trust an authority.
// Where there are none, nothing does.
func trusted(all []*configuration) func(*x509.Certificate) bool {
	return func(a *x509.Certificate) bool {
		for _, c := range all {
			for _, w := range c.clients {
				if !slices.ContainsFunc(certs.Certificates(w.CABundle), a.Equal) {
					return false
				}
			}
		}
		return len(all) > 0
	}
}
