package slots

import (
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/policies/concurrency"
)

// A book is who has a slot in one namespace and may not be seen yet.
type book struct {
	object  *corev1.ConfigMap // without a version where there is none
	entries []entry
	expired time.Time // entries from before are of no account
}

type entry struct {
	Policy string    `json:"policy"`
	Per    string    `json:"per"`
	Value  string    `json:"value,omitempty"`
	UID    string    `json:"uid"`
	Name   string    `json:"name"`
	At     time.Time `json:"at"`
}

func (e entry) of(k concurrency.Key) bool {
	return e.Policy == k.Policy && e.Per == string(k.Per) && e.Value == k.Value
}

const bookKey = "runs"

func (q *request) open(namespace string) (*book, error) {
	name := "tiphys-runs." + namespace
	b := &book{expired: q.Now().Add(-Hold)}
	var err error
	b.object, err = q.books.CoreV1().ConfigMaps(q.Namespace).Get(q.ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		b.object = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app.kubernetes.io/managed-by": "tiphys"}}}
		return b, nil
	case err != nil:
		return nil, fmt.Errorf("read the book of runs of namespace %s: %w", namespace, err)
	}
	if text := b.object.Data[bookKey]; text != "" {
		if err := json.Unmarshal([]byte(text), &b.entries); err != nil {
			return nil, fmt.Errorf("read the book of runs of namespace %s, ConfigMap %s: %w", namespace, name, err)
		}
	}
	return b, nil
}

// holders returns who holds a slot of a key, and strikes from the book those
// that need not be in it any more.
func (b *book) holders(k concurrency.Key, exist []concurrency.Run, over func(entry) (bool, error)) ([]concurrency.Run, error) {
	out := exist
	seen := map[string]bool{}
	for _, r := range exist {
		seen[r.UID] = true
	}
	var keep []entry
	for _, e := range b.entries {
		if e.At.Before(b.expired) {
			continue
		}
		if !e.of(k) {
			keep = append(keep, e)
			continue
		}
		if seen[e.UID] {
			continue
		}
		done, err := over(e)
		if err != nil {
			return nil, err
		}
		if done {
			continue
		}
		keep = append(keep, e)
		out = append(out, concurrency.Run{UID: e.UID, Name: e.Name, Started: e.At})
	}
	b.entries = keep
	return out, nil
}

// add writes a run in, unless it is there already.
func (b *book) add(k concurrency.Key, run concurrency.Run, now time.Time) {
	for _, e := range b.entries {
		if e.UID == run.UID && e.of(k) {
			return
		}
	}
	b.entries = append(b.entries, entry{k.Policy, string(k.Per), k.Value, run.UID, run.Name, now.UTC()})
}

// write replaces the version of the book that was read.
func (q *request) write(b *book) error {
	text, err := json.Marshal(b.entries)
	if err != nil {
		return err
	}
	b.object.Data = map[string]string{bookKey: string(text)}
	in := q.books.CoreV1().ConfigMaps(q.Namespace)
	if b.object.ResourceVersion == "" {
		_, err = in.Create(q.ctx, b.object, metav1.CreateOptions{})
	} else {
		_, err = in.Update(q.ctx, b.object, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("write the book of runs %s: %w", b.object.Name, err)
	}
	return nil
}
