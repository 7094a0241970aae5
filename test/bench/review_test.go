package bench

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/lint/rules"
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
	for name, object := range map[string]string{"3-steps": typical, "20-tasks": string(Manifest(0))} {
		b.Run(name, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			body := webhooktest.Request{Object: object}.Body()
			s := &webhook.State{Rules: rules.All()}
			n, before := 0, cpu()
			for b.Loop() {
				for range 500 {
					reviewOnce(b, body, s)
				}
				n += 500
			}
			perReview := (cpu() - before) / time.Duration(n)
			fmt.Printf("\n  review of %-9s %5.1f KB: %4d µs CPU\n", name, float64(len(body))/1024, perReview.Microseconds())
			b.ReportMetric(float64(perReview.Microseconds()), "µs-CPU/review")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func reviewOnce(b *testing.B, body []byte, s *webhook.State) {
	r, err := webhook.Review(b.Context(), webhook.Validate, body, s)
	if err != nil || !r.Allowed {
		b.Fatal(err, r.Message)
	}
	if _, err := r.JSON(); err != nil {
		b.Fatal(err)
	}
}
