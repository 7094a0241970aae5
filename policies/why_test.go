package policies_test

import (
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

func TestWhy(t *testing.T) {
	object := manifest.Parse(source.NewFile("in.yaml", []byte("kind: Workflow\nmetadata: {name: etl, namespace: dev, labels: {team: a}}\n")))[0].Root
	for what, c := range map[string]struct {
		match policies.Match
		want  string
	}{
		"all":                {policies.Match{}, ""},
		"the kind":           {policies.Match{Kinds: []string{"CronWorkflow"}}, "kind Workflow is none of match.kinds: CronWorkflow"},
		"the name":           {policies.Match{Names: []string{"ml-*"}}, `name "etl" is none of match.names: ml-*`},
		"the namespace":      {policies.Match{Namespaces: []string{"prod"}}, `namespace "dev" is none of match.namespaces: prod`},
		"excluded":           {policies.Match{ExcludeNamespaces: []string{"d*"}}, `namespace "dev" is one of match.excludeNamespaces: d*`},
		"the labels":         {policies.Match{ObjectSelector: policies.Selector{{Key: "team", Operator: "DoesNotExist"}}}, "its labels do not meet match.objectSelector"},
		"those of namespace": {policies.Match{NamespaceSelector: policies.Selector{{Key: "env", Operator: "Exists"}}}, `the labels of namespace "dev" do not meet match.namespaceSelector`},
	} {
		t.Run(what, func(t *testing.T) {
			p := policies.Policy{Match: c.match}
			if got := p.Why(policies.Request{NamespaceKnown: true}, object); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	pod := manifest.Parse(source.NewFile("in.yaml", []byte("kind: Pod\n")))[0].Root
	if got := (&policies.Policy{}).Why(policies.Request{}, pod); !strings.HasSuffix(got, `not for kind "Pod"`) {
		t.Errorf("got %q", got)
	}
}
