// Package httpinvalid finds requests that cannot be sent.
package httpinvalid

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed http-invalid.txtar
var page string

// Rule is the http-invalid rule: docs/argo.md N.
var Rule = &lint.Rule{Name: "http-invalid", Severity: lint.Error, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeHTTP || t.Body.Kind != manifest.Map {
			continue
		}
		url(pass, t)
		method(pass, t.Body.Get("method"))
		if n := t.Body.Get("timeoutSeconds"); n != nil {
			if seconds, ok := n.Int(); ok && seconds < 0 {
				pass.Report(lint.Finding{Node: n, Severity: lint.Warning, Message: fmt.Sprintf("timeoutSeconds is %d: the request is given up before it is sent; leave it out for the default", seconds)})
			}
		}
		if body, from := t.Body.Get("body"), t.Body.Get("bodyFrom"); body.Text() != "" && from.Set() {
			pass.Report(lint.Finding{Node: from, Span: from.Key.Span(), Severity: lint.Warning, Message: t.Title() + " has both body and bodyFrom: one of them says what is sent"})
		}
	}
}

func url(pass *lint.Pass, t *workflow.Template) {
	n := t.Body.Get("url")
	text := strings.TrimSpace(n.Text())
	switch {
	case n.Set() && !n.Scalar():
	case text == "":
		f := lint.Finding{Node: t.Body, Span: t.Body.Key.Span(), Message: "the request of " + t.Title() + " has no url"}
		if n.Set() {
			f = lint.Finding{Node: n, Message: f.Message}
		}
		pass.Report(f)
	default:
		if scheme, ok := schemeOf(text); !ok {
			pass.Reportf(n, "url %q has no scheme: write http:// or https:// before it", n)
		} else if scheme != "http" && scheme != "https" {
			pass.Reportf(n, "url %q cannot be asked: Argo sends requests by http and https, not by %q", n, scheme)
		}
	}
}

// schemeOf returns what is before "://" in lower case, and false where nothing
// is. What a tag may bring is taken for http.
func schemeOf(text string) (string, bool) {
	scheme, _, ok := strings.Cut(text, "://")
	if i := strings.Index(text, "{{"); i >= 0 && (!ok || i < len(scheme)) {
		return "http", !strings.ContainsAny(text[:i], "/.?#")
	}
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return "", false
	}
	return strings.ToLower(scheme), true
}

var methods = []string{
	"GET", "POST", "PUT", "PATCH", "DELETE",
	"HEAD", "OPTIONS", "TRACE", "CONNECT",
}

func method(pass *lint.Pass, n *manifest.Node) {
	if n.Text() == "" || n.Kind != manifest.String || strings.Contains(n.Value, "{{") || slices.Contains(methods, n.Value) {
		return
	}
	f := lint.Finding{Node: n, Severity: lint.Warning, Message: fmt.Sprintf("%q is no method of HTTP", n)}
	hint, ok := near.Name(n.Value, methods)
	switch {
	case strings.EqualFold(hint, n.Value):
		f.Message = fmt.Sprintf("method %q is sent as it is, and servers expect %q", n, hint)
	case ok:
		f.Message += fmt.Sprintf("; did you mean %q?", hint)
	}
	if ok {
		f.Fix = &lint.Fix{Message: "write " + hint, Edits: []lint.Edit{{Node: n, Value: hint}}}
	}
	pass.Report(f)
}
