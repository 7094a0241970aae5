// Package deadlinemissing finds workflows that may hang for ever.
package deadlinemissing

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/duration"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

var (
	//go:embed deadline-missing.txtar
	page string
	//go:embed parameters.json
	parameters string
)

// Rule is the deadline-missing rule. Argo waits for ever unless told otherwise.
var Rule = &lint.Rule{Name: "deadline-missing", Severity: lint.Warning, Topic: "reliability", Page: page, Parameters: parameters, Run: run}

// run reports once for a workflow: one deadline mends all of its templates. Of
// a library that has no entrypoint the callers' deadline holds, so there it is
// a hint.
func run(pass *lint.Pass) {
	w := pass.Workflow
	if most, err := time.ParseDuration(pass.Text("max")); err == nil {
		long(pass, most)
	}
	if w.Spec.Get("activeDeadlineSeconds").Set() || w.Injected("spec.activeDeadlineSeconds") || w.Ref != nil {
		return
	}
	if d := w.Defaults; d != nil && bounded(d) {
		return
	}
	var open []string
	for _, t := range w.All {
		if t.Type.Leaf() && !bounded(t) {
			open = append(open, t.Title())
		}
	}
	if len(open) == 0 {
		return
	}
	f := lint.Finding{Node: w.Anchor()}
	if w.IsLibrary() && w.Entrypoint == nil {
		f.Severity = lint.Info
		f.Message = fmt.Sprintf("%s may hang for ever: %s no deadline; write activeDeadlineSeconds there or in templateDefaults", subject(open), have(open))
	} else {
		f.Message = fmt.Sprintf("the workflow may hang for ever: %s has a deadline; write spec.activeDeadlineSeconds, longer than its longest good run", neither(open))
	}
	pass.Report(f)
}

// bounded reports whether Argo ends a run of the template at some time.
func bounded(t *workflow.Template) bool {
	return t.Node.Get("activeDeadlineSeconds").Set() || t.Node.Get("timeout").Set()
}

// long reports deadlines that are longer than a policy allows. What a template
// has for itself counts where the workflow as a whole has none.
func long(pass *lint.Pass, most time.Duration) {
	w := pass.Workflow
	report := func(n *manifest.Node, who string, d time.Duration) {
		if d > most {
			pass.Reportf(n, "%s may run for %s, and %s is the longest that is allowed; write a shorter deadline", who, short(d), short(most))
		}
	}
	if n := w.Spec.Get("activeDeadlineSeconds"); n.Set() {
		report(n, "the workflow", seconds(n))
		return
	}
	for _, t := range append([]*workflow.Template{w.Defaults}, w.All...) {
		if t == nil || t != w.Defaults && !t.Type.Leaf() {
			continue
		}
		who := t.Title()
		if t == w.Defaults {
			who = "each template"
		}
		if n := t.Node.Get("activeDeadlineSeconds"); n.Set() {
			report(n, who, seconds(n))
		} else if n := t.Node.Get("timeout"); n.Set() {
			d, _ := duration.Parse(n.Text()) // duration-invalid
			report(n, who, d)
		}
	}
}

// seconds is 0 where it is only known when the workflow runs.
func seconds(n *manifest.Node) time.Duration {
	s, err := strconv.ParseInt(n.Text(), 10, 64)
	if err != nil || s > int64(1<<62/time.Second) {
		return 0
	}
	return time.Duration(s) * time.Second
}

// short writes 4h0m0s as 4h.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// subject names templates, the first few of them.
func subject(titles []string) string {
	const most = 3
	if n := len(titles); n > most {
		return fmt.Sprintf("%s and %d more", strings.Join(titles[:most], ", "), n-most)
	}
	return strings.Join(titles, " and ")
}

// neither begins a sentence about the workflow and these templates.
func neither(titles []string) string {
	if len(titles) == 1 {
		return "neither it nor " + titles[0]
	}
	return "neither it nor any of " + subject(titles)
}

func have(titles []string) string {
	if len(titles) == 1 {
		return "it has"
	}
	return "they have"
}
