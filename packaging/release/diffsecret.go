package release

import (
	"fmt"
	"slices"

	helm "helm.sh/helm/v3/pkg/release"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// secrets compares the Secrets beside the record with the live ones.
func (d *comparison) secrets() error {
	live, err := mayApply(d.ctx, d.set, d.p.secrets, d.name, d.client.namespace)
	if err != nil {
		return err
	}
	for i, b := range d.p.secrets {
		c := Change{Action: Create, APIVersion: "v1", Kind: "Secret", Namespace: b.namespace, Name: b.name, Beside: true}
		now, err := b.apply(d.ctx, d.dry, live[i])
		var after runtime.Object = &unstructured.Unstructured{Object: b.object}
		if err != nil {
			d.trouble(&c, err)
		} else {
			for _, key := range b.stale(live[i]) { // a dry run removes them no more than it applies
				delete(now.Data, key)
			}
			after = now
		}
		if live[i] == nil {
			c.Before, c.After = d.both(nil, after)
		} else if c.Before, c.After = d.both(live[i], after); c.Before == c.After && err == nil {
			c.Action = Same
		} else {
			c.Action = Update
		}
		d.changes = append(d.changes, c)
		if err := d.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// leavingSecrets tells which Secrets beside the record would be removed.
func (d *comparison) leavingSecrets(record *helm.Release) error {
	v, err := loadInventory(d.ctx, d.set, d.client.namespace, d.name)
	if err != nil {
		return err
	}
	stay := ids(d.p.secrets)
	for _, doc := range documents(record.Manifest) {
		if id, ok := secretIn(doc, record.Namespace); ok {
			stay = append(stay, id)
		}
	}
	for _, t := range v.Secrets {
		if slices.Contains(stay, t.String()) {
			continue
		}
		live, err := d.set.CoreV1().Secrets(t.Namespace).Get(d.ctx, t.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		} else if err != nil {
			return fmt.Errorf("look at secret %s: %w", t, err)
		}
		if live.Labels[releaseLabel] != d.name {
			continue
		}
		c := Change{Action: Delete, APIVersion: "v1", Kind: "Secret", Namespace: t.Namespace, Name: t.Name, Beside: true}
		c.Before, _ = d.both(live, nil)
		d.changes = append(d.changes, c)
	}
	return nil
}

// both writes an object before and after as YAML: without what the cluster
// keeps for itself, and of a Secret the keys only.
func (d *comparison) both(before, after runtime.Object) (string, string) {
	b, a := tidy(before), tidy(after)
	maskSecrets(b, a)
	return d.text(b), d.text(a)
}

func (d *comparison) text(m map[string]any) string {
	if m == nil {
		return ""
	}
	text, err := yaml.Marshal(m)
	if err != nil {
		return fmt.Sprintf("# cannot be shown: %v\n", err)
	}
	return d.p.never.mask(string(text))
}

// tidy returns a copy of an object without noise.
func tidy(object runtime.Object) map[string]any {
	if object == nil {
		return nil
	}
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object.DeepCopyObject())
	if err != nil {
		return map[string]any{"error": "no object"}
	}
	if _, ok := object.(*core.Secret); ok { // typed ones have lost it
		m["apiVersion"], m["kind"] = "v1", "Secret"
	}
	delete(m, "status")
	meta, _ := m["metadata"].(map[string]any)
	for _, field := range []string{"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"} {
		delete(meta, field)
	}
	if notes, ok := meta["annotations"].(map[string]any); ok {
		for _, key := range []string{"kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"} {
			delete(notes, key)
		}
	}
	return m
}

// maskSecrets puts marks for the values of Secrets. That a value changes is
// seen, and nothing else of it.
func maskSecrets(before, after map[string]any) {
	for _, field := range []string{"data", "stringData"} {
		b, a := values(before, field), values(after, field)
		for key, now := range a {
			if old, ok := b[key]; ok && old != now {
				a[key] = "*** (changed)"
			} else {
				a[key] = "***"
			}
		}
		for key := range b {
			b[key] = "***"
		}
	}
}

func values(m map[string]any, field string) map[string]any {
	if m["kind"] != "Secret" {
		return nil
	}
	v, _ := m[field].(map[string]any)
	return v
}
