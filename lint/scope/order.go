package scope

import (
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// order is the order in which Argo looks at the templates and calls of a
// workflow, and at what point which global output became known: a template is
// looked at once, where something leads to it first. Among the tasks of a DAG
// that do not wait for each other the order is chance.
type order struct {
	a    *analyzer
	now  int
	exit int // when the exit handler's turn came

	templates map[*workflow.Template]moment
	outputs   map[*workflow.Template]moment
	calls     map[*workflow.Call]moment
	callers   map[*workflow.Template]int
	inline    bool // an inline template was looked at: no other one will be
	within    []*workflow.Call

	libraries map[*resolve.Template]bool // those that were followed
	exports   map[string][]export        // by "parameters.NAME" and "artifacts.NAME"
	// any is when a globalName with a tag opened the names of a kind, in the
	// template that holds the call.
	any map[opened]int
	// taggedFile is set when an artifact of the workflow has such a globalName.
	taggedFile bool
	// unknown is set when a template is called that is not given.
	unknown bool
}

// A moment is when something is looked at, and within which tasks.
type moment struct {
	when   int
	within []*workflow.Call
}

type export struct {
	moment
	by *workflow.Call
}

type opened struct {
	kind string
	in   *workflow.Template
}

// deepest bounds how many DAGs within each other are kept apart.
const deepest = 32

func (a *analyzer) ordered() *order {
	if a.order != nil {
		return a.order
	}
	o := &order{
		a: a, templates: map[*workflow.Template]moment{}, outputs: map[*workflow.Template]moment{}, calls: map[*workflow.Call]moment{},
		callers: map[*workflow.Template]int{}, exports: map[string][]export{}, libraries: map[*resolve.Template]bool{}, any: map[opened]int{},
	}
	a.order = o
	for _, t := range a.w.All {
		for _, c := range t.Calls {
			o.callers[a.own(c)]++
		}
		for _, f := range t.Outputs.Artifacts {
			o.taggedFile = o.taggedFile || t.Caller == nil && strings.Contains(f.GlobalName.Text(), "{{")
		}
	}
	o.template(a.w.Template(a.w.Entrypoint.Text()))
	o.now++
	o.exit = o.now
	o.template(a.w.Template(a.w.OnExit.Text()))
	for _, t := range a.w.Templates {
		o.template(t)
	}
	return o
}

// own returns the template of the same object that c calls, or nil.
func (a *analyzer) own(c *workflow.Call) *workflow.Template {
	switch {
	case c.Inline != nil:
		return c.Inline
	case c.Ref == nil:
		return a.w.Template(c.Template.Text())
	}
	return nil
}

func (o *order) moment() moment {
	o.now++
	return moment{o.now, o.within}
}

func (o *order) template(t *workflow.Template) {
	if t == nil || o.seen(t) {
		return
	}
	if t.Caller != nil {
		if o.inline {
			return
		}
		o.inline = true
	}
	o.templates[t] = o.moment()
	switch t.Type {
	case workflow.TypeSteps:
		for _, c := range t.Calls {
			o.template(o.a.own(c))
			if handled(c) {
				o.export(c)
			}
			o.calls[c] = o.moment()
			o.export(c)
		}
	case workflow.TypeDAG:
		for _, c := range o.a.sorted(t) {
			outer := o.within
			if len(outer) < deepest {
				o.within = append(slices.Clip(outer), c)
			}
			o.template(o.a.own(c))
			o.export(c)
			o.within = outer
		}
		for _, c := range t.Calls {
			o.calls[c] = o.moment()
		}
	}
	o.outputs[t] = o.moment()
}

func (o *order) seen(t *workflow.Template) bool {
	_, ok := o.templates[t]
	return ok
}

// export notes the globalNames that a call brings about.
func (o *order) export(c *workflow.Call) {
	t, state := o.a.called(c)
	if state == resolve.Unknown {
		o.unknown = true
	}
	if t == nil {
		return
	}
	at := export{o.moment(), c}
	for _, name := range t.GlobalOutputs {
		o.name("parameters", name, at)
	}
	for _, name := range t.GlobalFiles {
		o.name("artifacts", name, at)
	}
	if c.Ref != nil && c.Inline == nil && !o.unknown {
		o.deeper(c, t, at)
	}
}

// deeper notes what the calls of a library's template bring about.
func (o *order) deeper(c *workflow.Call, t *resolve.Template, at export) {
	lib, _ := o.a.library(c.Ref.Name.Text(), c.Ref.Cluster)
	all := o.a.each(lib, t, func(_ *resolve.Library, t *resolve.Template, first bool) {
		if !first {
			for _, name := range t.GlobalOutputs {
				if !strings.Contains(name, "{{") {
					o.name("parameters", name, at)
				}
			}
			for _, name := range t.GlobalFiles {
				if !strings.Contains(name, "{{") {
					o.name("artifacts", name, at)
				}
			}
		}
		o.unknown = o.unknown || t.Obscure
	}, o.libraries)
	o.unknown = o.unknown || !all
}

func (o *order) name(kind, name string, at export) {
	if !strings.Contains(name, "{{") {
		o.exports[kind+"."+name] = append(o.exports[kind+"."+name], at)
		return
	}
	k := opened{kind, at.by.Owner}
	if _, ok := o.any[k]; !ok {
		o.any[k] = at.when
	}
}

// at returns when Argo looks at a site. It is not known for what it never
// looks at, and for what comes at one of several points by chance.
func (o *order) at(s Site) (moment, bool) {
	var m moment
	var ok bool
	switch s.Part {
	case Leaf:
		m, ok = o.templates[s.Template]
	case CallOf:
		m, ok = o.calls[s.Call]
	case Outputs:
		m, ok = o.outputs[s.Template]
	}
	return m, ok && (len(m.within) == 0 || o.callers[s.Template] < 2)
}

// anyAt reports whether all names of a kind are let through at a site.
func (o *order) anyAt(kind string, s Site, m moment) bool {
	if kind == "artifacts" && o.taggedFile && o.templates[s.Template].when > o.exit && o.a.w.OnExit.Set() {
		return true
	}
	if s.Part == Leaf {
		return false
	}
	when, ok := o.any[opened{kind, s.Template}]
	return ok && when < m.when
}

// mayPrecede reports whether Argo may know of an export at the moment m.
func (a *analyzer) mayPrecede(e export, m moment) bool {
	for i := 0; i < len(e.within) && i < len(m.within); i++ {
		x, y := e.within[i], m.within[i]
		if x != y {
			return x.Owner != y.Owner || !a.ancestorsOf(x).has(y)
		}
	}
	return e.when < m.when
}

// sorted returns the tasks of a DAG so that each comes after those it needs.
func (a *analyzer) sorted(t *workflow.Template) []*workflow.Call {
	out := make([]*workflow.Call, 0, len(t.Calls))
	state := make([]uint8, len(t.Calls)) // 1 while the needs are visited, 2 when done
	type frame struct {
		c    *workflow.Call
		next int
	}
	for _, c := range t.Calls {
		if state[c.Index] != 0 {
			continue
		}
		state[c.Index] = 1
		for stack := []frame{{c: c}}; len(stack) > 0; {
			top := &stack[len(stack)-1]
			if top.next == len(top.c.Needs) {
				state[top.c.Index] = 2
				out = append(out, top.c)
				stack = stack[:len(stack)-1]
				continue
			}
			need := t.Call(top.c.Needs[top.next].Task)
			top.next++
			if need != nil && state[need.Index] == 0 {
				state[need.Index] = 1
				stack = append(stack, frame{c: need})
			}
		}
	}
	return out
}
