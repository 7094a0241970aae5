package lint_test

import (
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// What stands beside a secret is shown without it, and so is what does not parse
// of a Secret.
func TestSecretsAreNotShown(t *testing.T) {
	const secret = "hunter2-but-longer-Xq9"
	for name, text := range map[string]string{
		"a field that is unknown, beside it": "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  entrypoint: main\n  templates:\n    - name: main\n      container:\n        image: a:1\n        env:\n" +
			"          - {nmae: x, name: DB_PASSWORD, value: \"" + secret + "\", valeu: 1}\n",
		"a Secret that does not parse":         "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: \"" + secret + "\n",
		"a Secret in a list that does not":     "items:\n- kind: 'Secret'\n  stringData: {a: " + secret + "\n",
		"a Secret whose value is a map by err": "kind: Secret\nstringData:\n  password: " + secret + ": x: y\n",
	} {
		t.Run(name, func(t *testing.T) {
			l := lint.New(lint.Options{Rules: rules.All()})
			l.Add(source.NewFile("f.yaml", []byte(text)))
			r := l.Finish()
			if len(r.Findings) == 0 {
				t.Fatal("there are no findings")
			}
			for _, f := range []report.Format{report.Text, report.JSON, report.SARIF} {
				var b strings.Builder
				if err := report.Write(&b, f, report.Report{Findings: r.Findings, Files: []string{"f.yaml"}, Rules: rules.All()}, report.Options{}); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(b.String(), secret) {
					t.Errorf("the report %v shows it:\n%s", f, b.String())
				}
				if f == report.Text {
					t.Log(b.String())
				}
			}
		})
	}
}
