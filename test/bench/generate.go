// Package bench measures the linter against the bare parse of the same text,
// in one run and as ratios, so that the numbers mean the same on any machine.
package bench

import (
	"fmt"
	"strings"
)

// Manifest returns the i-th generated WorkflowTemplate: a DAG of 20 tasks with
// parameters, about 8 KB.
func Manifest(i int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: nightly-%05d
  namespace: data
  labels:
    team: analytics
  annotations:
    workflows.argoproj.io/description: Loads the tables of source %d and trains what depends on them.
spec:
  entrypoint: main
  serviceAccountName: etl
  activeDeadlineSeconds: 7200
  ttlStrategy: {secondsAfterCompletion: 86400}
  podGC: {strategy: OnPodSuccess}
  arguments:
    parameters:
    - name: day
      value: "2026-01-01"
    - name: bucket
      value: s3://lake/raw
  templates:
  - name: main
    inputs:
      parameters:
      - name: day
        value: "{{workflow.parameters.day}}"
    dag:
      tasks:
`, i, i)
	for t := range 20 {
		fmt.Fprintf(&b, "      - name: task-%02d\n        template: work\n", t)
		if t > 0 {
			fmt.Fprintf(&b, "        depends: task-%02d.Succeeded", t-1)
			if t > 3 {
				fmt.Fprintf(&b, " && task-%02d", t/2)
			}
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "        arguments:\n          parameters:\n          - name: table\n            value: table-%d-%d\n          - name: day\n            value: \"{{inputs.parameters.day}}\"\n", i, t)
		if t > 0 {
			fmt.Fprintf(&b, "          - name: previous\n            value: \"{{tasks.task-%02d.outputs.parameters.path}}\"\n", t-1)
		}
		if t%5 == 4 {
			b.WriteString("        when: \"'{{inputs.parameters.day}}' != ''\"\n")
		}
	}
	b.WriteString(`  - name: work
    inputs:
      parameters:
      - name: table
      - name: day
      - name: previous
        value: none
    outputs:
      parameters:
      - name: path
        valueFrom:
          path: /tmp/path
    retryStrategy:
      limit: 3
      retryPolicy: OnError
      backoff: {duration: 30s, factor: 2, maxDuration: 10m}
    container:
      image: registry.example.com/etl:1.14.2
      command: [python, -m, etl]
      args: ["--table", "{{inputs.parameters.table}}", "--day={{inputs.parameters.day}}", "--after", "{{inputs.parameters.previous}}"]
      env:
      - name: BUCKET
        value: "{{workflow.parameters.bucket}}"
      - name: PASSWORD
        valueFrom:
          secretKeyRef: {name: warehouse, key: password}
      resources:
        requests: {cpu: 500m, memory: 1Gi}
        limits: {cpu: "1", memory: 2Gi}
      securityContext:
        runAsNonRoot: true
        allowPrivilegeEscalation: false
        capabilities: {drop: [ALL]}
`)
	return []byte(b.String())
}

// Wide returns a Workflow that is one DAG of so many tasks, each of which depends
// on two of those before it.
func Wide(tasks int) []byte {
	var b strings.Builder
	b.WriteString(`apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: wide-}
spec:
  entrypoint: main
  activeDeadlineSeconds: 7200
  templates:
  - name: work
    container: {image: "registry.example.com/etl:1.14.2", command: [etl]}
  - name: main
    dag:
      tasks:
`)
	for t := range tasks {
		fmt.Fprintf(&b, "      - {name: task-%d, template: work", t)
		if t > 0 {
			fmt.Fprintf(&b, ", depends: task-%d && task-%d", t-1, t/2)
		}
		b.WriteString("}\n")
	}
	return []byte(b.String())
}
