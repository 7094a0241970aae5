package mutate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
)

// Annotation is the annotation that says what policies have written into an
// object: "production: spec.ttlStrategy, spec.podGC; team: metadata.labels.team".
const Annotation = "policy.tiphys.dev/defaults"

// longest bounds the annotation; what it leaves out is counted.
const longest = 1024

// A record is what one annotation says.
type record struct {
	entries []entry
	more    int
}

type entry struct{ policy, path string }

// Annotate writes into the annotation of After what policies have written there,
// beside what it says already and still holds. An object into which nothing was
// written keeps the annotation that it has.
func (r *Result) Annotate() error {
	var now record
	for _, f := range r.Done {
		if f.Policy == "" {
			continue
		}
		for _, e := range f.Fix.Edits {
			now.entries = append(now.entries, entry{f.Policy, place(e)})
		}
	}
	if len(now.entries) == 0 {
		return nil
	}
	annotations := r.After.At("metadata", "annotations")
	old := parse(annotations.Get(Annotation).Text())
	now.more = old.more
	old.entries = slices.DeleteFunc(old.entries, func(e entry) bool { return r.After.Find(e.path) == nil })
	now.entries = append(now.entries, old.entries...)
	slices.SortFunc(now.entries, func(a, b entry) int { return cmp.Or(cmp.Compare(a.policy, b.policy), cmp.Compare(a.path, b.path)) })
	now.entries = slices.Compact(now.entries)

	// After is a tree of our own, which nobody else has seen yet.
	n, way := r.After, []string{"metadata", "annotations", Annotation}
	for n.Get(way[0]).Set() && len(way) > 1 {
		n, way = n.Get(way[0]), way[1:]
	}
	if n.Kind != manifest.Map {
		return fmt.Errorf("annotate what policies wrote: %s is of type %s", n.Path(), n.Kind)
	}
	value := any(now.String())
	for _, key := range slices.Backward(way[1:]) {
		value = map[string]any{key: value}
	}
	put(n, way[0], patch.Node(value))
	return nil
}

// put sets a field of a map.
func put(n *manifest.Node, key string, value *manifest.Node) {
	if old := n.Get(key); old != nil {
		value.Key = old.Key
		n.Children[old.Index()] = value
	} else {
		value.Key = &manifest.Node{Kind: manifest.String, Value: key}
		n.Children = append(n.Children, value)
	}
	n.SetChildren(n.Children)
}

// place is the path of the field that an edit sets: below what it makes, as far
// as there is one field only.
func place(e lint.Edit) string {
	path := e.Node.Path()
	if e.Key != "" {
		path += manifest.Field(path == "", e.Key)
	}
	for v := e.Value; ; {
		m, ok := v.(map[string]any)
		if !ok || len(m) != 1 {
			return path
		}
		for k, below := range m {
			path, v = path+manifest.Field(path == "", k), below
		}
	}
}

// String writes as many of the entries as there is room for.
func (r record) String() string {
	var b strings.Builder
	more := r.more
	policy := ""
	for i, e := range r.entries {
		s := ", " + e.path
		if e.policy != policy {
			s = e.policy + ": " + e.path
			if b.Len() > 0 {
				s = "; " + s
			}
		}
		if b.Len()+len(s) > longest-len("; and 1000000 more") {
			more += len(r.entries) - i
			break
		}
		b.WriteString(s)
		policy = e.policy
	}
	if more > 0 {
		fmt.Fprintf(&b, "; and %d more", more)
	}
	return b.String()
}

// parse reads an annotation. What it does not understand is not there: the
// annotation may have been written by anybody.
func parse(s string) record {
	var r record
	s = s[:min(len(s), longest)]
	for part := range strings.SplitSeq(s, "; ") {
		if n, ok := strings.CutPrefix(part, "and "); ok {
			if n, ok = strings.CutSuffix(n, " more"); ok {
				r.more, _ = strconv.Atoi(n)
				r.more = min(max(r.more, 0), 1_000_000)
				continue
			}
		}
		policy, paths, ok := strings.Cut(part, ": ")
		if !ok {
			continue
		}
		for path := range strings.SplitSeq(paths, ", ") {
			r.entries = append(r.entries, entry{policy, path})
		}
	}
	return r
}
