package admission

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// people have what RBAC gives them: all edit what is in the namespace. alice may
// decide for prod of etl, and move it; the service account ci may, too. owner
// may do everything in the namespace, and admin everything everywhere.
const people = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: editor, namespace: SPACE}
rules:
  - {apiGroups: [tiphys.dev], resources: [promotions, promotions/status, candidates, candidates/status, approvals], verbs: [get, list, create, update, patch, delete]}
  - {apiGroups: [""], resources: [configmaps], verbs: [get, list, create, update, patch, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: editor, namespace: SPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: editor}
subjects:
  - {apiGroup: rbac.authorization.k8s.io, kind: User, name: alice}
  - {apiGroup: rbac.authorization.k8s.io, kind: User, name: bob}
  - {kind: ServiceAccount, name: ci, namespace: SPACE}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: approver, namespace: SPACE}
rules:
  - {apiGroups: [tiphys.dev], resources: [promotions/prod], resourceNames: [etl], verbs: [approve, promote]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: approver, namespace: SPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: approver}
subjects:
  - {apiGroup: rbac.authorization.k8s.io, kind: User, name: alice}
  - {kind: ServiceAccount, name: ci, namespace: SPACE}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: owner, namespace: SPACE}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: owner, namespace: SPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: owner}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: owner}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: ci, namespace: SPACE}
`

const (
	etl = `apiVersion: tiphys.dev/v1alpha1
kind: Promotion
metadata: {name: etl, namespace: SPACE}
spec:
  source: {git: {url: "https://git.example.com/etl.git"}}
  environments:
    - {name: dev}
    - {name: qa}
    - {name: prod, gates: [{approval: {count: 1}}]}
`
	candidate = `apiVersion: tiphys.dev/v1alpha1
