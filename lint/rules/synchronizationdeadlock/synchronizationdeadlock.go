// Package synchronizationdeadlock finds workflows that wait for a mutex that
// they hold themselves.
package synchronizationdeadlock

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed synchronization-deadlock.txtar
var page string

// Rule is the synchronization-deadlock rule. A workflow and each of its nodes
// hold locks for themselves, so that a node waits for the workflow, or for the
// node that called it.
var Rule = &lint.Rule{Name: "synchronization-deadlock", Severity: lint.Warning, Topic: "synchronization", Page: page, Run: run}

// mostOwners bounds the number of templates from which calls are followed.
const mostOwners = 100

func run(pass *lint.Pass) {
	w := pass.Workflow
	held := mutexes(w.Spec)
	owners := 0
	for _, t := range w.All {
		own := mutexes(t.Node)
		for key, n := range own {
			if outer := held[key]; outer != nil {
				report(pass, n, outer, t, "the workflow")
			}
		}
		if len(own) > 0 && len(t.Calls) > 0 && owners < mostOwners {
			owners++
			below(pass, t, own)
		}
	}
}

// below follows the calls from a template that holds mutexes.
func below(pass *lint.Pass, t *workflow.Template, held map[lock]*manifest.Node) {
	seen := map[*workflow.Template]bool{t: true}
	for queue := []*workflow.Template{t}; len(queue) > 0; queue = queue[1:] {
		for _, c := range queue[0].Calls {
			next := c.Inline
			if next == nil && c.Ref == nil {
				next = t.Workflow.Template(c.Template.Text())
			}
			if next == nil || seen[next] {
				continue
			}
			seen[next] = true
			queue = append(queue, next)
			for key, n := range mutexes(next.Node) {
				if outer := held[key]; outer != nil {
					report(pass, n, outer, next, t.Title())
				}
			}
		}
	}
}

func report(pass *lint.Pass, n, outer *manifest.Node, t *workflow.Template, holder string) {
	pass.Report(lint.Finding{
		Node:    n,
		Message: t.Title() + " waits for mutex \"" + n.Text() + "\", which " + holder + " holds until it is done itself: they wait for each other for ever",
		Related: []lint.Related{lint.At(outer, "%s holds it", holder)},
	})
}

// lock is the identity of a mutex.
type lock struct {
	namespace, name string
	database        bool
}

// mutexes returns the names of the mutexes of an owner. A name that differs
// from call to call is left out.
func mutexes(owner *manifest.Node) map[lock]*manifest.Node {
	var all map[lock]*manifest.Node
	for _, m := range owner.At("synchronization", "mutexes").Items() {
		name := m.Get("name")
		if name.Text() == "" || strings.Contains(name.Text(), "{{inputs.") || strings.Contains(name.Text(), "{{=") {
			continue
		}
		if all == nil {
			all = map[lock]*manifest.Node{}
		}
		all[lock{m.Get("namespace").Text(), name.Text(), m.Get("database").True()}] = name
	}
	return all
}
