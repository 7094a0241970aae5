package tagrootunknown

import (
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/scope"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// following are the names that may follow the root of a variable. For steps
// and tasks they follow the name of the step or task.
var following = map[string][]string{
	"inputs":            {"parameters", "artifacts"},
	"outputs":           {"result", "parameters", "artifacts"},
	"workflow":          {"name", "namespace", "uid", "parameters", "labels", "annotations", "outputs", "status", "serviceAccountName", "mainEntrypoint", "creationTimestamp", "scheduledTime", "duration", "priority", "failures"},
	"steps":             {"id", "status", "ip", "exitCode", "outputs", "startedAt", "finishedAt", "hostNodeName"},
	"tasks":             {"id", "status", "ip", "exitCode", "outputs", "startedAt", "finishedAt", "hostNodeName"},
	"pod":               {"name"},
	"lastRetry":         {"exitCode", "status", "duration", "message"},
	"resourcesDuration": {"cpu", "memory"},
	"item":              nil,
}

// roots are the keys of following, in the order in which hints are looked for.
var roots = []string{"inputs", "outputs", "workflow", "steps", "tasks", "pod", "lastRetry", "resourcesDuration", "item"}

// longest is more than any variable has; what is longer is text of another language.
const longest = 300

// meant returns the variable that a tag was most likely meant to be, or "".
func meant(u *scope.Use) string {
	name := u.Name
	if len(name) > longest || strings.ContainsAny(name, " \t\n\"'(){}|$,;=!<>") {
		return ""
	}
	root, rest, dotted := strings.Cut(name, ".")
	if slices.Contains(roots, root) {
		return ""
	}
	if !dotted {
		return alone(u, root)
	}
	if hint := parameter(u, root, rest); hint != "" {
		return hint
	}
	hint, ok := near.Name(root, roots)
	if !ok || len(hint) > len(root)+2 || len(root) > len(hint)+2 {
		return ""
	}
	if hint == "steps" || hint == "tasks" {
		hint = childRoot(u, hint)
	}
	return fits(u, hint, rest)
}

// childRoot prefers the root that the template at hand has.
func childRoot(u *scope.Use, root string) string {
	switch {
	case u.Template == nil:
		return root
	case u.Template.Type == workflow.TypeDAG:
		return "tasks"
	case u.Template.Type == workflow.TypeSteps:
		return "steps"
	}
	return root
}

// fits returns root.rest if rest looks like what follows the root; of a slip
// in the next name too, the right one is returned.
func fits(u *scope.Use, root, rest string) string {
	first, more, dotted := strings.Cut(rest, ".")
	switch root {
	case "item":
		if u.Call == nil || !u.Call.Loops() {
			return ""
		}
		return root + "." + rest
	case "steps", "tasks":
		field, _, _ := strings.Cut(more, ".")
		if !dotted || !slices.Contains(following[root], field) && (u.Template == nil || u.Template.Call(first) == nil) {
			return ""
		}
		return root + "." + rest
	}
	if !slices.Contains(following[root], first) {
		hint, ok := near.Name(first, following[root])
		if !ok || len(first) < 5 {
			return "" // two slips in short words are another language
		}
		first = hint
	}
	if dotted {
		first += "." + more
	}
	return root + "." + first
}

// parameter understands {{parameters.x}} and {{arguments.parameters.x}}, if
// there is such a parameter.
func parameter(u *scope.Use, root, rest string) string {
	switch root {
	case "parameters", "parameter", "params", "param", "arguments", "args":
	default:
		return ""
	}
	return declared(u, strings.TrimPrefix(rest, "parameters."))
}

func declared(u *scope.Use, name string) string {
	if u.Template == nil {
		return ""
	}
	if u.Template.Inputs.Parameter(name) != nil {
		return "inputs.parameters." + name
	}
	if u.Template.Workflow.Arguments.Parameter(name) != nil {
		return "workflow.parameters." + name
	}
	return ""
}

// alone understands {{items}} in a loop, and {{x}} where x is an input. A script
// or a manifest may well have tags of its own, with the same name.
func alone(u *scope.Use, name string) string {
	if hint, ok := near.Name(name, []string{"item"}); ok && u.Call != nil && u.Call.Loops() {
		return hint
	}
	if u.Template == nil || u.Template.Inputs.Parameter(name) == nil || strings.Contains(u.Node.Value, "\n") {
		return ""
	}
	switch u.Template.Type {
	case workflow.TypeContainer, workflow.TypeContainerSet, workflow.TypeSteps, workflow.TypeDAG:
		return "inputs.parameters." + name
	}
	return ""
}
