package manifest_test

import (
	"strings"
	"testing"
	"time"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// sample is a manifest as a data team writes them.
const sample = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: nightly-etl
  labels: {team: data, tier: "gold"}
spec:
  entrypoint: main
  # one parameter for each run
  arguments:
    parameters:
    - name: day
      value: "{{workflow.scheduledTime}}"
    - {name: retries, value: 3}
  templates:
  - name: main
    dag:
      tasks:
      - name: extract
        template: extract
        arguments:
          parameters: [{name: day, value: "{{workflow.parameters.day}}"}]
      - name: load
        template: load
        depends: extract.Succeeded && !extract.Failed
  - name: extract
    inputs:
      parameters:
      - name: day
    container:
      image: registry.example.com/etl/extract:1.4.2
      command: [python, -m, extract]
      args: ["--day", '{{inputs.parameters.day}}']
      resources:
        requests: {cpu: 500m, memory: 1Gi}
  - name: load
    script:
      image: python:3.12
      command: [python]
      source: |
        import sys

        def load(day):
            print("loading", day)
        load(sys.argv[1])
`

func sampleText(t testing.TB) string {
	files := corpus(t)
	if len(files) == 0 {
		return strings.Repeat(sample+"---\n", 100)
	}
	var b strings.Builder
	for _, text := range files {
		if len(text) < 20_000 {
			b.WriteString(text)
			b.WriteString("\n---\n")
		}
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	text := []byte(sampleText(b))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		manifest.Parse(source.NewFile("x.yaml", text))
	}
}

func BenchmarkParseOne(b *testing.B) {
	b.SetBytes(int64(len(sample)))
	b.ReportAllocs()
	for b.Loop() {
		manifest.Parse(source.NewFile("x.yaml", []byte(sample)))
	}
}

// BenchmarkAgainstYAMLv3 reports how many times longer yaml.v3 takes to make
// its nodes.
func BenchmarkAgainstYAMLv3(b *testing.B) {
	text := sampleText(b)
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		manifest.Parse(source.NewFile("x.yaml", []byte(text)))
		middle := time.Now()
		d := yamlv3.NewDecoder(strings.NewReader(text))
		for {
			var n yamlv3.Node
			if d.Decode(&n) != nil {
				break
			}
		}
		ours += middle.Sub(start)
		theirs += time.Since(middle)
	}
	b.ReportMetric(float64(theirs)/float64(ours), "times-faster")
}
