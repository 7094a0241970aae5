package admission

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

const who = "jsonpath={.spec.by.user} {.spec.by.groups}"

// stamped: the webhook writes who approves, and holds it, with the policies of
// the API server and alone.
func stamped(t *testing.T, n *installation, space string) {
	g := &guard{api: n.api, space: space}
	g.must(t, people, "apply", "-f", "-")
	g.must(t, etl, "apply", "-f", "-")
	out, err := g.as(t, "alice of sre", decided("a", "reason: it runs"), "create", "-f", "-", "-o", who)
	if want := `alice ["sre","system:authenticated"]`; err != nil || out != want {
		t.Errorf("the approval is by %s, not by %s", out, want)
	}
	no := `Error from server (Forbidden): error when creating "STDIN": `
	if out, _ := g.as(t, "bob", decided("b", ""), "create", "-f", "-"); !strings.Contains(out, `"bob" may not decide for environment "prod"`) {
		t.Errorf("one who may not is stamped, and let in: %s", out)
	}
	t.Cleanup(func() { n.chart.Apply(t, n.api, "ValidatingAdmissionPolicyBinding") })
	g.must(t, "", "delete", "validatingadmissionpolicybinding", "tiphys-approvals")
	forged := decided("b", "by: {user: bob}")
	want := no + `admission webhook "approvals.tiphys.dev" denied the request: spec.by.user is "bob", but "alice" asks: an approval tells who decides, so leave by out, or say who you are`
	cluster.Until(t, func() error {
		out, err := g.as(t, "alice", forged, "create", "--dry-run=server", "-f", "-")
		if err == nil || out != want {
			return fmt.Errorf("the webhook alone says %s", out)
		}
		return nil
	})
	want = no + `admission webhook "approvals.tiphys.dev" denied the request: spec.by.groups[0] is "ops", but "alice" is not in that group: leave it out`
	if out, _ := g.as(t, "alice of sre", decided("b", "by: {user: alice, groups: [ops]}"), "create", "--dry-run=server", "-f", "-"); out != want {
		t.Errorf("the webhook alone says %s", out)
	}
	if out, err := g.as(t, "alice of sre", decided("b", ""), "create", "-f", "-"); err != nil {
		t.Error(out)
	}
}

// TestStampByPolicy: the API server writes who approves with no webhook at all.
func TestStampByPolicy(t *testing.T) {
	api := cluster.Start(t)
	chart.InstallController(t, api, "webhook.enabled=false", "approvals.stampByPolicy=true")
	g := newGuard(t, api)
	cluster.Until(t, func() error {
		out, err := g.as(t, "alice of sre", decided("a", ""), "create", "--dry-run=server", "-f", "-", "-o", who)
		if want := `alice ["sre","system:authenticated"]`; err != nil || out != want {
			return fmt.Errorf("the approval is by %s, not by %s", out, want)
		}
		return nil
	})
	if out, err := g.as(t, "alice", decided("a", "by: {user: bob}"), "create", "--dry-run=server", "-f", "-"); err == nil {
		t.Errorf("who is named is replaced: %s", out)
	}
	if out, err := g.as(t, "bob", decided("a", ""), "create", "--dry-run=server", "-f", "-"); err == nil || !strings.Contains(out, "may not decide") {
		t.Errorf("one who may not is stamped, and let in: %s", out)
	}
}
