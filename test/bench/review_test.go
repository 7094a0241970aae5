package bench

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
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

// BenchmarkReview measures the review of one request on one core, answer
// included. CPU is what counts: other programs only add to the wall clock.
func BenchmarkReview(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command has it
	states := map[string]*webhook.State{"built-in rules": {Rules: rules.All()}, "production policy": production(b)}
	objects := map[string]string{"3 steps": typical, "20 tasks": string(Manifest(0))}
	for b.Loop() {
		fmt.Printf("\n  %-10s %8s  %-18s %14s %14s\n", "workflow", "request", "state", "validate", "mutate")
		for _, object := range []string{"3 steps", "20 tasks"} {
			body := webhooktest.Request{Object: objects[object]}.Body()
			for _, state := range []string{"built-in rules", "production policy"} {
				validate := perReview(b, webhook.Validate, body, states[state])
				mutate := perReview(b, webhook.Mutate, body, states[state])
				fmt.Printf("  %-10s %6.1fKB  %-18s %12dµs %12dµs\n", object, float64(len(body))/1024, state, validate.Microseconds(), mutate.Microseconds())
				b.ReportMetric(float64(validate.Microseconds()), strings.ReplaceAll(object+"-"+state, " ", "-")+"-µs")
			}
		}
	}
	b.ReportMetric(0, "ns/op")
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

// perReview returns the processor time of one review, the least of five goes.
func perReview(b *testing.B, e webhook.Endpoint, body []byte, s *webhook.State) time.Duration {
	const n = 400
	var least time.Duration
	for range 5 {
		before := cpu()
		for range n {
			r, err := webhook.Review(b.Context(), e, body, s)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := r.JSON(); err != nil {
				b.Fatal(err)
			}
		}
		if took := (cpu() - before) / n; least == 0 || took < least {
			least = took
		}
	}
	return least
}