kind: Candidate
metadata: {name: etl-0123456789ab, namespace: SPACE}
spec: {promotion: etl, digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", chart: etl, version: 1.0.0, parts: 1}
`
	part = `apiVersion: v1
kind: ConfigMap
metadata: {name: etl-0123456789ab-0, namespace: SPACE, labels: {tiphys.dev/promotion: etl}}
binaryData: {part: eA==}
`
)

// decided is an Approval of a name with more in its spec.
func decided(name, more string) string {
	return fmt.Sprintf(`apiVersion: tiphys.dev/v1alpha1
kind: Approval
metadata: {name: %s, namespace: SPACE}
spec: {promotion: etl, candidate: etl-0123456789ab, environment: prod, decision: approve, %s}
`, name, more)
}

// A guard is an API server that holds the policies of the chart, with nobody at
// the webhook, and a namespace of people.
type guard struct {
	api   *cluster.Cluster
	space string
}

// as runs kubectl as a user, "" for the administrator, with SPACE in what it
// gets standing for the namespace, and in what it says.
func (g *guard) as(t testing.TB, user, stdin string, args ...string) (string, error) {
	t.Helper()
	all := []string{"--kubeconfig", g.api.Kubeconfig, "--namespace", g.space}
	if user != "" {
		name, groups, _ := strings.Cut(user, " of ")
		all = append(all, "--as", strings.ReplaceAll(name, "SPACE", g.space))
		for group := range strings.FieldsSeq(groups) {
			all = append(all, "--as-group", group)
		}
	}
	c := exec.CommandContext(context.WithoutCancel(t.Context()), testbin.Kubectl(t), append(all, args...)...)
	c.Stdin = strings.NewReader(strings.ReplaceAll(stdin, "SPACE", g.space))
	out, err := c.CombinedOutput()
	return strings.TrimSpace(strings.ReplaceAll(string(out), g.space, "SPACE")), err
}

// must runs kubectl as the administrator.
func (g *guard) must(t testing.TB, stdin string, args ...string) {
	t.Helper()
	if out, err := g.as(t, "", stdin, args...); err != nil {
		t.Fatal(out)
	}
}

func newGuard(t *testing.T, api *cluster.Cluster) *guard {
	t.Helper()
	g := &guard{api: api, space: cluster.NamespaceName()}
	g.must(t, "", "create", "namespace", g.space)
	g.must(t, people, "apply", "-f", "-")
	g.must(t, etl, "apply", "-f", "-")
	// Each policy is in force some time after it was applied.
	for _, one := range []string{decided("trial", "by: {user: nobody}"), strings.ReplaceAll(frozen, "name: etl", "name: other"), candidate, part} {
		cluster.Until(t, func() error {
			out, err := g.as(t, "bob", one, "create", "--dry-run=server", "-f", "-")
			if err == nil || !strings.Contains(out, "ValidatingAdmissionPolicy") {
				return fmt.Errorf("a policy is not in force yet: %s", out)
			}
			return nil
		})
	}
	return g
}

var frozen = strings.Replace(etl, "name: prod,", "name: prod, freeze: {reason: audit},", 1)

// An attempt is what somebody tries, and what kubectl says of it: all of it to
// the letter.
type attempt struct {
	user, stdin string
	args        []string
	want        string
}

func (g *guard) try(t *testing.T, all map[string]attempt) {
	t.Helper()
	for name, a := range all {
		t.Run(name, func(t *testing.T) {
			args := a.args
			if args == nil {
				args = []string{"create", "-f", "-"}
			}
			out, _ := g.as(t, a.user, a.stdin, append(args, "--dry-run=server")...)
			if diff := cmp.Diff(a.want, out); diff != "" {
				t.Errorf("what kubectl shows (-want +got):\n%s", diff)
			}
		})
	}
}

const denied = `is forbidden: ValidatingAdmissionPolicy '%s' with binding '%s' denied request: `

func by(policy string) string { return fmt.Sprintf(denied, policy, policy) }

// TestApprovals: who may approve is held with no webhook at all.
func TestApprovals(t *testing.T) {
	api := cluster.Start(t)
	chart.InstallController(t, api, "webhook.enabled=false")
	for name, run := range map[string]func(*testing.T, *guard){
		"who approves": approves, "who freezes and pins": moves, "who writes evidence": forges, "what is collected": collects, "rights of the controller": controls,
		"what the guide says": documented,
	} {
		t.Run(name, func(t *testing.T) { run(t, newGuard(t, api)) })
	}
}

func approves(t *testing.T, g *guard) {
	ci := "system:serviceaccount:SPACE:ci"
	no := `Error from server (Forbidden): error when creating "STDIN": approvals.tiphys.dev "a" ` + by("tiphys-approvals")
	g.try(t, map[string]attempt{
		"who has the verb":                {"alice", decided("a", "by: {user: alice}"), nil, "approval.tiphys.dev/a created (server dry run)"},
		"who has it, and rejects":         {"alice", strings.Replace(decided("a", "by: {user: alice}"), "decision: approve", "decision: reject", 1), nil, "approval.tiphys.dev/a created (server dry run)"},
		"with groups":                     {"alice of sre system:authenticated", decided("a", "by: {user: alice, groups: [sre]}"), nil, "approval.tiphys.dev/a created (server dry run)"},
		"a service account":               {ci, decided("a", "by: {user: 'system:serviceaccount:SPACE:ci', groups: ['system:serviceaccounts']}"), nil, "approval.tiphys.dev/a created (server dry run)"},
		"who has not the verb":            {"bob", decided("a", "by: {user: bob}"), nil, no + `"bob" may not decide for environment "prod" of promotion "etl": it takes the verb approve on promotions/prod of tiphys.dev, with the resourceName etl, in namespace SPACE`},
		"who has not the verb, to reject": {"bob", strings.Replace(decided("a", "by: {user: bob}"), "decision: approve", "decision: reject", 1), nil, no + `"bob" may not decide for environment "prod" of promotion "etl": it takes the verb approve on promotions/prod of tiphys.dev, with the resourceName etl, in namespace SPACE`},
		"for another environment":         {"alice", strings.Replace(decided("a", "by: {user: alice}"), "prod", "qa", 1), nil, no + `"alice" may not decide for environment "qa" of promotion "etl": it takes the verb approve on promotions/qa of tiphys.dev, with the resourceName etl, in namespace SPACE`},
		"for another promotion":           {"alice", strings.Replace(decided("a", "by: {user: alice}"), "promotion: etl", "promotion: ml", 1), nil, no + `"alice" may not decide for environment "prod" of promotion "ml": it takes the verb approve on promotions/prod of tiphys.dev, with the resourceName ml, in namespace SPACE`},
		"as somebody else":                {"alice", decided("a", "by: {user: bob}"), nil, no + `spec.by.user is "bob", but "alice" asks: an approval tells who decides, so it must be "alice"`},
		"as nobody":                       {"alice", decided("a", ""), nil, no + `spec.by.user is "", but "alice" asks: an approval tells who decides, so it must be "alice"`},
		"with a group of others":          {"alice of sre", decided("a", "by: {user: alice, groups: [sre, ops]}"), nil, no + `spec.by.groups has "ops", but "alice" is not in that group: leave it out`},
		"with a decision of another kind": {"alice", strings.Replace(decided("a", "by: {user: alice}"), "decision: approve", "decision: maybe", 1), nil, "The Approval \"a\" is invalid: \n* spec.decision: Unsupported value: \"maybe\": supported values: \"approve\", \"reject\"\n* <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"},
	})
	if out, err := g.as(t, "alice", decided("mine", "by: {user: alice}"), "create", "-f", "-"); err != nil {
		t.Fatal(out)
	}
	// What has an owner that is not there is collected.
	const owner = `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"none","uid":"00000000-0000-0000-0000-000000000000"}]}}`
	changed := strings.Replace(decided("mine", "by: {user: alice}"), "decision: approve", "decision: reject", 1)
	g.try(t, map[string]attempt{
		"changed":                               {"alice", changed, []string{"replace", "-f", "-"}, `The Approval "mine" is invalid: spec: Invalid value: an approval never changes: delete it, and decide again`},
		"labeled":                               {"bob", "", []string{"label", "approval", "mine", "a=b"}, "approval.tiphys.dev/mine labeled (server dry run)"},
		"taken back by others":                  {"bob", "", []string{"delete", "approval", "mine"}, `Error from server (Forbidden): approvals.tiphys.dev "mine" ` + by("tiphys-approvals") + `"bob" may not take back what "alice" has decided: it takes the verb approve on promotions/prod of tiphys.dev, with the resourceName etl, in namespace SPACE`},
		"owned by what is not there, by others": {"bob", "", []string{"patch", "approval", "mine", "--type=merge", "-p", owner}, `Error from server (Forbidden): approvals.tiphys.dev "mine" ` + by("tiphys-approvals") + `"bob" may not take back what "alice" has decided: it takes the verb approve on promotions/prod of tiphys.dev, with the resourceName etl, in namespace SPACE`},
		"owned by what is not there":            {"alice", "", []string{"patch", "approval", "mine", "--type=merge", "-p", owner}, "approval.tiphys.dev/mine patched"},
		"taken back by a peer":                  {ci, "", []string{"delete", "approval", "mine"}, `approval.tiphys.dev "mine" deleted from SPACE namespace (server dry run)`},
		"taken back":                            {"alice", "", []string{"delete", "approval", "mine"}, `approval.tiphys.dev "mine" deleted from SPACE namespace (server dry run)`},
	})
	t.Run("a token of a service account", func(t *testing.T) {
		token, err := g.as(t, "", "", "create", "token", "ci")
		if err != nil {
			t.Fatal(token)
		}
		its := guard{api: &cluster.Cluster{Kubeconfig: chart.Kubeconfig(t, g.api, token)}, space: g.space}
		if out, err := its.as(t, "", decided("b", "by: {user: 'system:serviceaccount:SPACE:ci'}"), "create", "-f", "-"); err != nil {
			t.Error(out)
		}
		if out, err := its.as(t, "", decided("c", "by: {user: alice}"), "create", "-f", "-"); err == nil {
			t.Error(out)
		}
	})
}

func moves(t *testing.T, g *guard) {
	pinned := strings.Replace(etl, "name: prod,", `name: prod, pin: {candidate: etl-0123456789ab, at: "2026-11-29T00:00:00Z"},`, 1)
	replace := []string{"replace", "-f", "-"}
	right := "it takes the verb promote on promotions/prod of tiphys.dev, with the resourceName etl, in namespace SPACE"
	no := `Error from server (Forbidden): error when replacing "STDIN": promotions.tiphys.dev "etl" ` + by("tiphys-promotions") +
		`"bob" may not freeze, pin or change environment "prod", which is or was frozen, pinned or behind an approval: ` + right
	yes := "promotion.tiphys.dev/etl replaced (server dry run)"
	other := func(s string) string { return strings.Replace(s, "name: etl,", "name: ml,", 1) }
	g.try(t, map[string]attempt{
		"freeze":                         {"alice", frozen, replace, yes},
		"freeze without the verb":        {"bob", frozen, replace, no},
		"pin":                            {"alice", pinned, replace, yes},
		"pin without the verb":           {"bob", pinned, replace, no},
		"change what nobody guards":      {"bob", strings.Replace(etl, "{name: qa}", "{name: qa, onFailure: rollback}", 1), replace, yes},
		"leave out what nobody guards":   {"bob", strings.Replace(etl, "    - {name: qa}\n", "", 1), replace, yes},
		"put it behind an approval":      {"bob", strings.Replace(etl, "{name: qa}", "{name: qa, gates: [{approval: {count: 1}}]}", 1), replace, yes},
		"change the source":              {"bob", strings.Replace(etl, "etl.git", "other.git", 1), replace, yes},
		"suspend":                        {"bob", etl + "  suspend: true\n", replace, yes},
		"change their order":             {"bob", strings.Replace(strings.Replace(etl, "{name: dev}", "{name: x}", 1), "{name: qa}", "{name: dev}", 1), replace, yes},
		"take the gate away":             {"bob", strings.Replace(etl, "{name: prod, gates: [{approval: {count: 1}}]}", "{name: prod}", 1), replace, no},
		"take the gate away, with right": {"alice", strings.Replace(etl, "{name: prod, gates: [{approval: {count: 1}}]}", "{name: prod}", 1), replace, yes},
		"take the environment away":      {"bob", strings.Replace(etl, "    - {name: prod, gates: [{approval: {count: 1}}]}\n", "", 1), replace, no},
		"rename it":                      {"bob", strings.Replace(etl, "name: prod", "name: production", 1), replace, no},
		"act as another in it":           {"bob", strings.Replace(etl, "name: prod,", "name: prod, serviceAccount: root,", 1), replace, no},
		"make a promotion":               {"bob", other(etl), nil, "promotion.tiphys.dev/ml created (server dry run)"},
		"make one that is frozen": {"bob", other(frozen), nil, `Error from server (Forbidden): error when creating "STDIN": promotions.tiphys.dev "ml" ` + by("tiphys-promotions") +
			`"bob" may not freeze, pin or change environment "prod", which is or was frozen, pinned or behind an approval: ` + strings.Replace(right, "etl", "ml", 1)},
		"do all of it as owner": {"owner", frozen, replace, yes},
		"replace eight environments by eight others that are frozen": {"owner", eight("b", "freeze: {reason: x}"), replace, yes},
	})
	g.must(t, frozen, "replace", "-f", "-")
	g.try(t, map[string]attempt{
		"thaw":                          {"alice", etl, replace, yes},
		"thaw without the verb":         {"bob", etl, replace, no},
		"with another reason":           {"bob", strings.Replace(frozen, "audit", "party", 1), replace, no},
		"leave it as it is":             {"bob", strings.Replace(frozen, "etl.git", "other.git", 1), replace, yes},
		"thaw by a patch":               {"bob", "", []string{"patch", "promotion", "etl", "--type=json", "-p", `[{"op":"remove","path":"/spec/environments/2/freeze"}]`}, strings.Replace(no, ` error when replacing "STDIN":`, "", 1)},
		"pin what is frozen for others": {"bob", strings.Replace(frozen, "{name: dev}", "{name: dev, freeze: {reason: a}}", 1), replace, strings.ReplaceAll(no, "prod", "dev")},
	})
	// The bounds of what a policy may cost are far from what it costs at most.
	g.must(t, eight("a", "freeze: {reason: x}"), "replace", "-f", "-")
	g.try(t, map[string]attempt{"all of them anew": {"owner", eight("b", "freeze: {reason: x}"), replace, yes}})
}

// eight is etl with eight environments, whose names begin alike.
func eight(prefix, more string) string {
	head, _, _ := strings.Cut(etl, "    - {name: dev}")
	for i := range 8 {
		head += fmt.Sprintf("    - {name: %s%d, %s, gates: [{approval: {count: 1}}, {window: {deny: [{schedule: \"0 0 * * 6\", duration: 48h}]}}]}\n", prefix, i, more)
	}
	return head
}

func forges(t *testing.T, g *guard) {
	g.must(t, candidate, "create", "-f", "-")
	g.must(t, part, "create", "-f", "-")
	status := []string{"patch", "candidate", "etl-0123456789ab", "--subresource=status", "--type=merge", "-p", `{"status":{"environments":[{"name":"qa","state":"Verified","since":"2026-11-29T00:00:00Z"}]}}`}
	no := func(user, what, name string) string {
		return "Error from server (Forbidden): " + what + " " + by(name) + `"` + user + `" may not write what gates go by: only the controller may, who has the verb manage on candidates of tiphys.dev in all namespaces; to move a promotion on, approve it, or pin a candidate in its spec`
	}
	parts := func(user, when string) string {
		return `Error from server (Forbidden): ` + when + `configmaps "etl-0123456789ab-0" ` + by("tiphys-packages") + `"` + user + `" may not write a ConfigMap with the label tiphys.dev/promotion, as it holds the package of a candidate: only the controller may, who has the verb manage on candidates of tiphys.dev in all namespaces`
	}
	it := `candidates.tiphys.dev "etl-0123456789ab"`
	all := map[string]attempt{
		"a ConfigMap without the label": {"bob", "{apiVersion: v1, kind: ConfigMap, metadata: {name: free, namespace: SPACE}}", nil, "configmap/free created (server dry run)"},
	}
	for _, user := range []string{"bob", "alice", "owner"} {
		all["status by "+user] = attempt{user, "", status, no(user, it, "tiphys-candidates")}
		all["status of a promotion by "+user] = attempt{user, "", []string{"patch", "promotion", "etl", "--subresource=status", "--type=merge", "-p", `{"status":{"summary":"x"}}`}, no(user, `promotions.tiphys.dev "etl"`, "tiphys-candidates")}
		all["another candidate by "+user] = attempt{user, strings.Replace(candidate, "ab,", "ac,", 1), nil, no(user, `error when creating "STDIN": candidates.tiphys.dev "etl-0123456789ac"`, "tiphys-candidates")}
		all["labels by "+user] = attempt{user, "", []string{"label", "candidate", "etl-0123456789ab", "a=b"}, no(user, it, "tiphys-candidates")}
		all["deleted by "+user] = attempt{user, "", []string{"delete", "candidate", "etl-0123456789ab"}, no(user, it, "tiphys-candidates")}
		all["a part by "+user] = attempt{user, "", []string{"patch", "configmap", "etl-0123456789ab-0", "--type=merge", "-p", `{"binaryData":{"part":"eQ=="}}`}, parts(user, "")}
		all["a part without its label by "+user] = attempt{user, "", []string{"label", "configmap", "etl-0123456789ab-0", "tiphys.dev/promotion-"}, parts(user, "")}
		all["a part deleted by "+user] = attempt{user, "", []string{"delete", "configmap", "etl-0123456789ab-0"}, parts(user, "")}
	}
	g.try(t, all)
}

// collects: what belongs to something that is gone, and what is in a namespace
// that goes, can be collected, by whoever does that in a cluster.
func collects(t *testing.T, g *guard) {
	g.must(t, `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: collector}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: [delete, deletecollection, get, list, patch, update, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: collector}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: collector}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: "system:kube-controller-manager-of-a-test"}]
