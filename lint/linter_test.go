package lint_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// project returns files that call each other's templates, in which many rules
// have something to say.
func project() []*source.File {
	var files []*source.File
	for i := range 30 {
		files = append(files,
			source.NewFile(fmt.Sprintf("lib-%02d.yaml", i), fmt.Appendf(nil, "kind: WorkflowTemplate\nmetadata: {name: lib-%d}\nspec:\n  templates:\n  - name: t\n    inputs: {parameters: [{name: x}]}\n    container: {image: busybox}\n", i%20)),
			source.NewFile(fmt.Sprintf("wf-%02d.yaml", i), fmt.Appendf(nil, "kind: Workflow\nmetadata: {generateName: w-, labels: {a: b, c: d}}\nspec:\n  entrypoint: mian\n  templates:\n  - name: main\n    steps:\n    - - {name: a, templateRef: {name: lib-%d, template: t}}\n      - {name: b, templateRef: {name: lib-%d, template: tt}, when: '{{workflow.labels.e}} == {{workflow.outputs.parameters.f}}'}\n", i, i+1)))
	}
	return files
}

func TestTheOrderOfFilesDoesNotMatter(t *testing.T) {
	o := lint.Options{Rules: rules.All(), Complete: true}
	want := linttest.Format(lint.Run(o, project()...).Findings)
	if !strings.Contains(want, "template-unknown") || !strings.Contains(want, "object-duplicate") {
		t.Fatalf("the project says too little:\n%s", want)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 10 {
		files := project()
		r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		l := lint.New(o)
		var adding sync.WaitGroup
		for _, f := range files {
			adding.Go(func() { l.Add(f) })
		}
		adding.Wait()
		if diff := cmp.Diff(want, linttest.Format(l.Finish().Findings)); diff != "" {
			t.Fatalf("findings (-want +got):\n%s", diff)
		}
	}
}

func TestARuleThatPanicsIsAFailure(t *testing.T) {
	broken := &lint.Rule{Name: "broken", Severity: lint.Error, Run: func(*lint.Pass) { panic("oh") }}
	fine := &lint.Rule{Name: "fine", Severity: lint.Info, Run: func(p *lint.Pass) { p.Reportf(p.Workflow.Root, "seen") }}
	result := lint.Run(lint.Options{Rules: []*lint.Rule{broken, fine}}, source.NewFile("a.yaml", []byte("kind: Workflow\n")))
	if len(result.Findings) != 1 || len(result.Failures) != 1 {
		t.Fatalf("%d findings, %d failures", len(result.Findings), len(result.Failures))
	}
	if msg := result.Failures[0].Error(); !strings.HasPrefix(msg, "rule broken on a.yaml: oh") {
		t.Errorf("the failure is %q", msg)
	}
}

func TestSeverities(t *testing.T) {
	r := &lint.Rule{Name: "r", Severity: lint.Error, Run: func(p *lint.Pass) {
		p.Reportf(p.Workflow.Root, "of the rule")
		p.Report(lint.Finding{Node: p.Workflow.Root, Severity: lint.Info, Message: "of its own"})
	}}
	file := []byte("kind: Workflow\n")
	for override, want := range map[string]string{
		"":        "a.yaml:1:1: info: of its own [r]\na.yaml:1:1: error: of the rule [r]\n",
		"warning": "a.yaml:1:1: warning: of its own [r]\na.yaml:1:1: warning: of the rule [r]\n",
		"off":     "",
	} {
		o := lint.Options{Rules: []*lint.Rule{r}}
		if s, err := lint.ParseSeverity(override); err == nil {
			o.Severity = map[string]lint.Severity{"r": s}
		}
		if diff := cmp.Diff(want, linttest.Format(lint.Run(o, source.NewFile("a.yaml", file)).Findings)); diff != "" {
			t.Errorf("with override %q (-want +got):\n%s", override, diff)
		}
	}
}

func TestOneTextInSeveralPlacesIsOneFinding(t *testing.T) {
	text := "kind: Workflow\nspec:\n  entrypoint: a\n  templates:\n  - name: a\n    steps:\n    - - &step {name: s, template: nope}\n  - name: b\n    steps:\n    - - *step\n"
	var found []lint.Finding
	for _, f := range lint.Run(lint.Options{Rules: rules.All()}, source.NewFile("a.yaml", []byte(text))).Findings {
		if f.Rule.Name == "template-unknown" {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Errorf("%d findings: %v", len(found), found)
	}
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]string{"3.6": "3.6", "v3.7.2": "3.7", "4.1": "4.1"} {
		if v, err := lint.ParseVersion(text); err != nil || v.String() != want {
			t.Errorf("%s: got %s, %v", text, v, err)
		}
	}
	for _, text := range []string{"", "3", "3.x", "2.12", "9.0", "3.6.1.2"} {
		if v, err := lint.ParseVersion(text); err == nil {
			t.Errorf("%q is read as %s", text, v)
		}
	}
}
