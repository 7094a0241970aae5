package workflow

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/expr/depends"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// Group is the API group of Argo's kinds.
const Group = "argoproj.io/"

// From reads the workflows out of an object: one for a workflow kind, one for
// each trigger of a Sensor that embeds a workflow, none for other kinds. It
// never fails: what is missing stays nil, and rules say so.
func From(object *manifest.Node) []*Workflow {
	switch kind := object.Get("kind").Text(); kind {
	case KindWorkflow, KindWorkflowTemplate, KindClusterWorkflowTemplate, KindCronWorkflow:
		if foreign(object) {
			return nil
		}
		return []*Workflow{build(object, object, nil)}
	case KindSensor:
		if foreign(object) {
			return nil
		}
		return fromSensor(object)
	}
	return nil
}

// foreign reports whether the object says that it belongs to another API
// group, like the Workflow of another project. An object without apiVersion
// is taken for Argo's, as Argo itself does.
func foreign(n *manifest.Node) bool {
	v := n.Get("apiVersion").Text()
	return v != "" && !strings.HasPrefix(v, Group) && !strings.Contains(v, "{{")
}

// triggers are the fields of a Sensor trigger's template that embed objects.
var triggers = [...]string{"argoWorkflow", "k8s"}

func fromSensor(object *manifest.Node) []*Workflow {
	var all []*Workflow
	for _, t := range object.At("spec", "triggers").Items() {
		for _, field := range triggers {
			if !creates(t.At("template", field, "operation").Text()) {
				continue // the resource only names what is there already
			}
			r := t.At("template", field, "source", "resource")
			switch r.Get("kind").Text() {
			case KindWorkflow, KindWorkflowTemplate, KindClusterWorkflowTemplate, KindCronWorkflow:
				if !foreign(r) {
					all = append(all, build(object, r, t))
				}
			}
		}
	}
	return all
}

// creates reports whether a trigger makes a new object of its resource.
func creates(operation string) bool {
	return operation == "" || operation == "submit" || operation == "create"
}

func build(object, root, trigger *manifest.Node) *Workflow {
	w := &Workflow{Object: object, Root: root, Trigger: trigger, Kind: root.Get("kind").Text()}
	w.Metadata = root.Get("metadata")
	w.Name = w.Metadata.Get("name")
	w.GenerateName = w.Metadata.Get("generateName")
	w.Namespace = w.Metadata.Get("namespace")
	w.Spec = root.Get("spec")
	if w.Kind == KindCronWorkflow {
		w.Cron = w.Spec
		w.Spec = w.Cron.Get("workflowSpec")
	}
	for _, f := range w.Spec.Fields() {
		switch f.Key.Value {
		case "entrypoint":
			w.Entrypoint = set(f)
		case "onExit":
			w.OnExit = set(f)
		case "workflowTemplateRef":
			w.Ref = ref(f)
		case "arguments":
			w.Arguments = arguments(f)
		case "hooks":
			w.Hooks = hooks(f)
		case "templateDefaults":
			if f.Kind == manifest.Map {
				w.Defaults = w.template(f, nil)
			}
		case "templates":
			w.templates(f)
		}
	}
	return w
}

// set turns a null into an absent node.
func set(n *manifest.Node) *manifest.Node {
	if n.Set() {
		return n
	}
	return nil
}

func (w *Workflow) templates(list *manifest.Node) {
	items := list.Items()
	w.byName = make(map[string]*Template, len(items))
	for _, n := range items {
		t := w.template(n, nil)
		w.Templates = append(w.Templates, t)
		if name := t.Name.Text(); name != "" && w.byName[name] == nil {
			w.byName[name] = t
		}
		w.add(t)
	}
}

// add lists a template and what is inline in it.
func (w *Workflow) add(t *Template) {
	w.All = append(w.All, t)
	for _, c := range t.Calls {
		if c.Inline != nil {
			w.add(c.Inline)
		}
	}
}

func (w *Workflow) template(n *manifest.Node, caller *Call) *Template {
	t := &Template{Workflow: w, Node: n, Caller: caller}
	for _, f := range n.Fields() {
		switch f.Key.Value {
		case "name":
			t.Name = set(f)
		case "inputs":
			t.Inputs = arguments(f)
		case "outputs":
			t.Outputs = arguments(f)
		case "container":
			t.body(TypeContainer, f)
		case "containerSet":
			t.body(TypeContainerSet, f)
		case "script":
			t.body(TypeScript, f)
		case "resource":
			t.body(TypeResource, f)
		case "data":
			t.body(TypeData, f)
		case "http":
			t.body(TypeHTTP, f)
		case "plugin":
			t.body(TypePlugin, f)
		case "suspend":
			t.body(TypeSuspend, f)
		case "steps":
			t.body(TypeSteps, f)
		case "dag":
			t.body(TypeDAG, f)
		}
	}
	t.calls()
	t.containers()
	return t
}

func (t *Template) body(kind Type, n *manifest.Node) {
	if !n.Set() {
		return
	}
	t.Types = append(t.Types, n)
	if t.Type == NoType {
		t.Type, t.Body = kind, n
	}
}

