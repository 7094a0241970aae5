package release

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

const (
	manager      = "tiphys" // of fields
	releaseLabel = "tiphys.dev/release"

	helmName      = "meta.helm.sh/release-name"
	helmNamespace = "meta.helm.sh/release-namespace"
	helmPolicy    = "helm.sh/resource-policy"
	managedBy     = "app.kubernetes.io/managed-by"
)

// A beside is a Secret that is applied beside the record. Its object is what
// to send: all is in data, nothing in stringData, as the API server does not
// keep apart who owns what in there.
type beside struct {
	namespace, name string
	object          map[string]any
	data            map[string]string // base64
	kind            core.SecretType
	immutable       bool
}

func (b *beside) String() string { return b.namespace + "/" + b.name }

// parseSecrets reads the manifests of Secrets. Messages name keys and never
// show a value.
func parseSecrets(manifests []string, release, namespace string) ([]*beside, error) {
	var all []*beside
	seen := map[string]bool{}
	for _, text := range manifests {
		docs := documents(text)
		if len(docs) != 1 {
			return nil, fmt.Errorf("read secrets: a manifest of one Secret has %d documents", len(docs))
		}
		object := map[string]any{}
		if err := yaml.Unmarshal([]byte(docs[0]), &object); err != nil {
			return nil, refuse("read secrets: a Secret is no YAML") // the reason may quote a value
		}
		b, err := newBeside(object, release, namespace)
		if err != nil {
			return nil, err
		}
		if seen[b.String()] {
			return nil, refuse("Secret %q is there twice in the chart", b)
		}
		seen[b.String()] = true
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b *beside) int { return strings.Compare(a.String(), b.String()) })
	return all, nil
}

func newBeside(object map[string]any, release, namespace string) (*beside, error) {
	meta, _ := object["metadata"].(map[string]any)
	b := &beside{object: object, data: map[string]string{}}
	b.name, _ = meta["name"].(string)
	b.namespace, _ = meta["namespace"].(string)
	if b.namespace == "" {
		b.namespace = namespace
	}
	switch {
	case object["kind"] != "Secret" || object["apiVersion"] != "v1":
		return nil, fmt.Errorf("read secrets: %v of %v is no Secret of v1", object["kind"], object["apiVersion"])
	case b.name == "":
		return nil, refuse("a Secret has no metadata.name")
	}
	kind, _ := object["type"].(string)
	if b.kind = core.SecretType(kind); kind == "" {
		b.kind = core.SecretTypeOpaque
	}
	b.immutable, _ = object["immutable"].(bool)
	if err := b.read("data", func(v string) (string, error) {
		_, err := base64.StdEncoding.DecodeString(v)
		return v, err
	}); err != nil {
		return nil, err
	}
	if err := b.read("stringData", func(v string) (string, error) {
		return base64.StdEncoding.EncodeToString([]byte(v)), nil
	}); err != nil {
		return nil, err
	}
	delete(object, "stringData")
	data := map[string]any{}
	for k, v := range b.data {
		data[k] = v
	}
	object["data"] = data
	return b, b.sign(meta, release, namespace)
}

// read takes the values of one field into data.
func (b *beside) read(field string, encode func(string) (string, error)) error {
	if b.object[field] == nil {
		return nil
	}
	values, ok := b.object[field].(map[string]any)
	if !ok {
		return refuse("Secret %q: %s is no map", b, field)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		text, ok := values[key].(string)
		if !ok && values[key] != nil {
			return refuse("Secret %q: the value of %s.%s is no text: quote it", b, field, key)
		}
		encoded, err := encode(text)
		if err != nil {
			return refuse("Secret %q: the value of %s.%s is not base64: put it into stringData, or through b64enc", b, field, key)
		}
		b.data[key] = encoded
	}
	return nil
}

// sign says whose the Secret is: Helm's words, so that a stock helm may take it
// over and does not delete it, and ours. It is no hook any more.
func (b *beside) sign(meta map[string]any, release, namespace string) error {
	labels, err := texts(meta, "labels")
	if err != nil {
		return refuse("Secret %q: %w", b, err)
	}
	annotations, err := texts(meta, "annotations")
	if err != nil {
		return refuse("Secret %q: %w", b, err)
	}
	maps.DeleteFunc(annotations, func(k string, _ any) bool { return strings.HasPrefix(k, "helm.sh/hook") })
	labels[managedBy], labels[releaseLabel] = "Helm", release
	annotations[helmName], annotations[helmNamespace], annotations[helmPolicy] = release, namespace, "keep"
	meta["namespace"], meta["labels"], meta["annotations"] = b.namespace, labels, annotations
	return nil
}

// texts returns a copy of a map of metadata.
func texts(meta map[string]any, field string) (map[string]any, error) {
	m, ok := meta[field].(map[string]any)
	if !ok && meta[field] != nil {
		return nil, fmt.Errorf("metadata.%s is no map", field)
	}
	for k, v := range m {
		if _, ok := v.(string); !ok {
			return nil, fmt.Errorf("metadata.%s.%s is no text: quote it", field, k)
		}
	}
	if m = maps.Clone(m); m == nil {
		m = map[string]any{}
	}
	return m, nil
}

