package policies

import (
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
)

// Match says which objects are meant; the zero value means all. What is not
// known, the labels of the namespace of a file say, excludes nothing.
type Match struct {
	Kinds             []string
	Namespaces        []string // with * at the end: all that begin so
	ExcludeNamespaces []string
	Names             []string
	NamespaceSelector Selector
	ObjectSelector    Selector
}

// A Selector selects by labels those that meet all of its requirements.
type Selector []Requirement

// A Requirement is what one label must be.
type Requirement struct {
	Key      string
	Operator string // In, NotIn, Exists, DoesNotExist
	Values   []string
}

// NamespaceLabel is the label of a namespace that has its name as value.
const NamespaceLabel = "kubernetes.io/metadata.name"

// Kinds are those that policies are for.
func Kinds() []string {
	return []string{"Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow", "Sensor"}
}

func (r *reader) match(n *manifest.Node) Match {
	var m Match
	patterns := func(to *[]string, one string) func(*manifest.Node) {
		return func(n *manifest.Node) { *to = r.patterns(n, one) }
	}
	r.fields(n, "match", []field{
		{name: "kinds", read: func(n *manifest.Node) {
			r.list(n, "kinds", func(c *manifest.Node) { m.Kinds = append(m.Kinds, r.oneOf(c, "kind", Kinds()...)) })
		}},
		{name: "namespaces", read: patterns(&m.Namespaces, "a namespace")},
		{name: "excludeNamespaces", read: patterns(&m.ExcludeNamespaces, "a namespace")},
		{name: "namespaceSelector", read: func(n *manifest.Node) { m.NamespaceSelector = r.selector(n) }},
		{name: "objectSelector", read: func(n *manifest.Node) { m.ObjectSelector = r.selector(n) }},
		{name: "names", read: patterns(&m.Names, "a name")},
	})
	return m
}

// patterns reads names that may end in a star.
func (r *reader) patterns(n *manifest.Node, one string) []string {
	all := r.texts(n, n.Key.Value, one)
	for _, c := range n.Items() {
		if i := strings.IndexByte(c.Text(), '*'); c.Kind == manifest.String && i >= 0 && i < len(c.Value)-1 {
			r.reportRange(c, i, i+1, "%q has a star that is not its last character: only names that begin alike can be meant, like prod-*", c.Value)
		}
	}
	return all
}

func (r *reader) selector(n *manifest.Node) Selector {
	var labels, expressions Selector
	r.fields(n, n.Key.Value, []field{
		{name: "matchLabels", read: func(n *manifest.Node) {
			r.labels(n)
			for _, c := range n.Fields() {
				labels = append(labels, Requirement{Key: c.Key.Value, Operator: "In", Values: []string{c.Value}})
			}
		}},
		{name: "matchExpressions", read: func(n *manifest.Node) {
			r.list(n, "matchExpressions", func(c *manifest.Node) { expressions = append(expressions, r.requirement(c)) })
		}},
	})
	slices.SortFunc(labels, func(a, b Requirement) int { return strings.Compare(a.Key, b.Key) })
	return append(labels, expressions...)
}

func (r *reader) requirement(n *manifest.Node) Requirement {
	var q Requirement
	r.fields(n, "an item of matchExpressions", []field{
		{name: "key", required: true, read: func(n *manifest.Node) {
			q.Key = r.text(n, "key")
			if reason, at, ok := names.LabelKey(q.Key); !ok && q.Key != "" {
				r.reportRange(n, at, at+1, "%q cannot be the key of a label: it %s", n.Value, reason)
			}
		}},
		{name: "operator", required: true, read: func(n *manifest.Node) {
			q.Operator = r.oneOf(n, "operator", "In", "NotIn", "Exists", "DoesNotExist")
		}},
		{name: "values", read: func(n *manifest.Node) {
			r.list(n, "values", func(c *manifest.Node) {
				if c.Kind != manifest.String { // the empty one is a value
					r.wrongType(c, "a value", "a string")
				}
				q.Values = append(q.Values, c.Text())
			})
		}},
	})
	switch values := n.Get("values"); {
	case (q.Operator == "In" || q.Operator == "NotIn") && len(q.Values) == 0:
		r.report(n.Get("operator"), "%s needs values: write which", q.Operator)
	case (q.Operator == "Exists" || q.Operator == "DoesNotExist") && len(q.Values) > 0:
		r.reportKey(values, "%s takes no values: whether the label is there is all that is asked", q.Operator)
	}
	return q
}

// fits reports whether a name is one of patterns, of which each may end in *.
func fits(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if begin, ok := strings.CutSuffix(p, "*"); ok {
			return strings.HasPrefix(name, begin)
		}
		return name == p
	})
}

// A subject is what a Match looks at.
type subject struct {
	kind, name, namespace string
	labels                *manifest.Node
	// inNamespace is the labels of the namespace, if they are known.
	inNamespace map[string]string
	known       bool
}

// meets reports whether the subject is meant.
func (m *Match) meets(s *subject) bool {
	switch {
	case len(m.Kinds) > 0 && !slices.Contains(m.Kinds, s.kind),
		len(m.Names) > 0 && !fits(s.name, m.Names):
		return false
	}
	// An object of the cluster is in no namespace: it may be used from each.
	if s.namespace != "" && (len(m.Namespaces) > 0 && !fits(s.namespace, m.Namespaces) || fits(s.namespace, m.ExcludeNamespaces)) {
		return false
	}
	for i := range m.ObjectSelector {
		q := &m.ObjectSelector[i]
		label := s.labels.Get(q.Key)
		if !q.met(label.Text(), label != nil) {
			return false
		}
	}
	return s.namespace == "" || m.selects(s)
}

// selects reports whether the namespace is selected.
func (m *Match) selects(s *subject) bool {
	for i := range m.NamespaceSelector {
		q := &m.NamespaceSelector[i]
		value, ok := s.inNamespace[q.Key]
		switch {
		case q.Key == NamespaceLabel:
			value, ok = s.namespace, true
		case !s.known:
			continue
		}
		if !q.met(value, ok) {
			return false
		}
	}
	return true
}

// met reports whether a label, or its absence, meets the requirement.
func (q *Requirement) met(value string, there bool) bool {
	switch q.Operator {
	case "In":
		return there && slices.Contains(q.Values, value)
	case "NotIn":
		return !there || !slices.Contains(q.Values, value)
	case "Exists":
		return there
	}
	return !there
}
