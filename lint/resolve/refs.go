package resolve

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// Refers reports whether a workflow refers to templates of other objects, so
// that it must wait for all files.
func Refers(w *workflow.Workflow) bool { return w.Ref != nil || refers(w.Spec) }

func refers(n *manifest.Node) bool {
	if n == nil {
		return false
	}
	for _, c := range n.Children {
		if c.Kind < manifest.List {
			continue
		}
		if c.Key != nil && c.Key.Value == "templateRef" || refers(c) {
			return true
		}
	}
	return false
}

// kindOf returns the kind of object that a field refers to, or "".
func kindOf(n *manifest.Node) string {
	if n.Key == nil {
		return ""
	}
	switch k := n.Key.Value; {
	case k == "secretKeyRef" || k == "secretRef" || strings.HasSuffix(k, "Secret") || k == "secret":
		return "Secret"
	case k == "configMapKeyRef" || k == "configMapRef" || k == "configMap" || strings.HasSuffix(k, "ConfigMap"):
		return "ConfigMap"
	}
	return ""
}

// Kinds are those of the objects that References returns.
func Kinds() []string {
	return []string{"Secret", "ConfigMap", "ServiceAccount", "PersistentVolumeClaim"}
}

// A Reference is a field that names an object of another kind.
type Reference struct {
	Kind string
	Name *manifest.Node
	// Key is nil where the whole object is meant.
	Key      *manifest.Node
	Optional bool
}

// References returns the objects of Kinds that a tree refers to, in the order of
// the text.
func References(n *manifest.Node) []Reference {
	var out []Reference
	walkReferences(n, &out)
	return out
}

func walkReferences(n *manifest.Node, out *[]Reference) {
	if n == nil {
		return
	}
	for _, c := range n.Children {
		if c.Kind < manifest.List {
			if c.Key != nil && c.Key.Value == "serviceAccountName" {
				*out = append(*out, Reference{Kind: "ServiceAccount", Name: c})
			}
			continue
		}
		if c.Key != nil && c.Key.Value == "persistentVolumeClaim" {
			*out = append(*out, Reference{Kind: "PersistentVolumeClaim", Name: c.Get("claimName")})
			continue
		}
		if c.Key != nil && c.Key.Value == "memoize" {
			continue // Argo makes the ConfigMap of a cache with the first result
		}
		if kind := kindOf(c); kind != "" && c.Kind == manifest.Map {
			r := Reference{Kind: kind, Name: c.Get("name"), Key: c.Get("key"), Optional: c.Get("optional").True()}
			if n := c.Get("secretName"); n.Set() {
				r.Name = n
			}
			*out = append(*out, r)
			for _, item := range c.Get("items").Items() {
				*out = append(*out, Reference{Kind: kind, Name: r.Name, Key: item.Get("key"), Optional: r.Optional})
			}
			continue
		}
		walkReferences(c, out)
	}
}