func (t *Template) calls() {
	switch t.Type {
	case TypeDAG:
		for _, n := range t.Body.Get("tasks").Items() {
			t.Calls = append(t.Calls, t.call(n, -1))
		}
	case TypeSteps:
		for i, group := range t.Body.Items() {
			for _, n := range group.Items() {
				t.Calls = append(t.Calls, t.call(n, i))
			}
		}
	default:
		return
	}
	t.byName = make(map[string]*Call, len(t.Calls))
	for i, c := range t.Calls {
		c.Index = i
		if name := c.Name.Text(); name != "" && t.byName[name] == nil {
			t.byName[name] = c
		}
	}
}

func (t *Template) call(n *manifest.Node, group int) *Call {
	c := &Call{Owner: t, Node: n, Group: group}
	for _, f := range n.Fields() {
		switch f.Key.Value {
		case "name":
			c.Name = set(f)
		case "template":
			c.Template = set(f)
		case "templateRef":
			c.Ref = ref(f)
		case "inline":
			if f.Kind == manifest.Map {
				c.Inline = t.Workflow.template(f, c)
			}
		case "arguments":
			c.Arguments = arguments(f)
		case "when":
			c.When = set(f)
		case "depends":
			c.Depends = set(f)
		case "dependencies":
			c.Dependencies = f.Items()
		case "withItems":
			c.WithItems = set(f)
		case "withParam":
			c.WithParam = set(f)
		case "withSequence":
			c.WithSequence = set(f)
		case "onExit":
			c.OnExit = set(f)
		case "hooks":
			c.Hooks = hooks(f)
		}
	}
	if group < 0 {
		c.needs()
	}
	return c
}

// needs collects the tasks that the call waits for. Where both fields are set,
// which Argo refuses, all of them count.
func (c *Call) needs() {
	for _, d := range c.Dependencies {
		if d.Scalar() {
			c.Needs = append(c.Needs, Need{Task: d.Value, Node: d, To: len(d.Value)})
		}
	}
	if c.Depends.Text() == "" {
		return
	}
	c.Waits, c.WaitProblems = depends.Parse(c.Depends.Value)
	for _, o := range c.Waits.Operands {
		if !o.Opaque {
			c.Needs = append(c.Needs, Need{Task: o.Task, Status: o.Status, Node: c.Depends, From: o.From, To: o.TaskTo})
		}
	}
}

func (t *Template) containers() {
	one := func(n *manifest.Node, role Role) {
		if n.Kind == manifest.Map {
			t.Containers = append(t.Containers, &Container{Template: t, Node: n, Role: role, Name: n.Get("name"), Image: set(n.Get("image"))})
		}
	}
	switch t.Type {
	case TypeContainer, TypeScript:
		one(t.Body, Main)
	case TypeContainerSet:
		for _, n := range t.Body.Get("containers").Items() {
			one(n, Main)
		}
	}
	for _, n := range t.Node.Get("initContainers").Items() {
		one(n, Init)
	}
	for _, n := range t.Node.Get("sidecars").Items() {
		one(n, Sidecar)
	}
}

func ref(n *manifest.Node) *Ref {
	if n.Kind != manifest.Map {
		return nil
	}
	return &Ref{Node: n, Name: set(n.Get("name")), Template: set(n.Get("template")), Cluster: n.Get("clusterScope").True()}
}

func hooks(n *manifest.Node) []*Hook {
	var all []*Hook
	for _, f := range n.Fields() {
		h := &Hook{Node: f, Key: f.Key, Expression: set(f.Get("expression")), Template: set(f.Get("template")), Arguments: arguments(f.Get("arguments"))}
		if r := f.Get("templateRef"); r.Set() {
			h.Ref = ref(r)
		}
		all = append(all, h)
	}
	return all
}

func arguments(n *manifest.Node) Arguments {
	a := Arguments{Node: n}
	for _, p := range n.Get("parameters").Items() {
		a.Parameters = append(a.Parameters, parameter(p))
	}
	for _, p := range n.Get("artifacts").Items() {
		a.Artifacts = append(a.Artifacts, artifact(p))
	}
	a.index()
	return a
}

func parameter(n *manifest.Node) *Parameter {
	p := &Parameter{Node: n}
	for _, f := range n.Fields() {
		switch f.Key.Value {
		case "name":
			p.Name = set(f)
		case "value":
			p.Value = set(f)
		case "default":
			p.Default = set(f)
		case "valueFrom":
			p.ValueFrom = set(f)
		case "enum":
			p.Enum = set(f)
		case "globalName":
			p.GlobalName = set(f)
		}
	}
	return p
}

func artifact(n *manifest.Node) *Artifact {
	a := &Artifact{Node: n}
	for _, f := range n.Fields() {
		switch f.Key.Value {
		case "name":
			a.Name = set(f)
		case "path":
			a.Path = set(f)
		case "from":
			a.From = set(f)
		case "fromExpression":
			a.FromExpression = set(f)
		case "globalName":
			a.GlobalName = set(f)
		case "optional":
			a.Optional = f.True()
		case "s3", "git", "http", "artifactory", "hdfs", "raw", "oss", "gcs", "azure", "plugin":
			if f.Set() {
				a.Locations = append(a.Locations, f)
			}
		}
	}
	return a
}
