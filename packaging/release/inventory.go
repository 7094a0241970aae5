package release

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

const (
	inventoryType = "tiphys.dev/release.v1"
	inventoryKey  = "inventory"
	// keptMade bounds what is remembered when history has no limit.
	keptMade = 100
)

// An inventory says what a release has beside its record. It is a Secret, so
// that whoever may deploy with Helm may write it too, though it holds no value
// of any. What was ever applied is in it before it is applied, and leaves it
// after it was removed.
type inventory struct {
	Secrets   []tracked `json:"secrets"`
	Revisions []made    `json:"revisions"`

	object *core.Secret // as read; nil when it is to be created
}

// tracked is a Secret beside the record.
type tracked struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Since     int    `json:"since"` // revision
}

func (t tracked) String() string { return t.Namespace + "/" + t.Name }

// made is what is known of a revision beside its record.
type made struct {
	Revision    int       `json:"revision"`
	Digest      string    `json:"digest,omitempty"`
	Environment string    `json:"environment,omitempty"`
	Time        time.Time `json:"time"`
	Secrets     []string  `json:"secrets,omitempty"` // namespace/name
}

func loadInventory(ctx context.Context, set kubernetes.Interface, namespace, name string) (*inventory, error) {
	object, err := set.CoreV1().Secrets(namespace).Get(ctx, prefix+name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return &inventory{}, nil
	} else if err != nil {
		return nil, fmt.Errorf("read inventory: %w", err)
	}
	v := &inventory{object: object}
	if object.Type != inventoryType {
		return nil, refuse("Secret %q in namespace %q has the name of the inventory of release %q, and is something else; rename it", object.Name, namespace, name)
	}
	if err := json.Unmarshal(object.Data[inventoryKey], v); err != nil {
		return nil, refuse("read inventory: Secret %q in namespace %q was changed and cannot be read: %w", object.Name, namespace, err)
	}
	return v, nil
}

// save writes the inventory. Nobody else does so while we hold the lock.
func (v *inventory) save(ctx context.Context, set kubernetes.Interface, namespace, name string) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write inventory: %w", err)
	}
	secrets := set.CoreV1().Secrets(namespace)
	if v.object == nil {
		v.object, err = secrets.Create(ctx, &core.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: prefix + name, Labels: map[string]string{managedBy: "tiphys", releaseLabel: name}},
			Type:       inventoryType, Data: map[string][]byte{inventoryKey: text},
		}, metav1.CreateOptions{FieldManager: manager})
	} else {
		next := v.object.DeepCopy()
		next.Data = map[string][]byte{inventoryKey: text}
		v.object, err = secrets.Update(ctx, next, metav1.UpdateOptions{FieldManager: manager})
	}
	if err != nil {
		return fmt.Errorf("write inventory: %w", err)
	}
	return nil
}

func (v *inventory) remove(ctx context.Context, set kubernetes.Interface, namespace string) error {
	if v.object == nil {
		return nil
	}
	err := set.CoreV1().Secrets(namespace).Delete(ctx, v.object.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &v.object.UID}})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("remove inventory: %w", err)
	}
	return nil
}

// track adds Secrets that are about to be applied.
func (v *inventory) track(all []*beside, revision int) {
	for _, b := range all {
		if !slices.ContainsFunc(v.Secrets, func(t tracked) bool { return t.String() == b.String() }) {
			v.Secrets = append(v.Secrets, tracked{b.namespace, b.name, revision})
		}
	}
	slices.SortFunc(v.Secrets, func(a, b tracked) int { return strings.Compare(a.String(), b.String()) })
}

// note remembers a revision that is about to be made.
func (v *inventory) note(m made, most int) {
	if most <= 0 {
		most = keptMade
	}
	v.Revisions = slices.DeleteFunc(v.Revisions, func(o made) bool { return o.Revision >= m.Revision })
	v.Revisions = append(v.Revisions, m)
	v.Revisions = v.Revisions[max(0, len(v.Revisions)-most):]
}

// at returns what is known of a revision.
func (v *inventory) at(revision int) (made, bool) {
	for _, m := range v.Revisions {
		if m.Revision == revision {
			return m, true
		}
	}
	return made{}, false
}

func (v *inventory) tracks(id string) bool {
	return slices.ContainsFunc(v.Secrets, func(t tracked) bool { return t.String() == id })
}

// remove deletes a tracked Secret, if it is still ours. What it says is why it
// was not.
func (t tracked) remove(ctx context.Context, set kubernetes.Interface, release, namespace string) (why string, err error) {
	secrets := set.CoreV1().Secrets(t.Namespace)
	live, err := secrets.Get(ctx, t.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("remove secret %s: %w", t, err)
	case live.Labels[releaseLabel] != release:
		return fmt.Sprintf("secret %s stays: it has no label %s=%s any more", t, releaseLabel, release), nil
	case live.Annotations[helmName] != release || live.Annotations[helmNamespace] != namespace:
		return fmt.Sprintf("secret %s stays: it belongs to another release now", t), nil
	}
	err = secrets.Delete(ctx, t.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr.To(live.UID), ResourceVersion: ptr.To(live.ResourceVersion)}})
	if err != nil && !apierrors.IsNotFound(err) {
		return "", fmt.Errorf("remove secret %s: %w", t, err)
	}
	return "", nil
}
