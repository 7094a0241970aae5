package export_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/policies/export"
)

const policy = `apiVersion: tiphys.dev/v1alpha1
kind: WorkflowPolicy
metadata: {name: team}
spec:
  match:
    kinds: [Workflow]
    namespaces: [prod-*]
    excludeNamespaces: [prod-test]
    names: [a, b]
    objectSelector: {matchLabels: {tier: one}}
    namespaceSelector: {matchExpressions: [{key: env, operator: Exists}]}
  rules: {dag-cycle: deny}
  modules:
  - name: first
    enforcement: audit
    parameters: {most: 3, f: 1.5, b: true, s: x, l: [1], o: {k: v}, e: []}
    rego: |
      package first
      deny contains "x" if input.spec.suspend
  - name: second
    enforcement: "off"
    rego: |
      package second
      deny contains "x"
  - name: third
    rego: |
      package third
      import data.tiphys.lib
      deny contains "x" if count(lib.graphs) > 1
`

func TestGatekeeper(t *testing.T) {
	all, findings := policies.Parse(source.NewFile("policy.yaml", []byte(policy)))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	out, err := export.Gatekeeper(all[0])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"module first: a constraint matches one name, and the policy has several: it is for objects of all names",
		"module second is off and left out",
		"rules of the policy are no Rego, and left out",
	}, out.Notes); diff != "" {
		t.Error(diff)
	}
	if len(out.Refused) != 1 || !strings.HasPrefix(out.Refused[0], "module third: 3:28: lib.graphs needs what only Tiphys knows") {
		t.Errorf("refused %q", out.Refused)
	}
	for _, want := range []string{
		"enforcementAction: dryrun", "namespaces:\n    - prod-*", "excludedNamespaces:\n    - prod-test", "name: team-first",
		"labelSelector:\n      matchExpressions:\n      - key: tier\n        operator: In\n        values:\n        - one",
		"namespaceSelector:\n      matchExpressions:\n      - key: env\n        operator: Exists",
		"most:\n              type: integer", "f:\n              type: number", "deny contains \"x\" if input.review.object.spec.suspend",
	} {
		if !strings.Contains(string(out.Text), want) {
			t.Errorf("there is no %q in\n%s", want, out.Text)
		}
	}
	if n := strings.Count(string(out.Text), "---\n"); n != 2 {
		t.Errorf("%d documents", n)
	}
}
