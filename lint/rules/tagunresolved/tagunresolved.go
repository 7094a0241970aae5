// Package tagunresolved finds tags that stand for nothing.
package tagunresolved

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/scope"
)

//go:embed tag-unresolved.txtar
var page string

// Rule is the tag-unresolved rule: docs/argo.md, and
// docs/argo.md F 95, G 125 126, H 140 141 145 146, I 149.
var Rule = &lint.Rule{Name: "tag-unresolved", Severity: lint.Error, Topic: "tag", Page: page, Run: run}

// most bounds the findings in one scalar: whoever has mended these sees the next.
const most = 20

func run(pass *lint.Pass) {
	a := pass.Tags()
	var last *manifest.Node
	count := 0
	for i := range a.Uses {
		u := &a.Uses[i]
		if u.State != scope.Missing || u.Guarded {
			continue
		}
		if u.Node != last {
			last, count = u.Node, 0
		}
		if count++; count > most {
			continue
		}
		f := lint.Finding{Node: u.Node, Span: u.Node.Range(u.From, u.To), Message: message(u)}
		if !u.Strict && (!u.Expr || u.Part == scope.Spec || u.Part == scope.Rest || u.Replaced) {
			f.Severity = lint.Warning
		}
		pass.Report(f)
	}
	for _, u := range a.Unclosed {
		f := lint.Finding{Node: u.Node, Span: u.Node.Range(u.From, u.To), Message: `"{{" opens a tag that no "}}" closes`}
		if u.Part == scope.Spec {
			f.Severity = lint.Warning
		}
		pass.Report(f)
	}
	for i := range a.Foreign {
		f := &a.Foreign[i]
		pass.Reportf(f.Node, "%s uses {{%s}}, which %s", f.Template, f.Name, f.Reason)
	}
}

func message(u *scope.Use) string {
	subject := "{{" + u.Name + "}}"
	if u.Expr {
		subject = u.Name
	}
	msg := subject + " " + u.Reason
	if hint, ok := near.Name(u.Word, u.Near); ok {
		if i := strings.LastIndex(subject, u.Word); i >= 0 {
			hint = subject[:i] + hint + subject[i+len(u.Word):]
		}
		msg += fmt.Sprintf("; did you mean %s?", hint)
	}
	return msg
}
