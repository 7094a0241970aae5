package scope

import (
	"maps"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/resolve"
)

// globals are the names under "workflow." whose presence depends on the
// workflow.
type globals struct {
	parameters          map[string]bool
	labels, annotations map[string]bool
	// anyParameter is set where arguments come later, as for a WorkflowTemplate.
	anyParameter bool
	// anyKey is set where labels and annotations may come from what is not given.
	anyKey bool
	// outside is set where the workflow is made of what is not given.
	outside bool
}

func (a *analyzer) globalsOf() globals {
	w := a.w
	g := globals{
		parameters: map[string]bool{}, labels: map[string]bool{}, annotations: map[string]bool{},
	}
	for _, p := range w.Arguments.Parameters {
		g.parameters[p.Name.Text()] = true
	}
	if w.IsLibrary() {
		g.anyParameter = true
	}
	meta := w.Metadata
	if w.Cron != nil {
		// Runs of a CronWorkflow do not inherit its own metadata.
		meta = w.Cron.Get("workflowMetadata")
		g.labels["workflows.argoproj.io/cron-workflow"] = true
		g.annotations["workflows.argoproj.io/scheduled-time"] = true
	}
	of := w.Spec.Get("workflowMetadata")
	for _, f := range meta.Get("labels").Fields() {
		g.labels[f.Key.Value] = true
	}
	for _, name := range []string{"labels", "labelsFrom"} {
		for _, f := range of.Get(name).Fields() {
			g.labels[f.Key.Value] = true
		}
	}
	for _, f := range meta.Get("annotations").Fields() {
		g.annotations[f.Key.Value] = true
	}
	for _, f := range of.Get("annotations").Fields() {
		g.annotations[f.Key.Value] = true
	}
	a.fromRef(&g)
	return g
}

// fromRef adds what the WorkflowTemplate behind workflowTemplateRef brings.
func (a *analyzer) fromRef(g *globals) {
	if a.w.Ref == nil {
		return
	}
	lib, state := a.index.Library(a.w.Namespace.Text(), a.w.Ref.Name.Text(), a.w.Ref.Cluster)
	if state != resolve.Known {
		g.anyParameter, g.anyKey, g.outside = true, true, true
		return
	}
	for _, p := range lib.Parameters {
		g.parameters[p.Name] = true
	}
	for _, k := range lib.Labels {
		g.labels[k] = true
	}
	for _, k := range lib.Annotations {
		g.annotations[k] = true
	}
}

// globalNames are those that are always there.
var globalNames = []string{
	"name", "namespace", "uid", "serviceAccountName", "mainEntrypoint", "status", "labels", "labels.json",
	"annotations", "annotations.json", "creationTimestamp", "duration", "scheduledTime", "parameters",
	"parameters.json", "priority", "failures",
}

// global answers for what follows "workflow.".
func (a *analyzer) global(rest string, s Site) Answer {
	g := &a.globals
	for _, p := range []string{"creationTimestamp", "scheduledTime", "duration"} {
		if strings.HasPrefix(rest, p) {
			return unchecked
		}
	}
	kind, name, dotted := strings.Cut(rest, ".")
	switch kind {
	case "name", "namespace", "uid", "serviceAccountName", "mainEntrypoint", "status":
		if !dotted {
			return known
		}
	case "priority":
		if !dotted {
			return a.priority()
		}
	case "failures":
		if !dotted {
			return a.failures(s)
		}
	case "parameters":
		return a.parameter(name, dotted)
	case "labels":
		return a.metadata("label", g.labels, name, dotted)
	case "annotations":
		return a.metadata("annotation", g.annotations, name, dotted)
	case "outputs":
		return a.globalOutput(name, s)
	}
	return missing("is no variable of a workflow").near(rest, globalNames)
}

func (a *analyzer) priority() Answer {
	if a.w.Spec.Get("priority").Set() || a.w.Ref != nil {
		return known
	}
	return missing("has a value only where spec.priority is set")
}

func (a *analyzer) parameter(name string, dotted bool) Answer {
	g := &a.globals
	switch {
	case g.anyParameter:
		return open
	case !dotted || name == "json":
		if len(g.parameters) > 0 {
			return known
		}
		return missing("has no value: the workflow has no spec.arguments.parameters")
	case g.parameters[name]:
		return known
	}
	have := a.have(a.w, "parameters", func() (have []string) {
		for _, p := range a.w.Arguments.Parameters {
			have = append(have, p.Name.Text())
		}
		return have
	})
	if len(have) == 0 {
		return missing("names a parameter of the workflow, which has no spec.arguments.parameters")
	}
	return missing("names a parameter that spec.arguments does not declare%s", listed(have)).near(name, have)
}

func (a *analyzer) metadata(word string, keys map[string]bool, name string, dotted bool) Answer {
	switch {
	case !dotted || name == "json" || keys[name]:
		return known
	case a.globals.anyKey || a.w.Trigger != nil:
		return open
	}
	have := a.have(a.w, word, func() []string { return slices.Sorted(maps.Keys(keys)) })
	if a.w.Cron != nil {
		return missing("names %s %s that a run does not get: the labels and annotations of a CronWorkflow are not those of its runs, spec.workflowMetadata is", article(word), word).near(name, have)
	}
	return missing("names %s %s that the workflow does not have", article(word), word).near(name, have)
}

func article(word string) string {
	if word[0] == 'a' {
		return "an"
	}
	return "a"
}

// failures is there from the moment that Argo validates spec.onExit: in the
// exit handler, and in templates that nothing else has led to before.
func (a *analyzer) failures(s Site) Answer {
	switch {
	case s.Part == Spec:
		return open
	case !a.w.OnExit.Set():
		return missing("has a value only in an exit handler, and the workflow has no spec.onExit")
	}
	o := a.ordered()
	if at, ok := o.at(s); ok && at.when < o.exit {
		return missing("has a value only in the exit handler, but %s also runs from the entrypoint", s.Template.Title())
	}
	return known
}

// globalOutput answers for what follows "workflow.outputs.".
func (a *analyzer) globalOutput(rest string, s Site) Answer {
	kind, name, dotted := strings.Cut(rest, ".")
	if kind != "parameters" && kind != "artifacts" || !dotted {
		return missing(`is no variable: write "workflow.outputs.parameters.NAME" or "workflow.outputs.artifacts.NAME"`)
	}
	if a.w.Trigger != nil || s.Part == Spec || a.globals.outside {
		return open
	}
	o := a.ordered()
	at, ok := o.at(s)
	all := o.exports[rest]
	if !ok || o.unknown || o.anyAt(kind, s, at) {
		return open
	}
	if len(all) == 0 {
		have := a.have(a.w, "global "+kind, func() (have []string) {
			for _, e := range slices.Sorted(maps.Keys(o.exports)) {
				if n, ok := strings.CutPrefix(e, kind+"."); ok {
					have = append(have, n)
				}
			}
			return have
		})
		return missing("names a global output, but no template that is called has an output with globalName %q", name).near(name, have)
	}
	for _, e := range all {
		if a.mayPrecede(e, at) {
			return known
		}
	}
	if c := all[0].by; c != nil {
		return missing("has no value yet: the output with globalName %q comes from %s, which runs later", name, c.Title())
	}
	return missing("has no value yet: the output with globalName %q comes later", name)
}
