// Package durationinvalid finds durations that cannot be read.
package durationinvalid

import (
	_ "embed"
	"strconv"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/duration"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed duration-invalid.txtar
var page string

// Rule is the duration-invalid rule: docs/argo.md E 92, and, of N, the
// durations that Argo reads only when they are due, when the node fails.
var Rule = &lint.Rule{Name: "duration-invalid", Severity: lint.Error, Topic: "workflow", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	passed(pass)
	backoff(pass, w.Spec.Get("retryStrategy"))
	if n := w.Spec.At("podGC", "deleteDelayDuration"); text(n) {
		if _, err := duration.ParseSeconds(n.Value); err != nil {
			pass.Report(finding(n, err, lint.Warning))
		}
	}
	if w.Defaults != nil {
		template(pass, w.Defaults.Node)
	}
	for _, t := range w.All {
		template(pass, t.Node)
		if t.Type == workflow.TypeSuspend {
			seconds(pass, t.Body.Get("duration"))
		}
		if t.Type == workflow.TypeContainerSet {
			plain(pass, t.Body.At("retryStrategy", "duration"))
		}
	}
}

func template(pass *lint.Pass, n *manifest.Node) {
	backoff(pass, n.Get("retryStrategy"))
	plain(pass, n.At("memoize", "maxAge"))
	for _, field := range []string{"timeout", "pendingTimeout"} {
		limit := n.Get(field)
		if !plain(pass, limit) {
			continue
		}
		if d, err := duration.Parse(limit.Value); err == nil && d <= 0 {
			pass.Report(lint.Finding{Node: limit, Severity: lint.Warning, Message: field + " " + strconv.Quote(limit.Value) + " is over before it starts: write a duration above 0"})
		}
	}
}

func backoff(pass *lint.Pass, retry *manifest.Node) {
	for _, field := range []string{"duration", "maxDuration", "cap"} {
		seconds(pass, retry.At("backoff", field))
	}
}

// text reports whether there is a duration to judge.
func text(n *manifest.Node) bool {
	return n != nil && n.Kind == manifest.String && n.Value != "" && !strings.Contains(n.Value, "{{")
}

// plain checks a field that takes Go's durations, and reports whether there is
// one to judge.
func plain(pass *lint.Pass, n *manifest.Node) bool {
	return judge(pass, n, duration.Parse)
}

// seconds checks a field that takes a bare number of seconds as well.
func seconds(pass *lint.Pass, n *manifest.Node) { judge(pass, n, duration.ParseSeconds) }

func judge(pass *lint.Pass, n *manifest.Node, parse func(string) (time.Duration, error)) bool {
	if !text(n) {
		return false
	}
	if _, err := parse(n.Value); err != nil {
		pass.Report(finding(n, err, lint.Error))
	}
	return true
}

func finding(n *manifest.Node, err error, severity lint.Severity) lint.Finding {
	f := lint.Finding{Node: n, Severity: severity, Message: n.Key.Text() + " " + strconv.Quote(n.Value) + " cannot be read, because " + err.Error()}
	if _, bare := strconv.Atoi(n.Value); bare == nil {
		f.Fix = &lint.Fix{Message: "write " + n.Value + "s", Edits: []lint.Edit{{Node: n, Value: n.Value + "s"}}}
	}
	return f
}
