package lint_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
)

const head = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec:\n  entrypoint: main\n"

// lines formats n lines, each with its number where the format says %[1]d.
func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\n", i, max(i-1, 0))
	}
	return b.String()
}

// TestLongListsTakeLinearTime lints workflows with tens of thousands of one
// thing, which takes minutes if anything is quadratic.
func TestLongListsTakeLinearTime(t *testing.T) {
	const n = 20_000
	work := "  - name: main\n    container: {image: \"a:1\"}\n"
	leaf := "  - name: e\n    inputs: {parameters: [{name: x}]}\n    outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}\n    container: {image: \"a:1\"}\n"
	dag := head + "  templates:\n" + leaf + "  - name: main\n    dag:\n      tasks:\n"
	texts := map[string]string{
		"waivers of the same line":     head + lines(n, "# tiphys:ignore image-unpinned: %[1]d") + "  templates:\n" + work,
		"waivers of unknown rules":     head + lines(n, "# tiphys:ignore imge-unpinned: %[1]d") + "  templates:\n" + work,
		"waivers at each line":         head + "  templates:\n" + lines(n, "  - {name: t%[1]d, container: {image: \"a:latest\"}} # tiphys:ignore image-unpinned: %[1]d"),
		"unknown inputs":               head + "  templates:\n  - name: main\n    inputs:\n      parameters:\n" + lines(n, "      - {name: a%[1]d}") + "    container:\n      image: a:1\n      args:\n" + lines(n, "      - \"{{inputs.parameters.b%[1]d}}\""),
		"a chain of outputs":           dag + lines(n, "      - {name: t%[1]d, template: e, depends: t%[2]d, arguments: {parameters: [{name: x, value: \"{{tasks.t%[2]d.outputs.parameters.o}}\"}]}}"),
		"outputs of unknown tasks":     dag + lines(n, "      - {name: task%[1]d, template: e, arguments: {parameters: [{name: x, value: \"{{tasks.tsk%[1]d.outputs.parameters.o}}\"}]}}"),
		"unknown dependencies":         dag + lines(n, "      - {name: task%[1]d, template: e}") + "      - {name: z, template: e, dependencies: [" + lines(n, "tsk%[1]d,") + "]}\n",
		"tasks of one name":            dag + strings.Repeat("      - {name: a, template: e}\n", n),
		"calls that lack what is many": head + "  templates:\n  - name: e\n    inputs:\n      parameters:\n" + lines(n/4, "      - {name: i%[1]d}") + "    suspend: {}\n  - name: main\n    steps:\n" + lines(n/4, "    - [{name: s%[1]d, template: e}]"),
		"unknown keys of items":        dag + "      - name: z\n        template: e\n        withItems:\n" + lines(n, "        - {k%[1]d: a}") + "        arguments: {parameters: [{name: x, value: \"" + lines(n, "{{item.q%[1]d}}") + "\"}]}\n",
		"mounts of unknown volumes":    head + "  volumes:\n" + lines(n, "  - {name: v%[1]d, emptyDir: {}}") + "  templates:\n  - name: main\n    container:\n      image: a:1\n      volumeMounts:\n" + lines(n, "      - {name: w%[1]d, mountPath: /a%[1]d}"),
		"calls of unknown templates":   head + "  templates:\n" + lines(n, "  - {name: e%[1]d, suspend: {}}") + "  - name: main\n    steps:\n" + lines(n, "    - [{name: s%[1]d, template: ee%[1]d}]"),
		"labels":                       "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata:\n  name: a\n  labels:\n" + lines(5*n, "    k%[1]d: v") + "spec:\n  entrypoint: main\n  templates:\n" + work,
		"keys of a Secret":             "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n" + lines(n, "  key%[1]d: a") + "---\n" + head + "  templates:\n  - name: main\n    container:\n      image: a:1\n      env:\n" + lines(n, "      - {name: E%[1]d, valueFrom: {secretKeyRef: {name: s, key: kee%[1]d}}}"),
		"a tag in aliases":             head + "  x: &x \"" + strings.Repeat("{{x.y}}", n) + "\"\n  templates:\n" + lines(n, "  - {name: t%[1]d, container: {image: a, args: [*x, *x]}}"),
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			r := lint.Run(lint.Options{Rules: rules.All()}, source.NewFile("a.yaml", []byte(text)))
			if len(r.Failures) > 0 {
				t.Fatal(r.Failures[0])
			}
			if len(r.Findings) == 0 {
				t.Error("nothing is found")
			}
			if d := time.Since(start); d > 15*time.Second {
				t.Errorf("took %s", d)
			}
		})
	}
}

func TestOneRuleSaysItNoMoreThanTenThousandTimes(t *testing.T) {
	text := head + "  templates:\n" + strings.Repeat("  - {}\n", 12_000)
	count := map[string]int{}
	var last string
	for _, f := range lint.Run(lint.Options{Rules: rules.All()}, source.NewFile("a.yaml", []byte(text))).Findings {
		if count[f.Rule.Name]++; f.Rule.Name == "template-type" {
			last = f.Message
		}
	}
	if count["template-type"] != 10_001 || !strings.Contains(last, "looks for no more") {
		t.Errorf("%d findings, the last is %q", count["template-type"], last)
	}
}
