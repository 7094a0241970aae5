package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// chartSections lints a chart of 50 workflows of 8 KB for three environments,
// and compares that with merely rendering it three times.
func chartSections(b *testing.B) []section {
	path := largeChart(b)
	bare := best(func() {
		c, err := render.Load(path)
		if err != nil {
			b.Fatal(err)
		}
		for range 3 {
			if _, err := c.Render(nil, render.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	all := best(func() {
		r, err := deploy.Lint(b.Context(), path, deploy.Options{Lint: lint.Options{Rules: rules.All()}})
		if err != nil || r.Objects != 50 {
			b.Fatal(err, r)
		}
	})
	s := section{title: "Linting a chart of 50 workflows of 8 KB in 3 environments", header: []string{"", "wall", "CPU", "CPU / render"}}
	s.row("helm's engine renders it 3 times", milliseconds(bare.wall), milliseconds(bare.cpu), "1")
	s.row("`tiphys lint CHART`: rendered, mapped to lines, linted", milliseconds(all.wall), milliseconds(all.cpu), times(all.cpu.Seconds(), bare.cpu.Seconds()))
	return []section{s}
}

// largeChart writes it, with secrets that nobody here can open.
func largeChart(b *testing.B) string {
	dir := b.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
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
	return filepath.Join(dir, "etl")
}
