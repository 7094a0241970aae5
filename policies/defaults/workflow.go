package defaults

import (
	"slices"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/pod"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// run plans what is missing in one workflow.
func (s *set) run(pass *lint.Pass) plan {
	flow := pass.Workflow
	w := writer{pass: pass, plan: plan{}, target: flow}
	if flow.Trigger != nil {
		w.write(place{own: flow.Root, anchor: flow.Anchor(), who: "the workflow of the Sensor"}, s.metadata, nil)
	}
	if flow.Cron.Set() && flow.Cron.Kind == manifest.Map {
		s.cron(&w)
	}
	if flow.Spec == nil || flow.Spec.Kind != manifest.Map {
		return w.plan
	}
	spec := s.writeSpec(&w)
	for _, t := range flow.All {
		if t.Type.Pod() && t.Node.Kind == manifest.Map {
			s.template(&w, spec, t)
		}
	}
	return w.plan
}

// cron writes labels and annotations that the runs of a CronWorkflow get: they
// are made by Argo's controller, and no webhook sees them.
func (s *set) cron(w *writer) {
	flow := w.pass.Workflow
	p := place{own: flow.Cron, anchor: flow.Anchor(), who: "the CronWorkflow", under: []string{"workflowMetadata"}}
	var all []leaf
	for _, l := range s.metadata {
		v := l.value
		if own := flow.Metadata.At(l.path[1:]...); own.Scalar() {
			v = own.Text() // what the CronWorkflow says of itself it says of its runs
		}
		all = append(all, leaf{l.path[1:], v, l.policy})
	}
	w.write(p, all, func(_ *scope, l *leaf) bool {
		return l.path[1] == "labels" && flow.Cron.At("workflowMetadata", "labelsFrom", l.path[2]).Set()
	})
}

// writeSpec writes the spec. What a run says in its own spec is stronger than
// what the WorkflowTemplate says that it is a run of, so a default for a run
// would overrule the template, unless it is known to be silent.
func (s *set) writeSpec(w *writer) *scope {
	flow := w.pass.Workflow
	all := s.spec
	var library *manifest.Node
	if flow.Ref != nil {
		l, state := w.pass.Index.Library(flow.Namespace.Text(), flow.Ref.Name.Text(), flow.Ref.Cluster)
		if state != resolve.Known || l.Spec == nil { // known by its signature alone
			all = nil
		} else {
			library = l.Spec
		}
	}
	p := place{own: flow.Spec, anchor: flow.Anchor(), who: "the " + flow.Kind}
	p.layers = func(path ...string) *manifest.Node {
		if n := flow.Spec.At(path...); n.Set() {
			return n
		}
		return library.At(path...)
	}
	return w.write(p, all, func(now *scope, l *leaf) bool {
		return now.shadows(l) || l.is("securityContext", "runAsNonRoot") && l.value == true && (flow.Ref != nil || rooted(flow.All...))
	})
}

// rooted reports whether a container says that it runs as root.
func rooted(all ...*workflow.Template) bool {
	for _, t := range all {
		p := pod.Of(t)
		for c := range p.Containers() {
			if c.At("securityContext", "runAsUser").Text() == "0" {
				return true
			}
		}
	}
	return false
}

// inherited are the fields that a template takes from the spec of its workflow
// where it is silent itself. Written in each template, a default for one of them
// would overrule the spec.
var inherited = []string{
	"nodeSelector", "affinity", "tolerations", "schedulerName", "serviceAccountName",
	"automountServiceAccountToken", "securityContext", "retryStrategy", "executor", "hostAliases", "podResources",
}

func (s *set) template(w *writer, spec *scope, t *workflow.Template) {
	q := pod.Of(t)
	if q.Open {
		return // its podSpecPatch may say anything
	}
	var written *scope
	if len(s.templates) > 0 {
		p := place{own: t.Node, anchor: t.Anchor(), who: t.Title(), layers: func(path ...string) *manifest.Node { return templateSays(&q, path) }}
		written = w.write(p, s.templates, func(now *scope, l *leaf) bool { return spec.objects(t, now, l) || spec.shadows(l) })
	}
	if len(s.containers) == 0 {
		return
	}
	for c := range q.Containers() {
		if c.Node == nil || c.Node.Kind != manifest.Map {
			continue
		}
		p := place{own: c.Node, anchor: c.Anchor(), who: c.Title(), layers: c.At}
		w.write(p, s.containers, func(now *scope, l *leaf) bool {
			switch l.path[0] {
			case "securityContext":
				return len(l.path) == 2 && podObjects(&q, spec, written, now, l)
			case "volumeMounts":
				return !mountable(&q, l, spec, written)
			case "livenessProbe", "readinessProbe", "startupProbe", "lifecycle":
				// An init container has them only as a sidecar.
				return c.Role == workflow.Init && c.At("restartPolicy").Text() != "Always"
			}
			return false
		})
	}
}

// templateSays returns what is said of a field of a template, by itself or by
// templateDefaults, or for its pod by a podSpecPatch.
func templateSays(q *pod.Pod, path []string) *manifest.Node {
	if n := q.Template.Node.At(path...); n.Set() {
		return n
	}
	if n := defaultsOf(q.Template).At(path...); n.Set() {
		return n
	}
	if path[0] == "securityContext" && len(path) == 2 {
		return q.Security(path[1])
	}
	if slices.Contains(inherited, path[0]) {
		return q.At(path...)
	}
	return nil
}

// defaultsOf is the node of templateDefaults.
func defaultsOf(t *workflow.Template) *manifest.Node {
	if d := t.Workflow.Defaults; d != nil {
		return d.Node
	}
	return nil
}

// objects reports whether what the spec says, or another field of the template,
// stands against a default for the template.
func (s *scope) objects(t *workflow.Template, now *scope, l *leaf) bool {
	field := l.path[0]
	says := func(key string) bool { _, ok := now.says(key); return ok }
	switch {
	case field == "activeDeadlineSeconds" || field == "timeout":
		// The two are one decision, and a daemon is to live as long as what needs it.
		return now.at("daemon").Set() || field == "timeout" && says("activeDeadlineSeconds") || now.at("timeout").Set()
	case field == "retryStrategy" && t.Body.Get("retryStrategy").Set():
		return true
	case field == "priorityClassName":
		return s.saysAny("podPriorityClassName")
	case field == "metadata":
		_, ok := s.says(append([]string{"podMetadata"}, l.path[1:]...)...)
		return ok
	case field == "securityContext":
		if l.is("securityContext", "runAsNonRoot") && l.value == true && rooted(t) {
			return true
		}
		// That of a template takes the place of the workflow's as a whole.
		return !t.Node.Get(field).Set() && s.saysAny(field)
	}
	return slices.Contains(inherited, field) && s.saysAny(field)
}

// saysAny reports whether a field is set, or a default writes to it.
func (s *scope) saysAny(field string) bool { return s.at(field).Set() || s.writes(field) }

// writes reports whether a default writes to a field.
func (s *scope) writes(field string) bool { return s != nil && s.fields[field] }

// podObjects reports whether the security context of the pod stands against a
// default for one of its containers, which would be stronger.
func podObjects(q *pod.Pod, spec, template, now *scope, l *leaf) bool {
	const field = "securityContext"
	written := template // that of a template takes the place of the workflow's
	if !q.Template.Node.Get(field).Set() && !defaultsOf(q.Template).Get(field).Set() && !template.writes(field) {
		written = spec
	}
	says := func(key string) string {
		if n := q.Security(key); n.Set() {
			return n.Text()
		}
		if written == nil {
			return ""
		}
		return text(written.took[join([]string{field, key})])
	}
	key := l.path[1]
	if says(key) != "" {
		return true
	}
	switch key {
	case "runAsNonRoot":
		_, own := now.says(field, "runAsUser")
		return l.value == true && !own && says("runAsUser") == "0"
	case "runAsUser":
		_, own := now.says(field, "runAsNonRoot")
		return text(l.value) == "0" && !own && says("runAsNonRoot") == "true"
	}
	return false
}
