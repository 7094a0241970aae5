package controller

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

// A catalog has the policies of the cluster as they were last seen.
type catalog struct {
	mu      sync.Mutex
	entries map[string]*entry
}

// An entry is one policy. It is not changed once made.
type entry struct {
	name string
	uid  types.UID
	// generation is the one that was last seen.
	generation int64
	// active is the last one that compiled, nil without.
	active *policies.Policy
	// problems are what is wrong with the one last seen.
	problems []lint.Finding
	// object is the one last seen.
	object *manifest.Node
}

// update takes in all policies that there are and returns the entries that are
// new, changed or gone.
func (c *catalog) update(all []unstructured.Unstructured) (changed []*entry, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := make(map[string]*entry, len(all))
	for i := range all {
		u := &all[i]
		was := c.entries[u.GetName()]
		if was != nil && was.uid == u.GetUID() && was.generation == u.GetGeneration() {
			next[was.name] = was
			continue
		}
		e, err := compile(u, was)
		if err != nil {
			return nil, err
		}
		next[e.name] = e
		changed = append(changed, e)
	}
	for name, was := range c.entries {
		if next[name] == nil {
			changed = append(changed, was)
		}
	}
	c.entries = next
	return changed, nil
}

// compile makes an entry of a policy. What was enforced of the same object goes
// on while the object is broken; one of the same name that was deleted and made
// again is another object.
func compile(u *unstructured.Unstructured, was *entry) (*entry, error) {
	e := &entry{name: u.GetName(), uid: u.GetUID(), generation: u.GetGeneration()}
	u = u.DeepCopy()
	u.SetManagedFields(nil)
	unstructured.RemoveNestedField(u.Object, "status")
	text, err := u.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("read policy %s: %w", e.name, err)
	}
	e.object = manifest.ParseJSON(source.NewFile("", text)).Root
	e.active, e.problems = policies.FromObject(e.object)
	if e.active == nil && was != nil && was.uid == e.uid {
		e.active = was.active
	}
	return e, nil
}

// get returns the entry of a policy, or nil.
func (c *catalog) get(name string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[name]
}

// all returns the entries in the order of their names.
func (c *catalog) all() []*entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]*entry, 0, len(c.entries))
	for _, e := range c.entries {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *entry) int { return cmp.Compare(a.name, b.name) })
	return out
}

// compiled reports whether what was last seen is what is enforced.
func (e *entry) compiled() bool { return e.active != nil && len(e.problems) == 0 }

// activeGeneration is the generation that is enforced, 0 for none.
func (e *entry) activeGeneration() int64 {
	if e.active == nil {
		return 0
	}
	return e.active.Generation
}

// mistakes says what is wrong with the policy, the first few of it.
func (e *entry) mistakes() string {
	const most = 3
	text := ""
	for i, f := range e.problems {
		if i == most {
			return text + fmt.Sprintf("; and %d more", len(e.problems)-most)
		}
		if i > 0 {
			text += "; "
		}
		if f.Path != "" {
			text += f.Path + ": "
		}
		text += f.Message
	}
	return text
}
