// Package concurrency limits how many runs of one workflow exist at once, as
// WorkflowPolicies ask for it.
//
// It is pure: it names the slot that a run takes, writes Argo's own locks into
// what makes runs, and decides about a run when it is told which others there
// are. Who counts them is another's business.
//
// A limit counts within a namespace: what is counted together has one Key.
package concurrency

import (
	"fmt"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/near"
)

// A Limit is the concurrency of one policy. It is not changed once compiled.
type Limit struct {
	// Policy names the policy.
	Policy string
	// Max is how many runs may exist at once, at least 1.
	Max int
	// Per says which runs are counted together.
	Per v1alpha1.ConcurrencyKey
	// Label is the key of the label to count by, with Per label.
	Label string
	// Exceeded says what becomes of a run that is one too many.
	Exceeded v1alpha1.Exceeded
}

// A Problem is what is wrong with the concurrency of a policy.
type Problem struct {
	Node    *manifest.Node
	Message string
}

// mostRuns bounds Max: it is an int32 in the API.
const mostRuns = 1<<31 - 1

// Compile reads spec.concurrency of a policy. It returns nil where there is none,
// and where there are problems.
func Compile(policy string, n *manifest.Node) (*Limit, []Problem) {
	if !n.Set() {
		return nil, nil
	}
	var problems []Problem
	problem := func(n *manifest.Node, format string, args ...any) {
		problems = append(problems, Problem{n, fmt.Sprintf(format, args...)})
	}
	if n.Kind != manifest.Map {
		problem(n, "concurrency is of type %s: it needs to be an object", n.Kind)
		return nil, problems
	}
	fields := []string{"max", "per", "label", "exceeded"}
	for _, f := range n.Fields() {
		if k := f.Key.Value; k != "max" && k != "per" && k != "label" && k != "exceeded" {
			problem(f.Key, "concurrency has no field %q%s", k, near.Hint(k, fields))
		}
	}
	l := &Limit{Policy: policy, Per: v1alpha1.ConcurrencyKey(n.Get("per").Text()), Exceeded: v1alpha1.Queue}
	if most, ok := n.Get("max").Int(); ok && most >= 1 && most <= mostRuns {
		l.Max = int(most)
	} else {
		problem(at(n, "max"), "max needs to be a number of runs, at least 1")
	}
	switch l.Per {
	case v1alpha1.PerTemplate, v1alpha1.PerCron, v1alpha1.PerNamespace, v1alpha1.PerLabel:
	default:
		problem(at(n, "per"), "per %q is none of template, cron, namespace, label", l.Per)
	}
	if e := n.Get("exceeded"); e.Set() {
		l.Exceeded = v1alpha1.Exceeded(e.Text())
		if l.Exceeded != v1alpha1.Queue && l.Exceeded != v1alpha1.Reject {
			problem(e, "exceeded %q is none of queue, reject", e.Text())
		}
	}
	switch label := n.Get("label"); {
	case label.Set() != (l.Per == v1alpha1.PerLabel):
		problem(at(n, "label"), "label names the label to count by, with per: label and only then")
	case label.Set():
		l.Label = label.Text()
		if reason, _, ok := names.LabelKey(l.Label); !ok {
			problem(label, "label %q %s", l.Label, reason)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return l, nil
}

// at is a field, or the object where it has none.
func at(n *manifest.Node, key string) *manifest.Node {
	if f := n.Get(key); f != nil {
		return f
	}
	return n
}
