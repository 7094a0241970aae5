// Package resourceconditioninvalid finds conditions of resource templates that
// Argo can not read.
package resourceconditioninvalid

import (
	_ "embed"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed resource-condition-invalid.txtar
var page string

// Rule is the resource-condition-invalid rule: shared/argo/rules.md N,
// successCondition.
var Rule = &lint.Rule{Name: "resource-condition-invalid", Severity: lint.Error, Topic: "resource", Page: page, Run: run}

// longest bounds what is parsed; no condition is nearly as long.
const longest = 4096

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeResource {
			continue
		}
		for _, key := range []string{"successCondition", "failureCondition"} {
			if n := t.Body.Get(key); n.Text() != "" && n.Kind == manifest.String && len(n.Value) <= longest {
				condition(pass, key, n)
			}
		}
	}
}

func condition(pass *lint.Pass, key string, n *manifest.Node) {
	text, tagged := placeholders(n.Value)
	if strings.TrimSpace(text) == placeholder {
		return
	}
	_, err := labels.Parse(text)
	if err == nil {
		return
	}
	f := lint.Finding{Node: n}
	f.Message = fmt.Sprintf("%s can not be read: %s; it is written like a label selector, as in %q", key, reason(n.Value, err), "status.phase == Succeeded, status.active == 0")
	if tagged {
		f.Severity = lint.Warning
	}
	pass.Report(f)
}

// placeholder fits wherever a tag may stand: it is a key, a value and a number.
const placeholder = "1"

func placeholders(s string) (text string, tagged bool) {
	var b strings.Builder
	at := 0
	for t := range expr.Tags(s) {
		b.WriteString(s[at:t.Start])
		b.WriteString(placeholder)
		at, tagged = t.End, true
	}
	b.WriteString(s[at:])
	return b.String(), tagged
}

// reason puts the slips that happen in words, and leaves the others to the parser.
func reason(s string, err error) string {
	switch {
	case strings.Contains(s, "&&"), strings.Contains(s, " and "):
		return `conditions are joined by ","`
	case strings.Contains(s, "||"):
		return `"||" is no operator here, all conditions must hold`
	case strings.Contains(s, ">="), strings.Contains(s, "<="):
		return `">=" and "<=" are no operators here, ">" and "<" of whole numbers are`
	case strings.ContainsAny(s, `'"`):
		return "values are written without quotes"
	}
	return err.Error()
}
