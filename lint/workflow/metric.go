package workflow

import "github.com/tiphys-dev/tiphys/lint/manifest"

// A Metric is a Prometheus metric of a template or of the workflow.
type Metric struct {
	Node *manifest.Node
	Name *manifest.Node
	// Template is nil for a metric of spec.metrics or spec.templateDefaults.
	Template *Template
}

// Metrics returns the metrics of the workflow, of its template defaults and of
// all templates.
func (w *Workflow) Metrics() []Metric {
	all := metrics(nil, w.Spec, nil)
	if w.Defaults != nil {
		all = metrics(all, w.Defaults.Node, nil)
	}
	for _, t := range w.All {
		all = metrics(all, t.Node, t)
	}
	return all
}

func metrics(all []Metric, owner *manifest.Node, t *Template) []Metric {
	for _, n := range owner.At("metrics", "prometheus").Items() {
		if n.Kind == manifest.Map {
			all = append(all, Metric{Node: n, Name: set(n.Get("name")), Template: t})
		}
	}
	return all
}

// Title names the metric in messages: metric "rows_total" of template "main".
func (m Metric) Title() string {
	title := `metric "` + m.Name.Text() + `"`
	if m.Name.Text() == "" {
		title = "metric " + m.Node.Path()
	}
	if m.Template != nil {
		title += " of " + m.Template.Title()
	}
	return title
}

// Anchor is the node to point at when the metric as a whole is meant.
func (m Metric) Anchor() *manifest.Node {
	if m.Name.Set() {
		return m.Name
	}
	return m.Node
}