// belongs says whose a live Secret is.
func belongs(live *core.Secret, release, namespace string) (to string, ok bool) {
	name, space := live.Annotations[helmName], live.Annotations[helmNamespace]
	switch {
	case name == "" && live.Labels[releaseLabel] == "":
		return "it was not made by a release", false
	case name == release && space == namespace && (live.Labels[managedBy] == "Helm" || live.Labels[releaseLabel] == release):
		return "", true
	}
	return fmt.Sprintf("it belongs to release %q in namespace %q", name, space), false
}

// mayApply looks for what would make applying fail half way. It returns the
// Secrets that are there now, and nil for those that are not.
func mayApply(ctx context.Context, set kubernetes.Interface, all []*beside, release, namespace string) ([]*core.Secret, error) {
	was := make([]*core.Secret, len(all))
	for i, b := range all {
		live, err := set.CoreV1().Secrets(b.namespace).Get(ctx, b.name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("look at secret %s: %w", b, err)
		}
		if to, ok := belongs(live, release, namespace); !ok {
			return nil, refuse("Secret %q is there, and not ours to change: %s; give that of the chart another name, or remove it", b, to)
		}
		switch {
		case live.Type != b.kind:
			return nil, refuse("Secret %q is of type %q, and cannot become %q: give it another name, or delete it first", b, live.Type, b.kind)
		case ptr.Deref(live.Immutable, false) && !b.holds(live):
			return nil, refuse("Secret %q is immutable, and its data changed: give it a name that changes with it, or delete it first", b)
		case ptr.Deref(live.Immutable, false) && !b.immutable:
			return nil, refuse("Secret %q is immutable, and cannot be made mutable again: give it another name, or delete it first", b)
		}
		was[i] = live
	}
	return was, nil
}

// holds reports whether a live Secret has the very data of b.
func (b *beside) holds(live *core.Secret) bool {
	if len(live.Data) != len(b.data) {
		return false
	}
	for k, v := range live.Data {
		if want, ok := b.data[k]; !ok || want != base64.StdEncoding.EncodeToString(v) {
			return false
		}
	}
	return true
}

// apply makes the Secret what it should be. was is what is there now.
func (b *beside) apply(ctx context.Context, set kubernetes.Interface, was *core.Secret) (*core.Secret, error) {
	secrets := set.CoreV1().Secrets(b.namespace)
	if stale := b.stale(was); len(stale) > 0 {
		gone := map[string]any{}
		for _, k := range stale {
			gone[k] = nil
		}
		patch, err := json.Marshal(map[string]any{"data": gone, "metadata": map[string]any{"resourceVersion": was.ResourceVersion}})
		if err != nil {
			return nil, err
		}
		if _, err := secrets.Patch(ctx, b.name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager}); err != nil {
			return nil, fmt.Errorf("apply secret %s: %w", b, err)
		}
	}
	text, err := json.Marshal(b.object)
	if err != nil {
		return nil, fmt.Errorf("apply secret %s: %w", b, err)
	}
	now, err := secrets.Patch(ctx, b.name, types.ApplyPatchType, text, metav1.PatchOptions{FieldManager: manager, Force: ptr.To(true)})
	if err != nil {
		return nil, fmt.Errorf("apply secret %s: %w", b, err)
	}
	return now, nil
}

// stale returns the keys of a live Secret that applying would leave behind,
// because another manager owns them: all, when we take the Secret over, and
// later those that a helm wrote. What an operator adds to a Secret of ours
// stays.
func (b *beside) stale(was *core.Secret) []string {
	if was == nil {
		return nil
	}
	takeover := was.Labels[releaseLabel] == ""
	helms := map[string]bool{}
	for _, f := range was.ManagedFields {
		by := strings.ToLower(f.Manager)
		mine := by == manager && f.Operation == metav1.ManagedFieldsOperationUpdate
		if !strings.Contains(by, "helm") && !mine || f.FieldsV1 == nil {
			continue
		}
		var fields struct {
			Data map[string]any `json:"f:data"`
		}
		if json.Unmarshal(f.FieldsV1.GetRawBytes(), &fields) == nil {
			for k := range fields.Data {
				helms[strings.TrimPrefix(k, "f:")] = true
			}
		}
	}
	var keys []string
	for k := range was.Data {
		if _, wanted := b.data[k]; !wanted && (takeover || helms[k]) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// before makes what would be applied to bring back a Secret as it was.
func before(was *core.Secret) *beside {
	b := &beside{namespace: was.Namespace, name: was.Name, data: map[string]string{}, kind: was.Type, immutable: ptr.Deref(was.Immutable, false)}
	data := map[string]any{}
	for k, v := range was.Data {
		b.data[k] = base64.StdEncoding.EncodeToString(v)
		data[k] = b.data[k]
	}
	meta := map[string]any{"name": was.Name, "namespace": was.Namespace}
	if len(was.Labels) > 0 {
		meta["labels"] = was.Labels
	}
	if len(was.Annotations) > 0 {
		meta["annotations"] = was.Annotations
	}
	b.object = map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": string(was.Type), "data": data}
	if was.Immutable != nil {
		b.object["immutable"] = *was.Immutable
	}
	return b
}
