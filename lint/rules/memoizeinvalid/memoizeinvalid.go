// Package memoizeinvalid finds caches that cannot be used, or that mix up what
// they hold.
package memoizeinvalid

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed memoize-invalid.txtar
var page string

// Rule is the memoize-invalid rule: docs/argo.md N.
var Rule = &lint.Rule{Name: "memoize-invalid", Severity: lint.Error, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		m := t.Node.Get("memoize")
		if m == nil || m.Kind != manifest.Map {
			continue
		}
		cache(pass, t, m)
		key(pass, t, m)
	}
}

func cache(pass *lint.Pass, t *workflow.Template, m *manifest.Node) {
	at := m
	for _, field := range []string{"cache", "configMap"} {
		next := at.Get(field)
		if next.Set() && next.Kind != manifest.Map {
			return
		}
		if next.Set() {
			at = next
		}
	}
	if name := m.At("cache", "configMap", "name"); name.Text() == "" && (!name.Set() || name.Scalar()) {
		pass.Report(lint.Finding{Node: at, Span: at.Key.Span(), Message: "memoize of " + t.Title() + " names no cache: it needs cache.configMap.name"})
	}
}

func key(pass *lint.Pass, t *workflow.Template, m *manifest.Node) {
	k := m.Get("key")
	text := literal(k.Text())
	reason, _, ok := names.ConfigKey(text)
	switch {
	case k.Set() && !k.Scalar():
	case k.Text() == "":
		f := lint.Finding{Node: m, Span: m.Key.Span(), Message: "memoize of " + t.Title() + " has no key: it says which earlier result is meant"}
		if k.Set() {
			f = lint.Finding{Node: k, Message: f.Message}
		}
		pass.Report(f)
	case text != "" && !ok:
		pass.Report(lint.Finding{Node: k, Severity: lint.Warning,
			Message: fmt.Sprintf("key %q cannot be stored in a ConfigMap: it %s", k, reason)})
	case !expr.Tagged(k.Value) && takes(t):
		pass.Report(lint.Finding{Node: k, Severity: lint.Warning,
			Message: fmt.Sprintf("key %q is the same for every call, but %s takes inputs: calls with other inputs get the first result; put the inputs into the key", k, t.Title())})
	}
}

// literal is the text outside of tags.
func literal(s string) string {
	var b strings.Builder
	at := 0
	for t := range expr.Tags(s) {
		b.WriteString(s[at:t.Start])
		at = t.End
	}
	b.WriteString(s[at:])
	return b.String()
}

// takes reports whether calls of the template may differ.
func takes(t *workflow.Template) bool {
	return len(t.Inputs.Parameters) > 0 || len(t.Inputs.Artifacts) > 0
}
