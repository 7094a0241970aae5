// Package defaults writes what policies set into objects where these are silent.
//
// A default never overrules an object. What an object says may stand in several
// places: in the field itself, in templateDefaults, in a podSpecPatch, in the
// spec that a template inherits from, or in the WorkflowTemplate that a run is
// of; a default is written only where all of them are silent, and where it does
// not contradict what they say of something else.
//
// Of two policies that set the same, the one whose name comes first in the
// alphabet counts.
package defaults

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/quantity"
)

// Defaults are the compiled defaults of one policy. They are not changed.
type Defaults struct {
	// Policy names the policy.
	Policy string

	metadata, spec, templates, containers []leaf
}

// A leaf is one value that is written, or not, as a whole.
type leaf struct {
	path   []string // from the object, the spec, the template or the container
	value  any
	policy string
}

func (l *leaf) is(path ...string) bool { return slices.Equal(l.path, path) }

// A Problem is what is wrong with the defaults of a policy.
type Problem struct {
	Node    *manifest.Node
	Message string
}

// merged are the fields whose values are filled up key by key. Any other value
// is one decision, which an object makes itself or leaves to the policy: the
// parts of a ttlStrategy or of an affinity only mean something together.
var merged = map[string]bool{
	"metadata": true, "podMetadata": true, "workflowMetadata": true, "labels": true, "annotations": true,
	"resources": true, "podResources": true, "limits": true, "requests": true,
	"securityContext": true,
}

// refused are fields that are no defaults, with what to do instead.
var refused = map[string]map[string]string{
	"spec": {
		"templates": "say it in templates or containers", "templateDefaults": "say it in templates or containers",
		"podMetadata": "say it in podMetadata, beside spec", "workflowTemplateRef": runs, "entrypoint": runs, "onExit": runs, "arguments": runs, "hooks": runs,
		"podSpecPatch": overrules,
	},
	"templates": {
		"name": runs, "inputs": runs, "outputs": runs, "steps": runs, "dag": runs, "suspend": runs, "http": runs, "plugin": runs, "resource": runs, "data": runs,
		"container": inContainers, "script": inContainers, "containerSet": inContainers, "initContainers": inContainers, "sidecars": inContainers,
		"parallelism": "a template that runs a pod has none", "failFast": "a template that runs a pod has none",
		"podSpecPatch": overrules, "daemon": runs, "memoize": runs,
	},
	"containers": {"name": runs, "image": runs, "command": runs, "args": runs, "restartPolicy": runs},
}

const (
	runs         = "that is what a workflow runs, and its author's to say"
	overrules    = "a patch overrules what templates and containers say"
	inContainers = "say it in containers, which is for every container"
)

// Compile reads spec.defaults of a policy, which may be nil. That it is of the
// right types has been checked; what is not is passed over. A policy with
// problems should not be used.
func Compile(policy string, n *manifest.Node) (*Defaults, []Problem) {
	c := compiler{policy: policy}
	d := &Defaults{Policy: policy}
	for _, part := range n.Fields() {
		switch part.Key.Value {
		case "metadata":
			c.part(part, &d.metadata, "metadata")
		case "podMetadata":
			c.part(part, &d.spec, "podMetadata")
		case "spec":
			c.part(part, &d.spec)
		case "templates":
			c.part(part, &d.templates)
		case "containers":
			c.part(part, &d.containers)
		}
	}
	c.contradictions(d.spec, n.Get("spec"))
	c.contradictions(d.templates, n.Get("templates"))
	c.contradictions(d.containers, n.Get("containers"))
	c.locks(n.Get("spec"), n.Get("templates"))
	for _, l := range [][]leaf{d.metadata, d.spec, d.templates, d.containers} {
		sortLeaves(l)
	}
	return d, c.problems
}

// Empty reports whether there is nothing to write.
func (d *Defaults) Empty() bool {
	return d == nil || len(d.metadata)+len(d.spec)+len(d.templates)+len(d.containers) == 0
}

type compiler struct {
	policy   string
	problems []Problem
}

func (c *compiler) problem(n *manifest.Node, format string, args ...any) {
	c.problems = append(c.problems, Problem{n, fmt.Sprintf(format, args...)})
}

// part reads a part of the defaults.
func (c *compiler) part(n *manifest.Node, to *[]leaf, path ...string) {
	for _, f := range n.Fields() {
		if why := refused[n.Key.Value][f.Key.Value]; why != "" {
			c.problem(f.Key, "%s of %s cannot have a default: %s", f.Key, n.Key, why)
			continue
		}
		c.leaves(f, append(slices.Clip(path), f.Key.Value), to)
	}
}

func (c *compiler) leaves(n *manifest.Node, path []string, to *[]leaf) {
	if !n.Set() {
		return
	}
	if n.Kind == manifest.Map && merged[n.Key.Value] {
		for _, f := range n.Children {
			c.leaves(f, append(slices.Clip(path), f.Key.Value), to)
		}
		return
	}
	*to = append(*to, leaf{path, patch.Value(n), c.policy})
}

// contradictions finds defaults that could never be written together.
func (c *compiler) contradictions(all []leaf, n *manifest.Node) {
	s := scope{took: map[string]any{}, fields: map[string]bool{}}
	for _, l := range all {
		s.take(l)
	}
	for i := range all {
		l := &all[i]
		k := len(l.path) - 1
		if k < 2 || l.path[k-1] != "requests" {
			continue
		}
		limit, ok := s.took[join(sibling(l.path))]
		switch {
		case !ok && whole(l.path[k]):
			c.problem(n.At(l.path...), "requests.%s has no limits.%s: it cannot be shared, so write the same as its limit", l.path[k], l.path[k])
			continue
		case !ok:
			continue
		}
		want, err := quantity.Parse(text(l.value))
		most, wrong := quantity.Parse(text(limit))
		if err == nil && wrong == nil && want.Cmp(most) > 0 {
			c.problem(n.At(l.path...), "requests.%s %s is over limits.%s %s: it needs to be at most the limit", l.path[k], text(l.value), l.path[k], text(limit))
		}
	}
}

// sibling is the path of the limit to a request, and of the request to a limit.
func sibling(path []string) []string {
	out := slices.Clone(path)
	i := len(out) - 2
	if out[i] == "limits" {
		out[i] = "requests"
	} else {
		out[i] = "limits"
	}
	return out
}

// merge makes one list of the leaves of several policies, the first of which
// counts where two set the same.
func merge(all []*Defaults, part func(*Defaults) []leaf) []leaf {
	var out []leaf
	seen := map[string]bool{}
	for _, d := range all {
		for _, l := range part(d) {
			if k := join(l.path); !seen[k] {
				seen[k] = true
				out = append(out, l)
			}
		}
	}
	sortLeaves(out)
	return out
}

func sortLeaves(all []leaf) {
	slices.SortFunc(all, func(a, b leaf) int { return slices.Compare(a.path, b.path) })
}

// join makes a path the key of a map: no field has a NUL in its name.
func join(path []string) string { return strings.Join(path, "\x00") }
