package webhook_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/webhooktest"
)

// approval is an Approval with more in its spec.
func approval(more string) string {
	return "{apiVersion: tiphys.dev/v1alpha1, kind: Approval, metadata: {name: a, namespace: data}, spec: {promotion: etl, candidate: etl-1, environment: prod, decision: approve, " + more + "}}"
}

// TestApprovals: what is decided is decided by who asks, and by nobody else.
func TestApprovals(t *testing.T) {
	mine := approval("by: {user: alice}")
	tests := map[string]struct{ object, old, want string }{
		"by who asks":           {mine, "", "allowed"},
		"with a group of his":   {approval("by: {user: alice, groups: [sre, system:authenticated]}"), "", "allowed"},
		"a rejection":           {strings.Replace(mine, "approve", "reject", 1), "", "allowed"},
		"by somebody else":      {approval("by: {user: bob}"), "", `403 Forbidden: spec.by.user is "bob", but "alice" asks: an approval tells who decides, so leave by out, or say who you are`},
		"by nobody":             {approval(""), "", `403 Forbidden: spec.by.user is "", but "alice" asks`},
		"by null":               {approval("by: null"), "", `403 Forbidden: spec.by.user is "", but "alice" asks`},
		"by a list":             {approval("by: [alice]"), "", `403 Forbidden: spec.by.user is "", but "alice" asks`},
		"with a foreign group":  {approval("by: {user: alice, groups: [sre, ops]}"), "", `403 Forbidden: spec.by.groups[1] is "ops", but "alice" is not in that group: leave it out`},
		"with a group 1":        {approval("by: {user: alice, groups: [1]}"), "", `403 Forbidden: spec.by.groups[0] is "1"`},
		"without a decision":    {strings.Replace(mine, "approve", `""`, 1), "", "422 Invalid: spec.decision: say approve or reject"},
		"with another decision": {strings.Replace(mine, "approve", "approved", 1), "", `422 Invalid: spec.decision: "approved" is no decision: say approve or reject`},
		"without anything":      {"{apiVersion: tiphys.dev/v1alpha1, kind: Approval, metadata: {name: a}}", "", "422 Invalid: spec.promotion: name the Promotion that is decided on; spec.candidate: name the Candidate that is decided on; spec.environment: name the environment"},
		"changed":               {mine, strings.Replace(mine, "approve", "reject", 1), "403 Forbidden: spec: an approval never changes: delete it, and decide again"},
		"labeled":               {strings.Replace(mine, "name: a,", "name: a, labels: {a: b},", 1), mine, "allowed, skipped: unchanged"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			q := webhooktest.Request{Object: test.object, Old: test.old, Groups: "sre"}
			if test.old != "" {
				q.Operation = "UPDATE"
			}
			r, err := webhook.Review(t.Context(), webhook.Validate, q.Body(), &webhook.State{})
			if err != nil {
				t.Fatal(err)
			}
			got := "allowed"
			if !r.Allowed {
				got = fmt.Sprintf("%d %s: %s", r.Code, r.Reason, r.Message)
			}
			if r.Skipped != "" {
				got += ", skipped: " + r.Skipped
			}
			if got != test.want && (r.Allowed || !strings.HasPrefix(got, test.want)) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			valid(t, r)
		})
	}
}

// TestStamp: who asks is written where nobody is named, and what is written
// passes; nobody who is named is replaced.
func TestStamp(t *testing.T) {
	const who = `{"groups":["system:authenticated","sre"],"user":"alice"}`
	tests := map[string]struct{ object, want string }{
		"nobody":                {approval(""), `[{"op":"add","path":"/spec/by","value":` + who + `}]`},
		"null":                  {approval("by: null"), `[{"op":"add","path":"/spec/by","value":` + who + `}]`},
		"nothing of him":        {approval("by: {}"), `[{"op":"add","path":"/spec/by/user","value":"alice"},{"op":"add","path":"/spec/by/groups","value":["system:authenticated","sre"]}]`},
		"an empty name":         {approval(`by: {user: ""}`), `[{"op":"add","path":"/spec/by/user","value":"alice"},{"op":"add","path":"/spec/by/groups","value":["system:authenticated","sre"]}]`},
		"groups alone":          {approval("by: {groups: [sre]}"), `[{"op":"add","path":"/spec/by/user","value":"alice"}]`},
		"himself":               {approval("by: {user: alice}"), ""},
		"somebody else":         {approval("by: {user: bob}"), ""},
		"a list":                {approval("by: [alice]"), ""},
		"nothing at all":        {"{apiVersion: tiphys.dev/v1alpha1, kind: Approval, metadata: {name: a}}", ""},
		"a spec that is a text": {"{apiVersion: tiphys.dev/v1alpha1, kind: Approval, metadata: {name: a}, spec: text}", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := webhook.Review(t.Context(), webhook.Mutate, webhooktest.Request{Object: test.object, Groups: "sre"}.Body(), &webhook.State{})
			if err != nil || !r.Allowed {
				t.Fatal(r.Message, err)
			}
			if diff := cmp.Diff(test.want, string(r.Patch)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			valid(t, r)
		})
	}
	r, err := webhook.Review(t.Context(), webhook.Mutate, webhooktest.Request{Object: approval(""), Old: approval("by: {user: bob}"), Operation: "UPDATE"}.Body(), &webhook.State{})
	if err != nil || len(r.Patch) > 0 {
		t.Errorf("one that exists is stamped: %s, %v", r.Patch, err)
	}
	var many []string
	for i := range 400 {
		many = append(many, fmt.Sprint("g", i))
	}
	r, err = webhook.Review(t.Context(), webhook.Mutate, webhooktest.Request{Object: approval(""), Groups: strings.Join(many[:3], " ") + " " + strings.Repeat("x", 1025) + " " + strings.Join(many[3:], " ")}.Body(), &webhook.State{})
	if got := strings.Count(string(r.Patch), `"g`) - 1; err != nil || got != 255 || strings.Contains(string(r.Patch), "xx") {
		t.Errorf("%d groups of 400 are written: %v", got, err)
	}
}
