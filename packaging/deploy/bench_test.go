package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// BenchmarkLint lints a chart of 50 workflows of 8 KB for three environments,
// and compares that with merely rendering it three times. The aim is a second.
func BenchmarkLint(b *testing.B) {
	dir := b.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	write("etl/Chart.yaml", "apiVersion: v2\nname: etl\nversion: 1.0.0\n")
	write("etl/values.yaml", "image: registry.example.com/etl:1.0\nschedule: '0 3 * * *'\n")
	for i := range 50 {
		text := fmt.Sprintf("apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata:\n  name: etl-%d\nspec:\n  entrypoint: main\n  templates:\n    - name: main\n      dag:\n        tasks:\n", i)
		for j := range 20 {
			text += fmt.Sprintf("          - name: t%d\n            template: work\n", j)
			if j > 0 {
				text += fmt.Sprintf("            depends: t%d\n", j-1)
			}
			text += "            arguments:\n              parameters:\n                - name: day\n                  value: \"{{`{{workflow.creationTimestamp.d}}`}}\"\n"
		}
		text += "    - name: work\n      inputs:\n        parameters:\n          - name: day\n      container:\n        image: {{ .Values.image }}\n        command: [etl]\n        args: [\"{{`{{inputs.parameters.day}}`}}\"]\n"
		for len(text) < 8<<10 {
			text += fmt.Sprintf("        # %080d\n", i)
		}
		write(fmt.Sprintf("etl/templates/wf-%d.yaml", i), text)
	}
	for _, e := range []string{"dev", "qa", "prod"} {
		write("environments/"+e+"/etl/values.yaml", "image: registry.example.com/etl:"+e+"\n")
		write("environments/"+e+"/etl/secrets.yaml", "password: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]\nsops:\n    mac: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]\n")
	}
	path := filepath.Join(dir, "etl")
	start := time.Now()
	c, err := render.Load(path)
	if err != nil {
		b.Fatal(err)
	}
	for range 3 {
		if _, err := c.Render(nil, render.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	bare := time.Since(start)
	var last time.Duration
	for b.Loop() {
		start := time.Now()
		r, err := deploy.Lint(b.Context(), path, deploy.Options{Lint: lint.Options{Rules: rules.All()}})
		if err != nil || r.Objects != 50 {
			b.Fatal(err, r)
		}
		last = time.Since(start)
	}
	b.ReportMetric(float64(last)/float64(bare), "lint/render")
	b.ReportMetric(float64(bare.Milliseconds()), "render-ms")
}
