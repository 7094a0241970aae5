// Package semaphores keeps the numbers that the semaphores of Argo go by: a key
// for each limit of a policy, in a ConfigMap of each namespace with such runs.
package semaphores

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/policies/concurrency"
)

// ConfigMap is the name of the object in each namespace.
const ConfigMap = concurrency.ConfigMap

// believed is for how long it is believed that a key is as it was written.
const believed = time.Minute

// Semaphores writes keys.
type Semaphores struct {
	client kubernetes.Interface
	now    func() time.Time

	mu    sync.Mutex
	known map[place]written
}

type place struct{ namespace, key string }

type written struct {
	most int
	at   time.Time
}

// New returns what writes keys.
func New(config *rest.Config) (*Semaphores, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return &Semaphores{client: client, now: time.Now}, nil
}

// Ensure has a key say how many runs may hold the semaphore at once.
func (s *Semaphores) Ensure(ctx context.Context, namespace, key string, most int) error {
	p := place{namespace, key}
	if s.believes(p, most) {
		return nil
	}
	if err := s.write(ctx, namespace, key, most); err != nil {
		return fmt.Errorf("write key %s of ConfigMap %s/%s: %w", key, namespace, ConfigMap, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for old, w := range s.known {
		if now.Sub(w.at) >= believed {
			delete(s.known, old)
		}
	}
	if s.known == nil {
		s.known = map[place]written{}
	}
	s.known[p] = written{most, now}
	return nil
}

func (s *Semaphores) believes(p place, most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.known[p]
	return ok && w.most == most && s.now().Sub(w.at) < believed
}

// write changes that one key and no other, whether or not the ConfigMap exists.
// It is made by an apply, with nothing in it: unlike a create, an apply can be
// allowed for one name alone.
func (s *Semaphores) write(ctx context.Context, namespace, key string, most int) error {
	in := s.client.CoreV1().ConfigMaps(namespace)
	patch, err := json.Marshal(map[string]any{"data": map[string]string{key: strconv.Itoa(most)}})
	if err != nil {
		return err
	}
	for {
		_, err := in.Patch(ctx, ConfigMap, types.MergePatchType, patch, metav1.PatchOptions{})
		if !apierrors.IsNotFound(err) {
			return err
		}
		_, err = in.Patch(ctx, ConfigMap, types.ApplyPatchType, empty, metav1.PatchOptions{FieldManager: "tiphys-webhook"})
		if err != nil && !apierrors.IsAlreadyExists(err) && !apierrors.IsConflict(err) {
			return err
		}
	}
}

var empty = []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"` + ConfigMap + `","labels":{"app.kubernetes.io/managed-by":"tiphys"}}}`)
