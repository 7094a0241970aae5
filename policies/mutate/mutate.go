// Package mutate makes the safe fixes of an object that is still to be admitted:
// the same that the linter would make in its file, the defaults of policies among
// them.
package mutate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A Result is what became of an object.
type Result struct {
	// Before is the object, After the same with the fixes made: Before itself
	// where there was nothing to do.
	Before, After *manifest.Node
	// Done are the findings whose fixes are in After, in the order in which they
	// were made.
	Done []lint.Finding
	// Rounds is how often the object was linted.
	Rounds int
}

// Patch returns the steps from Before to After.
func (r Result) Patch() []patch.Operation {
	if r.Before == r.After {
		return nil
	}
	return patch.Diff(r.Before, r.After)
}

// most bounds the rounds: one fix may uncover the next, and none may go on for ever.
const most = 10

// ErrRestless is returned for an object that is mended again and again: two
// rules want different things of it. It is our mistake.
var ErrRestless = errors.New("the fixes do not come to an end")

// Applies reports whether objects of a kind are mutated by an operation (CREATE
// or UPDATE). A Workflow that exists may be running already, and a running
// Workflow must keep the spec that it was started with.
func Applies(operation, kind string) bool {
	switch kind {
	case workflow.KindWorkflow:
		return operation == "CREATE"
	case workflow.KindWorkflowTemplate, workflow.KindClusterWorkflowTemplate, workflow.KindCronWorkflow, workflow.KindSensor:
		return operation == "CREATE" || operation == "UPDATE"
	}
	return false
}

// Object does to an object what Apply does to that of a document.
func Object(o lint.Options, root *manifest.Node) (Result, error) {
	return Apply(o, &manifest.Document{Root: root})
}

// Apply lints the one object of a document with the rules that have safe fixes,
// makes these, and does so again until there are none left. The options are
// those of linting; rules without safe fixes are left out. The document is not
// changed. With an error, nothing has been done.
func Apply(o lint.Options, d *manifest.Document) (Result, error) {
	r := Result{Before: d.Root, After: d.Root}
	if d.Root == nil {
		return r, nil
	}
	o.Fixes = true
	o.Rules = mending(o.Rules)
	if o.Policies != nil {
		o.Policies = mendingPolicies{o.Policies}
	}
	now := *d
	if now.File == nil {
		now.File = source.NewFile("", nil)
	}
	for range most {
		r.Rounds++
		l := lint.New(o)
		l.AddDocument(&now)
		found := l.Finish()
		if len(found.Failures) > 0 {
			return Result{Before: d.Root, After: d.Root, Rounds: r.Rounds}, fmt.Errorf("mend %s: %w", d.Root.Get("kind"), errors.Join(found.Failures...))
		}
		edits := patch.Of(now.Root)
		for _, f := range found.Findings {
			if f.Fix != nil && f.Fix.Safe && len(f.Fix.Edits) > 0 && edits.Add(f.Fix.Edits...) == nil {
				r.Done = append(r.Done, f)
			}
		}
		if edits.Empty() {
			r.After = now.Root
			return r, nil
		}
		now.Root = edits.Tree()
	}
	names := map[string]bool{}
	for _, f := range r.Done[len(r.Done)-1:] {
		names[f.Rule.Name] = true
	}
	return Result{Before: d.Root, After: d.Root, Rounds: r.Rounds}, fmt.Errorf("%w: after %d rounds there is still something of %s", ErrRestless, most, strings.Join(sorted(names), ", "))
}

func sorted(names map[string]bool) []string {
	var all []string
	for n := range names {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

func mending(all []*lint.Rule) []*lint.Rule {
	var out []*lint.Rule
	for _, r := range all {
		if r.Mends {
			out = append(out, r)
		}
	}
	return out
}

// mendingPolicies leave out the rules of policies that have no safe fixes.
type mendingPolicies struct{ all lint.Policies }

func (p mendingPolicies) Terms(object *manifest.Node) *lint.Terms {
	t := p.all.Terms(object)
	if t == nil {
		return nil
	}
	mine := *t
	mine.Extra = nil
	for _, x := range t.Extra {
		if x.Rule.Mends {
			mine.Extra = append(mine.Extra, x)
		}
	}
	return &mine
}
