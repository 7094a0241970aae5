package concurrency

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed concurrency-unmarked.txtar
var page string

// Rule is the rule that reports what a limit needs, without the limit.
var Rule = &lint.Rule{Name: "concurrency-unmarked", Severity: lint.Info, Topic: "policy", Page: page, Mends: true}

// Rule returns the rule that reports what makes runs without the label by which
// a limit counts them and, where they are to be queued, without the lock. Its
// fixes write both.
//
// With severity Info it is for mutation and for files; with Error it denies what
// mutation should have written, for when that was down. It is not for updates of
// Workflows: a run that exists keeps its spec.
func (l *Limit) Rule() *lint.Rule {
	r := *Rule
	r.Run = l.run
	return &r
}

func (l *Limit) run(pass *lint.Pass) {
	w := pass.Workflow
	if w.Spec == nil || w.Spec.Kind != manifest.Map || w.Kind == workflow.KindCronWorkflow && w.Cron.Kind != manifest.Map {
		return
	}
	library, state := libraryOf(pass)
	k, ok := l.Of(w, pass.Object.At("metadata", "namespace").Text(), library)
	if !ok {
		return
	}
	c := change{limit: l, key: k}
	c.mark(w)
	if l.Exceeded == v1alpha1.Queue {
		if state != resolve.Known && !w.Spec.At("synchronization", c.listed()).Set() {
			c.blind = true
		} else {
			c.lock(w.Spec, library)
		}
	}
	if len(c.lacks) == 0 && !c.blind && !c.stale {
		return
	}
	f := lint.Finding{Node: w.Anchor()}
	switch what := fmt.Sprintf("by which policy %q limits the runs of %s to %d", l.Policy, l.title(k), l.Max); {
	case c.blind:
		f.Node = w.Ref.Node
		f.Message = fmt.Sprintf("the %s has no lock %s, and it cannot be given one while it is not known which locks its template %q has: try again, or write spec.synchronization", w.Kind, what, w.Ref.Name)
	case len(c.lacks) == 0:
		f.Message = fmt.Sprintf("the %s has a lock of another day of policy %q, which limits the runs of %s to %d: admission takes it out, so try again where that has failed", w.Kind, l.Policy, l.title(k), l.Max)
		f.Fix = &lint.Fix{Message: "take out the lock", Safe: true, Edits: c.edits}
	default:
		why := "admission writes it, so try again where that has failed"
		if l.Per == v1alpha1.PerCron && w.Cron != nil && w.Metadata.Get("generateName").Set() {
			why = "admission cannot write it, as the name is made up only after that; give the CronWorkflow a name of its own"
		}
		f.Message = fmt.Sprintf("the %s has no %s, %s: %s", w.Kind, strings.Join(c.lacks, " and no "), what, why)
		f.Fix = &lint.Fix{Message: "write " + strings.Join(c.lacks, " and "), Safe: true, Edits: c.edits}
	}
	pass.Report(f)
}

// libraryOf returns the template that the runs are of; what refers to none has
// one that is known and says nothing.
func libraryOf(pass *lint.Pass) (*resolve.Library, resolve.State) {
	w := pass.Workflow
	if w.Ref == nil {
		return nil, resolve.Known
	}
	library, state := pass.Index.Library(w.Namespace.Text(), w.Ref.Name.Text(), w.Ref.Cluster)
	if library != nil && library.Spec == nil { // known by its signature alone
		return nil, resolve.Unknown
	}
	return library, state
}

// A change is what is to be written into one workflow.
type change struct {
	limit *Limit
	key   Key
	lacks []string
	edits []lint.Edit
	stale bool // there is a lock to be taken out
	blind bool // the locks of the template are not known
}

// listed is the list that the lock belongs to.
func (c *change) listed() string {
	if _, ok := c.limit.Wants(c.key); ok {
		return "semaphores"
	}
	return "mutexes"
}

// mark writes the label of the runs.
func (c *change) mark(w *workflow.Workflow) {
	top, way := w.Root, []string{"metadata", "labels"}
	if w.Kind == workflow.KindCronWorkflow {
		top, way = w.Cron, []string{"workflowMetadata", "labels"}
	}
	label := c.limit.Mark()
	if top.At(way...).Get(label).Text() == c.key.Value {
		return
	}
	if e, ok := write(top, append(way, label), c.key.Value); ok {
		c.lacks = append(c.lacks, "label "+label)
		c.edits = append(c.edits, e)
	}
}

