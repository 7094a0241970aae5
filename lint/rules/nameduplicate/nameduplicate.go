// Package nameduplicate finds names that stand for two things at once.
package nameduplicate

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed name-duplicate.txtar
var page string

// Rule is the name-duplicate rule: docs/argo.md B 29, C 45, E 68 69,
// F 101, G 118, H 129, I 147 148. Containers of a pod share their names with
// its init containers and sidecars, says the API server.
var Rule = &lint.Rule{Name: "name-duplicate", Severity: lint.Error, Topic: "name", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	arguments(pass, w.Arguments)
	templates := taken{what: "another template"}
	for _, t := range w.Templates {
		templates.add(pass, t.Name, "template")
	}
	for _, t := range w.All {
		arguments(pass, t.Inputs)
		arguments(pass, t.Outputs)
		calls(pass, t)
		containers(pass, t)
	}
}

func calls(pass *lint.Pass, t *workflow.Template) {
	var names taken
	for _, c := range t.Calls {
		names.what = fmt.Sprintf("another %s of %s", c.Word(), t.Title())
		names.add(pass, c.Name, c.Word())
		arguments(pass, c.Arguments)
	}
}

func arguments(pass *lint.Pass, a workflow.Arguments) {
	parameters, artifacts := taken{what: "another parameter of the same list"}, taken{what: "another artifact of the same list"}
	for _, p := range a.Parameters {
		parameters.add(pass, p.Name, "parameter")
	}
	for _, p := range a.Artifacts {
		artifacts.add(pass, p.Name, "artifact")
	}
}

func containers(pass *lint.Pass, t *workflow.Template) {
	names := taken{what: "another container of the pod"}
	for _, c := range t.Containers {
		if c.Role != workflow.Main || t.Type == workflow.TypeContainerSet {
			names.add(pass, c.Name, "container")
		}
	}
}

// taken are the names of one scope, each with where it first stands.
type taken struct {
	first map[string]*manifest.Node
	what  string // that has the name
}

// add takes a name, or reports that it is taken. Names that a tag makes may
// still come out different.
func (t *taken) add(pass *lint.Pass, n *manifest.Node, word string) {
	name := n.Text()
	if name == "" || strings.Contains(name, "{{") {
		return
	}
	before := t.first[name]
	if before == nil {
		if t.first == nil {
			t.first = map[string]*manifest.Node{}
		}
		t.first[name] = n
		return
	}
	pass.Report(lint.Finding{
		Node:    n,
		Message: fmt.Sprintf("%s name %q is taken by %s: rename one of them", word, name, t.what),
		Related: []lint.Related{lint.At(before, "the first is here")},
	})
}
