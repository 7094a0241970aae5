package rego_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint/workflow"
	"github.com/tiphys-dev/tiphys/policies/rego"
)

// twenty is a workflow of twenty tasks with a template each.
func twenty() string {
	var b strings.Builder
	b.WriteString("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: etl, namespace: dev, labels: {team: data}}\nspec:\n  entrypoint: main\n  serviceAccountName: etl\n  templates:\n  - name: main\n    dag:\n      tasks:\n")
	for i := range 20 {
		fmt.Fprintf(&b, "      - {name: t%d, template: w%d, arguments: {parameters: [{name: day, value: \"{{workflow.parameters.day}}\"}]}", i, i)
		if i > 1 {
			fmt.Fprintf(&b, ", depends: t%d && t%d", i-1, i-2)
		}
		b.WriteString("}\n")
	}
	for i := range 20 {
		fmt.Fprintf(&b, "  - name: w%d\n    inputs: {parameters: [{name: day}]}\n    container:\n      image: registry.example.com:5000/team/etl:1.%d\n      command: [etl]\n      args: [--day, \"{{inputs.parameters.day}}\"]\n      resources: {requests: {cpu: 100m, memory: 1Gi}, limits: {memory: 1Gi}}\n      env: [{name: B, valueFrom: {secretKeyRef: {name: db, key: password}}}]\n", i, i)
	}
	return b.String()
}

var simple = map[string]string{
	"label":     "package p\nviolation contains {\"msg\": \"no team\"} if not input.review.object.metadata.labels.team",
	"registry":  "package p\nimport data.tiphys.lib\ndeny contains {\"msg\": \"x\", \"path\": c.image.path} if {\n\tsome c in lib.containers\n\tnot lib.within(c.image, [\"registry.example.com:5000\"])\n}",
	"limits":    "package p\nimport data.tiphys.lib\ndeny contains {\"msg\": \"x\", \"path\": c.path} if {\n\tsome c in lib.containers\n\tnot c.spec.resources.limits.memory\n}",
	"templates": "package p\ndeny contains sprintf(\"%s\", [t.name]) if {\n\tsome t in input.spec.templates\n\tnot t.container\n\tnot t.dag\n}",
	"path":      "package p\ndeny contains \"long\" if {\n\tsome g in input.tiphys.graphs\n\tcount(g.critical_path) > 30\n}",
}

// BenchmarkEval evaluates one module whose input has been built.
func BenchmarkEval(b *testing.B) {
	for name, text := range simple {
		b.Run(name, func(b *testing.B) {
			m := compile(b, text)
			in := &rego.Input{Object: object(b, twenty())}
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if got, err := m.Eval(ctx, in); err != nil || len(got) > 0 {
					b.Fatal(got, err)
				}
			}
		})
	}
}

// BenchmarkReview builds the input of an object and evaluates five modules.
func BenchmarkReview(b *testing.B) {
	var modules []*rego.Module
	for _, text := range simple {
		modules = append(modules, compile(b, text))
	}
	o := object(b, twenty())
	flows := workflow.From(o)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		in := &rego.Input{Object: o, Workflows: flows}
		for _, m := range modules {
			if _, err := m.Eval(ctx, in); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		compile(b, simple["registry"])
	}
}

// BenchmarkSpec evaluates a module that asks for a field of the spec, with the
// input built anew for each object.
func BenchmarkSpec(b *testing.B) {
	o := object(b, twenty())
	flows := workflow.From(o)
	for name, text := range map[string]string{
		"workflows":  "package p\nimport data.tiphys.lib\ndeny contains \"x\" if lib.workflows[_].spec.onExit == \"none\"",
		"containers": "package p\nimport data.tiphys.lib\ndeny contains \"x\" if lib.containers[_].image.tag == \"none\"",
		"graphs":     "package p\nimport data.tiphys.lib\ndeny contains \"x\" if lib.graphs[_].width > 30",
		"templates":  "package p\nimport data.tiphys.lib\ndeny contains \"x\" if lib.templates[_].type == \"none\"",
		"object":     "package p\ndeny contains \"x\" if input.review.object.spec.none",
	} {
		b.Run(name, func(b *testing.B) {
			m := compile(b, text)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Eval(context.Background(), &rego.Input{Object: o, Workflows: flows}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
