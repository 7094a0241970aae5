package scope

import (
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// called returns what a call calls. Known without a template is a template
// that does not exist; Unknown is one of an object that is not given.
func (a *analyzer) called(c *workflow.Call) (*resolve.Template, resolve.State) {
	switch {
	case c.Inline != nil:
		return a.signature(c.Inline), resolve.Known
	case c.Ref != nil:
		if dynamic(c.Ref) {
			if a.settled(c, c.Ref.Name.Text()) && a.settled(c, c.Ref.Template.Text()) {
				return nil, resolve.Unknown // Argo looks up what the parameters say
			}
			return nil, resolve.Absent
		}
		lib, state := a.index.Library(a.w.Namespace.Text(), c.Ref.Name.Text(), c.Ref.Cluster)
		if state != resolve.Known {
			return nil, resolve.Unknown
		}
		t := lib.Template(c.Ref.Template.Text())
		if t == nil {
			return nil, resolve.Unknown // template-unknown speaks of it
		}
		return t, resolve.Known
	}
	name := c.Template.Text()
	t := a.w.Template(name)
	switch {
	case t != nil:
		return a.signature(t), resolve.Known
	case strings.Contains(name, "{{") && a.settled(c, name):
		return nil, resolve.Unknown
	case a.w.Ref != nil || strings.Contains(name, "{{"):
		return nil, resolve.Absent
	}
	return nil, resolve.Unknown // template-unknown speaks of it
}

// settled reports whether every tag in the name of what c calls may have its
// value when Argo looks the name up: a parameter of the workflow that has one,
// or an input of the template that the workflow hands its arguments to.
func (a *analyzer) settled(c *workflow.Call, name string) bool {
	for t := range expr.Tags(name) {
		text := t.Text(name)
		if t.Expression {
			if !strings.Contains(text, "inputs") && !strings.Contains(text, "workflow") {
				return false
			}
			continue
		}
		kind, p, _ := strings.Cut(text, ".parameters.")
		switch given := a.w.Arguments.Parameter(p); {
		case kind == "workflow" && given != nil && given.Value != nil:
		case kind == "inputs" && !a.w.IsLibrary() && (c.Owner == a.w.Template(a.w.Entrypoint.Text()) || c.Owner == a.w.Template(a.w.OnExit.Text())):
		default:
			return false
		}
	}
	return true
}

// dynamic reports whether a reference holds a tag, so that Argo resolves it
// only when it runs.
func dynamic(r *workflow.Ref) bool {
	return strings.Contains(r.Name.Text(), "{{") || strings.Contains(r.Template.Text(), "{{")
}

// signature returns that of a template of the workflow at hand, once made.
func (a *analyzer) signature(t *workflow.Template) *resolve.Template {
	s := a.signatures[t]
	if s == nil {
		s = resolve.Of(t)
		if a.signatures == nil {
			a.signatures = map[*workflow.Template]*resolve.Template{}
		}
		a.signatures[t] = s
	}
	return s
}

// child answers for what follows "steps." or "tasks.".
func (a *analyzer) child(root, rest string, s Site) Answer {
	if strings.HasPrefix(rest, "name") {
		return named(rest, s)
	}
	if s.Part == Spec || s.Part == Rest {
		return open
	}
	if s.Part == Leaf {
		return missing("has a value only in the steps or dag template that calls it: pass it on as an argument")
	}
	t := s.Template
	if word := t.Type.String(); (t.Type == workflow.TypeDAG) != (root == "tasks") {
		return missing("has no value in a %s template: write %s", word, map[string]string{"steps": "tasks", "tasks": "steps"}[root]+"."+rest)
	}
	name, field, _ := strings.Cut(rest, ".")
	c := t.Call(name)
	if c == nil {
		have := a.have(t, "calls", func() (have []string) {
			for _, c := range t.Calls {
				have = append(have, c.Name.Text())
			}
			return have
		})
		return missing("names a %s that %s does not have", root[:4], t.Title()).near(name, have)
	}
	ans := a.field(c, field, s)
	if ans.State == Known || ans.State == Missing && !ans.Strict {
		if there := a.reached(c, field, s); ans.State == Known || there.State == Missing {
			return there
		}
	}
	return ans
}

// named answers for {{tasks.name}} and {{steps.name}}, the step itself.
func named(rest string, s Site) Answer {
	if s.Argument != nil && strings.HasPrefix(s.Argument.Value, "{{tasks."+rest) {
		return missing("at the start of an argument is taken for a task of that name, which is no dependency: put text before it")
	}
	return unchecked
}

// reached answers whether the outputs of c are there at s.
func (a *analyzer) reached(c *workflow.Call, field string, s Site) Answer {
	if s.Part == Outputs {
		if field == "status" && s.Template.Type == workflow.TypeDAG && len(c.Hooks) == 0 {
			return missing("has no value in the outputs of a dag template: the status of a task is known only to tasks that depend on it")
		}
		return known
	}
	self := s.Call
	if self.Group >= 0 {
		switch {
		case c == self && (field == "status" || handled(self)):
			return known
		case c.Index < self.Index:
			ans := known
			if c.Group == self.Group {
				ans.NoDependency = c // one group runs at once
			}
			return ans
		}
		if c == self {
			return missing("has no value yet: what %s gives is known to its exit hook only", c.Title())
		}
		return missing("has no value yet: %s runs later", c.Title())
	}
	switch {
	case c == self && (handled(self) || len(self.Hooks) > 0):
		return known
	case needs(self, c) || a.ancestorsOf(self).has(c):
		return known
	case field == "status" && len(c.Hooks) > 0:
		return Answer{State: Known, NoDependency: c} // whether Argo sees it is chance
	case field == "status":
		return missing("has no value: %s does not depend on %s", self.Title(), c.Title())
	case c == self:
		return known // Argo lets a task name its own outputs
	}
	return Answer{State: Known, NoDependency: c}
}

// handled reports whether a call has an exit handler of its own.
func handled(c *workflow.Call) bool {
	return c.OnExit != nil || slices.ContainsFunc(c.Hooks, func(h *workflow.Hook) bool { return h.Key.Value == "exit" })
}

// field answers whether a call has the field at all: id, status,
// outputs.parameters.x, ...
func (a *analyzer) field(c *workflow.Call, field string, s Site) Answer {
	switch field {
	case "id", "startedAt", "finishedAt", "hostNodeName":
		return known
	case "status":
		if c.Group >= 0 || len(c.Hooks) > 0 {
			return known
		}
	}
	t, state := a.called(c)
	if field == "status" && (t != nil || state == resolve.Unknown) {
		return known
	}
	if state == resolve.Unknown {
		return open
	}
	if t == nil {
		return missing("cannot be known: which template %s calls is decided only when it runs", c.Title())
	}
	kind, rest, _ := strings.Cut(field, ".")
	switch kind {
	case "ip":
		if t.Daemon {
			return known
		}
		return missing("has no value: template %q of %s is no daemon", t.Name, c.Title())
	case "exitCode":
		return result(t, c, "exit code")
	case "outputs":
		return a.output(t, c, rest)
	}
	return missing("is no variable of a %s", c.Word()).near(kind, []string{"id", "status", "ip", "exitCode", "outputs", "startedAt", "finishedAt", "hostNodeName"})
}

func result(t *resolve.Template, c *workflow.Call, what string) Answer {
	switch {
	case t.Result:
		return known
	case t.Type == workflow.TypeContainerSet && aggregated(c):
		return missing("has no value: the containerSet of %s has no container named main", c.Title()).lax()
	case t.Type == workflow.TypeContainerSet:
		return missing("has no value: the containerSet of %s has no container named main", c.Title())
	}
	return missing("has no value: %s calls a %s template, which has no %s", c.Title(), t.Type, what)
}

func (a *analyzer) output(t *resolve.Template, c *workflow.Call, rest string) Answer {
	kind, name, dotted := strings.Cut(rest, ".")
	switch {
	case rest == "result":
		return result(t, c, "result")
	case rest == "parameters":
		if aggregated(c) {
			return known
		}
		return missing("has a value only where %s loops withItems or withParam", c.Title())
	case kind == "parameters" && dotted:
		return a.declared(t, c, name, "output parameter", t.Outputs, t.OutFiles)
	case kind == "artifacts" && dotted:
		return a.declared(t, c, name, "output artifact", t.OutFiles, t.Outputs)
	}
	return missing(`is no variable: outputs has "result", "parameters" and "artifacts"`).near(kind, []string{"result", "parameters", "artifacts"})
}

// aggregated reports whether the outputs of all runs of c come as one list.
func aggregated(c *workflow.Call) bool {
	return len(c.WithItems.Items()) > 0 || c.WithParam.Text() != ""
}

func (a *analyzer) declared(t *resolve.Template, c *workflow.Call, name, what string, have, other []string) Answer {
	switch {
	case a.among(have, name):
		return known
	case a.among(other, name):
		is, field := "output artifact", "artifacts"
		if what == is {
			is, field = "output parameter", "parameters"
		}
		return missing("names an %s, but %q is an %s of %s: write outputs.%s.%s", what, name, is, c.Title(), field, name)
	case t.Name == "":
		return missing("names an %s that the template of %s does not declare%s", what, c.Title(), listed(have)).near(name, have)
	}
	return missing("names an %s that template %q of %s does not declare%s", what, t.Name, c.Title(), listed(have)).near(name, have)
}

// given identifies a list of names that does not change.
type given struct {
	first *string
	size  int
}

// among reports whether a name is in a list, which may be long.
func (a *analyzer) among(names []string, name string) bool {
	if len(names) <= 16 {
		return slices.Contains(names, name)
	}
	k := given{&names[0], len(names)}
	set := a.gives[k]
	if set == nil {
		set = make(map[string]bool, len(names))
		for _, n := range names {
			set[n] = true
		}
		if a.gives == nil {
			a.gives = map[given]map[string]bool{}
		}
		a.gives[k] = set
	}
	return set[name]
}

// needs reports whether c is among the first tasks that self names. Mostly it
// is, and the set of all its ancestors need not be made.
func needs(self, c *workflow.Call) bool {
	for _, n := range self.Needs[:min(len(self.Needs), 16)] {
		if c.Owner.Call(n.Task) == c {
			return true
		}
	}
	return false
}

// ancestorsOf returns the tasks that c waits for, however long the way.
func (a *analyzer) ancestorsOf(c *workflow.Call) calls {
	if all, ok := a.ancestors[c]; ok {
		return all
	}
	if a.ancestors == nil {
		a.ancestors = map[*workflow.Call]calls{}
	}
	all := make(calls, len(c.Owner.Calls)/64+1)
	before := a.waits(c.Owner)
	stack := []int32{int32(c.Index)}
	for len(stack) > 0 {
		last := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if set, ok := a.ancestors[c.Owner.Calls[last]]; ok {
			for i, bits := range set {
				all[i] |= bits
			}
			continue
		}
		for _, i := range before[last] {
			if all[i/64]&(1<<(i%64)) == 0 {
				all[i/64] |= 1 << (i % 64)
				stack = append(stack, i)
			}
		}
	}
	a.ancestors[c] = all
	return all
}

// waits returns, for each call of a template, the calls that it names.
func (a *analyzer) waits(t *workflow.Template) [][]int32 {
	if w, ok := a.before[t]; ok {
		return w
	}
	w := make([][]int32, len(t.Calls))
	for i, c := range t.Calls {
		for _, need := range c.Needs {
			if next := t.Call(need.Task); next != nil {
				w[i] = append(w[i], int32(next.Index))
			}
		}
	}
	if a.before == nil {
		a.before = map[*workflow.Template][][]int32{}
	}
	a.before[t] = w
	return w
}

// calls is a set of calls of one template: a bit for each, since a map for each
// task of a long chain would be quadratic in memory.
type calls []uint64

func (s calls) has(c *workflow.Call) bool { return s[c.Index/64]&(1<<(c.Index%64)) != 0 }
