package webhook_test

import (
	"errors"
	"testing"

	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/webhooktest"
)

// FuzzReview: whatever the body, there is an answer that an API server takes, or
// a failure of the call with a status, and nothing of ours breaks.
func FuzzReview(f *testing.F) {
	for _, q := range []webhooktest.Request{
		{Object: good}, {Object: good, Old: good, Operation: "UPDATE"}, {Old: good, Operation: "DELETE"}, {Object: "{}", Group: "argoproj.io", Kind: "Sensor"},
		{Object: "{apiVersion: tiphys.dev/v1alpha1, kind: WorkflowPolicy, metadata: {name: a}, spec: {rules: {dag-cycle: no}}}"},
		{Object: approval("by: {user: bob, groups: [sre]}")}, {Object: approval("by: [a]")}, {Object: approval(""), Old: approval("by: {user: alice}"), Operation: "UPDATE"},
	} {
		f.Add(uint8(0), q.Body())
		f.Add(uint8(1), q.Body())
	}
	s := &webhook.State{Rules: rules.All()}
	f.Fuzz(func(t *testing.T, endpoint uint8, body []byte) {
		r, err := webhook.Review(t.Context(), webhook.Endpoint(endpoint%3), body, s)
		if len(r.Failures) > 0 {
			t.Fatal(r.Failures[0])
		}
		var call *webhook.CallError
		switch {
		case err == nil:
			valid(t, r)
		case !errors.As(err, &call) || call.Status < 400:
			t.Errorf("%v has no status", err)
		}
	})
}
