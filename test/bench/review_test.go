package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/webhooktest"
)

// typical is a workflow of three steps, as most are.
const typical = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  name: report
  namespace: data
  labels: {team: analytics}
spec:
  entrypoint: main
  serviceAccountName: etl
  activeDeadlineSeconds: 3600
  ttlStrategy: {secondsAfterCompletion: 86400}
  podGC: {strategy: OnPodSuccess}
  arguments:
    parameters:
    - {name: day, value: "2026-01-01"}
  templates:
  - name: main
    steps:
    - - name: extract
        template: work
        arguments: {parameters: [{name: what, value: extract}]}
    - - name: transform
        template: work
        arguments: {parameters: [{name: what, value: transform}]}
    - - name: load
        template: work
        arguments: {parameters: [{name: what, value: load}]}
  - name: work
    inputs: {parameters: [{name: what}]}
    container:
      image: registry.example.com/etl:1.14.2
      command: [python, -m, etl]
      args: ["{{inputs.parameters.what}}", "--day={{workflow.parameters.day}}"]
      resources:
        requests: {cpu: 500m, memory: 1Gi}
        limits: {cpu: "1", memory: 2Gi}
      securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false}
`

// reviewSections measures the review of one request on one core, answer
// included, in units of what encoding/json takes to read the request and no more.
// CPU is what counts: other programs only add to the wall clock.
func reviewSections(b *testing.B) []section {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command has it
	s := section{
		title:  "One admission request",
		header: []string{"workflow", "what", "CPU", "CPU / bare decoding"},
	}
	states := []struct {
		name     string
		endpoint webhook.Endpoint
		state    *webhook.State
	}{
		{"validate, built-in rules", webhook.Validate, &webhook.State{Rules: rules.All()}},
		{"validate, policy production", webhook.Validate, production(b)},
		{"mutate, policy production", webhook.Mutate, production(b)},
	}
	for _, object := range []struct{ name, text string }{{"3 steps", typical}, {"20 tasks", string(Manifest(0))}, {"1,000 tasks", string(Wide(1000))}} {
		body := webhooktest.Request{Object: object.text}.Body()
		n := max(10, 400*8<<10/max(len(body), 8<<10))
		name := fmt.Sprintf("%s, %.1f KB", object.name, float64(len(body))/1024)
		bare := each(n, func() {
			var v any
			if err := json.Unmarshal(body, &v); err != nil {
				b.Fatal(err)
			}
		})
		s.row(name, "bare decoding by encoding/json", microseconds(bare), "1")
		for _, one := range states {
			took := each(n, func() {
				r, err := webhook.Review(b.Context(), one.endpoint, body, one.state)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := r.JSON(); err != nil {
					b.Fatal(err)
				}
			})
			s.row("", one.name, microseconds(took), times(took.Seconds(), bare.Seconds()))
		}
	}
	return []section{s}
}

func microseconds(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) }

// each returns the processor time of one of n calls, the least of five goes.
func each(n int, f func()) (least time.Duration) {
	for range 5 {
		before := cpu()
		for range n {
			f()
		}
		if took := (cpu() - before) / time.Duration(n); least == 0 || took < least {
			least = took
		}
	}
	return least
}

// production returns a state that goes by the policy that is shipped under this
// name.
func production(b *testing.B) *webhook.State {
	b.Helper()
	all, problems := policies.Parse(policies.Shipped("production"))
	for _, p := range problems {
		b.Fatal(p)
	}
	set := policies.NewSet(all, policies.Options{})
	return &webhook.State{Rules: rules.All(), Policies: func(ctx context.Context, r *webhook.Request) lint.Policies {
		return set.For(policies.Request{Context: ctx, Operation: r.Operation, Namespace: r.Namespace, Defaults: r.Defaults, Now: time.Now()})
	}}
}
