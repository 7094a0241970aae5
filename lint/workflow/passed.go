package workflow

import (
	"iter"
	"strconv"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// Passed is one list of arguments, with who passes it: a call, a hook of a call
// or of the workflow, or, with neither, spec.arguments.
type Passed struct {
	*Arguments
	Call *Call
	Hook *Hook
}

// Title names who passes the arguments in messages: step "a", hook "exit" of
// step "a", spec.arguments.
func (p Passed) Title() string {
	switch {
	case p.Hook != nil && p.Call != nil:
		return p.Hook.Title() + " of " + p.Call.Title()
	case p.Hook != nil:
		return p.Hook.Title()
	case p.Call != nil:
		return p.Call.Title()
	}
	return "spec.arguments"
}

// Passed iterates over all lists of arguments: spec.arguments, those of hooks,
// of steps and of tasks.
func (w *Workflow) Passed() iter.Seq[Passed] {
	return func(yield func(Passed) bool) {
		if !yield(Passed{Arguments: &w.Arguments}) {
			return
		}
		for _, h := range w.Hooks {
			if !yield(Passed{Arguments: &h.Arguments, Hook: h}) {
				return
			}
		}
		for _, t := range w.All {
			for _, c := range t.Calls {
				if !c.passed(yield) {
					return
				}
			}
		}
	}
}

func (c *Call) passed(yield func(Passed) bool) bool {
	if !yield(Passed{Arguments: &c.Arguments, Call: c}) {
		return false
	}
	for _, h := range c.Hooks {
		if !yield(Passed{Arguments: &h.Arguments, Call: c, Hook: h}) {
			return false
		}
	}
	return true
}

// Seen returns how many parameters of the list Argo looks at before the workflow
// is submitted, and whether it looks at the artifacts: of spec.arguments it
// reads nothing behind a parameter with an enum that is still to get its value.
func (w *Workflow) Seen(p Passed) (parameters int, artifacts bool) {
	if p.Call == nil && p.Hook == nil && w.Cron == nil {
		for i, q := range p.Parameters {
			if q.Enum.Set() && !q.Value.Set() {
				return i + 1, false
			}
		}
	}
	return len(p.Parameters), true
}

// Title names the hook in messages: hook "exit".
func (h *Hook) Title() string { return `hook "` + h.Key.Text() + `"` }

// Anchor is the node to point at when the parameter as a whole is meant.
func (p *Parameter) Anchor() *manifest.Node {
	if p.Name.Set() {
		return p.Name
	}
	return p.Node
}

// Anchor is the node to point at when the artifact as a whole is meant.
func (a *Artifact) Anchor() *manifest.Node {
	if a.Name.Set() {
		return a.Name
	}
	return a.Node
}

// located are the fields of a location that say where in it the artifact is.
var located = [...]string{"key", "repo", "url", "blob", "path", "addresses"}

// Located reports whether the artifact says itself where it lies: by a whole
// location, or by a key in the artifact repository.
func (a *Artifact) Located() bool {
	for _, l := range a.Locations {
		if l.Key.Text() == "raw" {
			return true
		}
		for _, name := range located {
			if f := l.Get(name); f.Text() != "" || len(f.Items()) > 0 {
				return true
			}
		}
	}
	return false
}

// ValueText returns the text that Argo makes of the value of a parameter or of
// an element of an enum: numbers lose what does not change them, 1.50 is 1.5.
// Lists and objects become nothing.
func ValueText(n *manifest.Node) string {
	if n == nil || n.Kind != manifest.Int && n.Kind != manifest.Float {
		return n.Text()
	}
	f, err := strconv.ParseFloat(n.Value, 64)
	if err != nil {
		return n.Value
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
