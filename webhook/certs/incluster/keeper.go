// Package incluster keeps the certificate of the webhook in a Secret, and the
// webhook configurations in accord with it.
//
// Any number of replicas do this at the same time: what one writes is refused
// where another has written since it has read, and then it looks again. A
// configuration is read before the Secret, so that trust is never taken back to
// what it was before.
package incluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tiphys-dev/tiphys/webhook/certs"
)

// Options configure a keeper.
type Options struct {
	Client kubernetes.Interface
	// Namespace and Secret name the Secret.
	Namespace, Secret string
	// Validating and Mutating are the names of webhook configurations. Those
	// that do not exist are not waited for.
	Validating, Mutating []string
	// Names are the DNS names of the service.
	Names     []string
	Lifetimes certs.Lifetimes
	Log       *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// A Keeper holds the certificate to serve.
type Keeper struct {
	Options
	bundle atomic.Pointer[certs.Bundle]
	leaf   atomic.Pointer[tls.Certificate]
}

// New returns a keeper that holds nothing yet.
func New(o Options) *Keeper {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Keeper{Options: o}
}

// Certificate returns the certificate to serve, nil while there is none.
func (k *Keeper) Certificate() *tls.Certificate { return k.leaf.Load() }

// Authority returns when the newest authority expires, zero for none.
func (k *Keeper) Authority() time.Time {
	b := k.bundle.Load()
	if b == nil || len(b.Authorities) == 0 {
		return time.Time{}
	}
	return b.Authorities[len(b.Authorities)-1].Certificate.NotAfter
}

// glance is how often the keeper looks although nothing is to be done: a clock
// may have jumped, and a watch may have missed something.
const glance = time.Minute

// retry is when it looks again after an error.
const retry = 5 * time.Second

// Run keeps Secret and configurations until ctx ends. An API server that is
// away is no reason to stop: what was read last is served.
func (k *Keeper) Run(ctx context.Context) error {
	changed, err := k.watch(ctx)
	if err != nil {
		return fmt.Errorf("watch the certificate: %w", err)
	}
	for {
		next, err := k.Sync(ctx)
		wait := min(max(next.Sub(k.Now()), time.Second), glance)
		if err != nil && ctx.Err() == nil {
			k.Log.Warn("certificate", "error", err.Error())
			wait = retry
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-time.After(wait):
		}
	}
}

// mostSteps bounds what one Sync does, in case that clocks are at odds.
const mostSteps = 20

// Sync does all that is to be done now and returns when there may be more.
func (k *Keeper) Sync(ctx context.Context) (time.Time, error) {
	for range mostSteps {
		again, err := k.step(ctx)
		switch {
		case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), errors.Is(err, errStepped):
			continue // look again: it is not as it was
		case err != nil:
			return time.Time{}, err
		}
		return again, nil
	}
	return k.Now().Add(glance), nil
}

var errStepped = errors.New("a step was taken")

// step reads, publishes and takes one step.
func (k *Keeper) step(ctx context.Context) (time.Time, error) {
	configs, err := k.configurations(ctx)
	if err != nil {
		return time.Time{}, err
	}
	secret, bundle, err := k.read(ctx)
	if err != nil {
		return time.Time{}, err
	}
	k.serve(bundle)
	for _, c := range configs {
		if err := c.publish(ctx, bundle.Trust()); err != nil {
			return time.Time{}, err
		}
	}
	o := certs.Observation{Now: k.Now(), Names: k.Names, Trusted: trusted(configs)}
	s := certs.Plan(bundle, o, k.Lifetimes)
	if s.Action == certs.Wait {
		return s.Again, nil
	}
	next, err := certs.Apply(bundle, s, o, k.Lifetimes)
	if err != nil {
		return time.Time{}, err
	}
	if err := k.write(ctx, secret, next); err != nil {
		return time.Time{}, err
	}
	k.Log.Info("certificate", "step", s.Action.String(), "why", s.Why)
	return time.Time{}, errStepped
}

func (k *Keeper) serve(b *certs.Bundle) {
	k.bundle.Store(b)
	if b.Leaf == nil {
		return // rather the one before than none
	}
	if now := k.leaf.Load(); now == nil || !now.Leaf.Equal(b.Leaf.Certificate) {
		k.leaf.Store(b.TLS())
		k.Log.Info("certificate", "served", b.Leaf.Certificate.SerialNumber.Text(16), "until", b.Leaf.Certificate.NotAfter)
	}
}

// read returns the Secret and what is in it; one that is damaged counts as new.
func (k *Keeper) read(ctx context.Context) (*corev1.Secret, *certs.Bundle, error) {
	s, err := k.Client.CoreV1().Secrets(k.Namespace).Get(ctx, k.Secret, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, &certs.Bundle{}, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the Secret %s/%s: %w", k.Namespace, k.Secret, err)
	}
	b, err := certs.Decode(s.Data)
	if err != nil {
		k.Log.Error("certificate: the Secret is damaged, so there will be a new authority", "error", err.Error())
		b = &certs.Bundle{}
	}
	return s, b, nil
}

func (k *Keeper) write(ctx context.Context, s *corev1.Secret, b *certs.Bundle) error {
	data, err := b.Encode()
	if err != nil {
		return err
	}
	secrets := k.Client.CoreV1().Secrets(k.Namespace)
	if s == nil {
		s = &corev1.Secret{Type: corev1.SecretTypeTLS, Data: data}
		s.Name, s.Labels = k.Secret, map[string]string{"app.kubernetes.io/managed-by": "tiphys-webhook"}
		if _, err := secrets.Create(ctx, s, metav1.CreateOptions{FieldManager: manager}); err != nil {
			return fmt.Errorf("create the Secret %s/%s: %w", k.Namespace, k.Secret, err)
		}
		return nil
	}
	s = s.DeepCopy()
	s.Data = data
	if _, err := secrets.Update(ctx, s, metav1.UpdateOptions{FieldManager: manager}); err != nil {
		return fmt.Errorf("write the Secret %s/%s: %w", k.Namespace, k.Secret, err)
	}
	return nil
}

const manager = "tiphys-webhook"
