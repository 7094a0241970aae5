package lsp

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// tag offers the next name of the variable that is being written in a tag.
func (c *completer) tag(body string) {
	expression := strings.HasPrefix(body, "=")
	path := strings.TrimLeft(strings.TrimPrefix(body, "="), " ")
	if expression {
		i := len(path)
		for i > 0 && strings.IndexByte(wordBytes+".", path[i-1]) >= 0 {
			i--
		}
		path = path[i:]
	}
	names := strings.Split(path, ".")
	typed := names[len(names)-1]
	for _, o := range c.variables(names[:len(names)-1]) {
		text, replaced := o.name, len(typed)
		if expression && !identifier(o.name) {
			if len(names) < 2 {
				continue
			}
			text, replaced = "['"+o.name+"']", replaced+1 // the dot goes too
		}
		c.offer(o, replaced, text)
		if replaced > len(typed) {
			c.items[len(c.items)-1].FilterText = "." + o.name
		}
	}
}

func identifier(name string) bool {
	return !strings.ContainsAny(name, "-./ ") && (name == "" || name[0] < '0' || name[0] > '9')
}

// variables returns the names that may follow a path, none for a path that is
// not known: docs/argo.md.
func (c *completer) variables(path []string) []offer {
	at := func(i int) string {
		if i < len(path) {
			return path[i]
		}
		return ""
	}
	words := func(names ...string) []offer { return offersOf(names, kindVariable) }
	switch at(0) {
	case "":
		if len(path) == 0 {
			return words(c.roots()...)
		}
	case "inputs", "outputs":
		if c.template == nil {
			return nil
		}
		from := &c.template.Inputs
		if at(0) == "outputs" {
			from = &c.template.Outputs
		}
		return c.declared(from, path[1:])
	case "workflow":
		return c.globals(path[1:])
	case "tasks", "steps":
		if len(path) == 1 {
			return c.earlier()
		}
		return c.results(at(1), path[2:])
	case "item":
		if len(path) == 1 && c.call != nil {
			return itemKeys(c.call)
		}
	case "pod":
		if len(path) == 1 {
			return words("name")
		}
	case "lastRetry":
		if len(path) == 1 {
			return words("exitCode", "status", "duration", "message")
		}
	}
	return nil
}

// roots are what a variable can begin with at the cursor.
func (c *completer) roots() []string {
	var out []string
	t := c.template
	if t != nil {
		out = append(out, "inputs")
		switch {
		case t.Type == workflow.TypeDAG:
			out = append(out, "tasks")
		case t.Type == workflow.TypeSteps:
			out = append(out, "steps")
		case t.Type.Leaf():
			out = append(out, "outputs")
		}
		if t.Type.Pod() {
			out = append(out, "pod")
		}
		if t.Node.Get("retryStrategy").Set() {
			out = append(out, "retries", "lastRetry")
		}
	}
	if c.call != nil && c.call.Loops() {
		out = append(out, "item")
	}
	return append(out, "workflow")
}

// declared offers the parameters and artifacts of a template itself.
func (c *completer) declared(from *workflow.Arguments, path []string) []offer {
	var names []string
	switch {
	case len(path) == 0:
		names = []string{"parameters", "artifacts"}
	case len(path) == 1 && path[0] == "parameters":
		for _, p := range from.Parameters {
			names = append(names, p.Name.Text())
		}
	case len(path) == 1 && path[0] == "artifacts":
		for _, a := range from.Artifacts {
			names = append(names, a.Name.Text())
		}
	case len(path) == 2 && (path[0] == "artifacts" || from == &c.template.Outputs):
		names = []string{"path"}
	}
	return offersOf(names, kindVariable)
}

// globals offers what follows "workflow.".
func (c *completer) globals(path []string) []offer {
	w := c.flow
	var names []string
	switch {
	case len(path) == 0:
		names = []string{
			"name", "namespace", "uid", "parameters", "outputs", "labels", "annotations", "serviceAccountName", "mainEntrypoint",
			"creationTimestamp", "scheduledTime", "duration", "priority", "status", "failures",
		}
	case len(path) == 1 && path[0] == "parameters":
		for _, p := range w.Arguments.Parameters {
			names = append(names, p.Name.Text())
		}
		if lib, ok := c.index.Callees(w).Base(); ok && lib != nil {
			for _, p := range lib.Parameters {
				names = append(names, p.Name)
			}
		}
	case len(path) == 1 && (path[0] == "labels" || path[0] == "annotations"):
		for _, m := range []string{"metadata", "workflowMetadata"} {
			from := w.Root
			if m == "workflowMetadata" {
				from = w.Spec
			}
			for _, f := range from.At(m, path[0]).Fields() {
				names = append(names, f.Key.Value)
			}
		}
	case len(path) == 1 && path[0] == "outputs":
		names = []string{"parameters", "artifacts"}
	case len(path) == 2 && path[0] == "outputs":
		for _, t := range w.All {
			s := resolve.Of(t)
			if path[1] == "parameters" {
				names = append(names, s.GlobalOutputs...)
			} else if path[1] == "artifacts" {
				names = append(names, s.GlobalFiles...)
			}
		}
	}
	return offersOf(names, kindVariable)
}

// earlier offers the steps before the one at the cursor, or the other tasks.
func (c *completer) earlier() []offer {
	if c.template == nil {
		return nil
	}
	var out []offer
	for _, o := range c.template.Calls {
		if o.Name.Text() == "" || o == c.call || c.call != nil && o.Group >= 0 && o.Group >= c.call.Group {
			continue
		}
		out = append(out, offer{name: o.Name.Text(), kind: kindReference, detail: o.Word()})
	}
	return out
}

// results offers what is known of a step or task once it has run.
func (c *completer) results(name string, path []string) []offer {
	if c.template == nil {
		return nil
	}
	call := c.template.Call(name)
	if call == nil {
		return nil
	}
	callee, known := c.index.Callees(c.flow).Of(call)
	var names []string
	switch {
	case len(path) == 0:
		names = []string{"outputs", "status", "id", "startedAt", "finishedAt", "hostNodeName"}
		if known && callee.Result {
			names = append(names, "exitCode")
		}
		if known && callee.Daemon {
			names = append(names, "ip")
		}
	case path[0] != "outputs":
	case len(path) == 1:
		names = []string{"parameters", "artifacts"}
		if known && callee.Result {
			names = append(names, "result")
		}
	case len(path) == 2 && known && path[1] == "parameters":
		names = callee.Outputs
	case len(path) == 2 && known && path[1] == "artifacts":
		names = callee.OutFiles
	}
	return offersOf(names, kindVariable)
}

// itemKeys offers the keys of the maps that a call loops over.
func itemKeys(call *workflow.Call) []offer {
	seen := map[string]bool{}
	var names []string
	for _, i := range call.WithItems.Items() {
		for _, f := range i.Fields() {
			if !seen[f.Key.Value] {
				seen[f.Key.Value] = true
				names = append(names, f.Key.Value)
			}
		}
	}
	return offersOf(names, kindVariable)
}