// write returns the edit that sets a value at a path, making what is missing.
func write(n *manifest.Node, path []string, value any) (lint.Edit, bool) {
	i := 0
	for ; i < len(path)-1 && n.Get(path[i]).Set(); i++ {
		n = n.Get(path[i])
	}
	if n.Kind != manifest.Map {
		return lint.Edit{}, false // its author has something else in mind
	}
	for k := len(path) - 1; k > i; k-- {
		value = map[string]any{path[k]: value}
	}
	if old := n.Get(path[i]); old != nil && old.Kind >= manifest.List {
		return lint.Edit{Node: old, Value: value}, true
	}
	return lint.Edit{Node: n, Key: path[i], Value: value}, true
}

// lock writes the mutex or the semaphore, and takes out those that the policy
// wrote when it was another. Locks of others stay.
func (c *change) lock(spec *manifest.Node, library *resolve.Library) {
	var mutex, semaphore any
	if want, ok := c.limit.Wants(c.key); ok {
		semaphore = map[string]any{"configMapKeyRef": map[string]any{"name": want.ConfigMap, "key": want.Key}}
	} else {
		mutex = map[string]any{"name": c.key.mutex()}
	}
	prefix := c.limit.Policy + "_"
	mine := func(n *manifest.Node) bool { return strings.HasPrefix(n.Get("name").Text(), mutexPrefix+prefix) }
	mineToo := func(n *manifest.Node) bool {
		ref := n.Get("configMapKeyRef")
		return ref.Get("name").Text() == ConfigMap && strings.HasPrefix(ref.Get("key").Text(), prefix)
	}
	var fields []field
	fields = c.list(fields, "mutexes", spec, library, mutex, mine)
	fields = c.list(fields, "semaphores", spec, library, semaphore, mineToo)
	c.fields(spec, fields)
}

// A field is a list of locks as it should be.
type field struct {
	name  string
	value []any
}

// list adds a list of locks that is not as it should be. The list of a run takes
// the place of that of its template, so it begins with what that has.
func (c *change) list(to []field, name string, spec *manifest.Node, library *resolve.Library, want any, mine func(*manifest.Node) bool) []field {
	have := spec.At("synchronization", name)
	if !have.Set() && library != nil {
		have = library.Spec.At("synchronization", name)
	}
	var out []any
	same, there := true, false
	for _, n := range have.Items() {
		switch {
		case !mine(n):
			out = append(out, patch.Value(n))
		case want != nil && !there && patch.Equal(n, patch.Node(want)):
			there = true
			out = append(out, want)
		default:
			same, c.stale = false, true
		}
	}
	if want != nil && !there {
		same = false
		out = append(out, want)
		c.lacks = append(c.lacks, lockTitle(name, want))
	}
	if same {
		return to
	}
	return append(to, field{name, out})
}

func lockTitle(name string, want any) string {
	if name == "mutexes" {
		return fmt.Sprintf("mutex %q", want.(map[string]any)["name"])
	}
	ref := want.(map[string]any)["configMapKeyRef"].(map[string]any)
	return fmt.Sprintf("semaphore %q", ref["key"])
}

// fields writes the lists into spec.synchronization.
func (c *change) fields(spec *manifest.Node, all []field) {
	s := spec.Get("synchronization")
	whole := map[string]any{}
	for _, f := range all {
		value := any(f.value)
		switch old := s.Get(f.name); {
		case !s.Set():
			whole[f.name] = value
		case s.Kind != manifest.Map:
		case old.Set() && len(f.value) == 0:
			c.edits = append(c.edits, lint.Edit{Node: old})
		case old.Set():
			c.edits = append(c.edits, lint.Edit{Node: old, Value: value})
		default:
			c.edits = append(c.edits, lint.Edit{Node: s, Key: f.name, Value: value})
		}
	}
	if len(whole) > 0 {
		c.edits = append(c.edits, lint.Edit{Node: spec, Key: "synchronization", Value: whole})
	}
}