`, "apply", "-f", "-")
	g.must(t, candidate, "create", "-f", "-")
	g.must(t, part, "create", "-f", "-")
	if out, err := g.as(t, "alice", decided("mine", "by: {user: alice}"), "create", "-f", "-"); err != nil {
		t.Fatal(out)
	}
	for _, user := range []string{"system:serviceaccount:kube-system:generic-garbage-collector", "system:serviceaccount:kube-system:namespace-controller", "system:kube-controller-manager-of-a-test"} {
		for _, what := range [][]string{{"candidate", "etl-0123456789ab"}, {"configmap", "etl-0123456789ab-0"}, {"approval", "mine"}} {
			if out, err := g.as(t, user, "", "delete", what[0], what[1], "--dry-run=server"); err != nil {
				t.Errorf("%s: %s", user, out)
			}
			if out, err := g.as(t, user, "", "delete", what[0], "--all", "--dry-run=server"); err != nil {
				t.Errorf("%s: %s", user, out)
			}
		}
		if user == "system:serviceaccount:kube-system:namespace-controller" {
			continue // it changes nothing
		}
		if out, err := g.as(t, user, "", "patch", "candidate", "etl-0123456789ab", "--type=merge", "-p", `{"metadata":{"finalizers":[]}}`, "--dry-run=server"); err != nil {
			t.Errorf("%s: %s", user, out)
		}
	}
	// The right to collect is no right to forge.
	out, err := g.as(t, "system:kube-controller-manager-of-a-test", "", "patch", "candidate", "etl-0123456789ab", "--subresource=status", "--type=merge", "-p", `{"status":{"reached":"prod"}}`, "--dry-run=server")
	if err == nil || !strings.Contains(out, "may not write what gates go by") {
		t.Errorf("who collects writes status: %s", out)
	}
}
