// Package rights holds that each right which the chart gives is needed, and that
// nothing else is. The real programs do what they are for, and what they ask of
// the API server is written down. Then each right is taken away, and the API
// server must refuse what was asked.
package rights

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// A right is the smallest part of a role: one verb on one resource.
type right struct {
	role                        string // KIND/NAME
	group, resource, verb, name string // resource has its subresource, name is "" for all
}

// String tells it as people do.
func (r right) String() string {
	what := r.verb + " " + r.resource
	if r.group != "" {
		what += "." + r.group
	}
	if r.name != "" {
		what += " " + r.name
	}
	return what
}

// allows tells whether a request takes this right, wherever that holds.
func (r right) allows(q cluster.Request) bool {
	resource := q.Resource
	if q.Subresource != "" {
		resource += "/" + q.Subresource
	}
	return r.group == q.Group && r.resource == resource && r.verb == q.Verb && (r.name == "" || r.name == q.Name)
}

// A given right comes with the reason that the chart has in its template.
type given struct {
	right
	why string
}

type rule struct {
	Groups    []string `yaml:"apiGroups"`
	Resources []string `yaml:"resources"`
	Verbs     []string `yaml:"verbs"`
	Names     []string `yaml:"resourceNames"`
}

// rights are those of the roles that the chart renders, in its order.
func rights(t *testing.T, values ...string) (all []given) {
	t.Helper()
	for text := range strings.SplitSeq(chart.Text(t, values...), "\n---") {
		var o struct {
			Kind     string
			Metadata struct{ Name string }
			Rules    []yaml.Node
		}
		if err := yaml.Unmarshal([]byte(text), &o); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		why := ""
		for _, n := range o.Rules {
			var one rule
			if err := n.Decode(&one); err != nil {
				t.Fatal(err)
			}
			if c := comment(n.HeadComment); c != "" {
				why = c
			}
			if why == "" {
				t.Errorf("a rule of %s says not what it is for: %v", o.Metadata.Name, one)
			}
			for _, r := range one.parts(o.Kind + "/" + o.Metadata.Name) {
				all = append(all, given{r, why})
			}
		}
	}
	return all
}

func comment(text string) string {
	text = strings.ReplaceAll(text, "\n# ", " ")
	return strings.TrimSuffix(strings.TrimPrefix(text, "# "), ".")
}

func (r rule) parts(role string) (all []right) {
	names := r.Names
	if names == nil {
		names = []string{""}
	}
	for _, group := range r.Groups {
		for _, resource := range r.Resources {
			for _, verb := range r.Verbs {
				for _, name := range names {
					all = append(all, right{role, group, resource, verb, name})
				}
			}
		}
	}
	return all
}

// without is the rules of a role without one right.
func without(all []given, role string, gone right) (rules []rule) {
	for _, g := range all {
		if g.role != role || g.right == gone {
			continue
		}
		r := rule{Groups: []string{g.group}, Resources: []string{g.resource}, Verbs: []string{g.verb}}
		if g.name != "" {
			r.Names = []string{g.name}
		}
		rules = append(rules, r)
	}
	return rules
}
