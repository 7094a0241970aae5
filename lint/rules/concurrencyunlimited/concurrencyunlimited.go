// Package concurrencyunlimited finds workflows that start by themselves, again
// and again, whether or not the last run is over.
package concurrencyunlimited

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed concurrency-unlimited.txtar
var page string

// Rule is the concurrency-unlimited rule. Argo's own default is Allow.
var Rule = &lint.Rule{Name: "concurrency-unlimited", Severity: lint.Warning, Topic: "reliability", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	switch {
	case w.Kind == workflow.KindCronWorkflow:
		cron(pass)
	case w.Kind == workflow.KindWorkflow && w.Trigger != nil:
		trigger(pass)
	}
}

func cron(pass *lint.Pass) {
	w := pass.Workflow
	policy := w.Cron.Get("concurrencyPolicy")
	if p := policy.Text(); w.Cron == nil || p != "" && p != "Allow" || limited(pass) {
		return
	}
	f := lint.Finding{Message: "has no concurrencyPolicy, mutex, semaphore or parallelism"}
	if policy.Text() != "" {
		f.Node, f.Message = policy, "has concurrencyPolicy Allow and no mutex, semaphore or parallelism"
	} else if f.Node = schedules(w); f.Node != nil {
		f.Span, f.Path = f.Node.Key.Span(), f.Node.Path()
	} else {
		f.Node = w.Anchor()
	}
	f.Message = "the CronWorkflow " + f.Message + ": when a run takes longer than the schedule's interval, runs pile up side by side; write concurrencyPolicy: Forbid to skip a run, or Replace to stop the old one"
	f.Fix = &lint.Fix{Message: "set concurrencyPolicy to Forbid", Edits: []lint.Edit{{Node: w.Cron, Key: "concurrencyPolicy", Value: "Forbid"}}}
	pass.Report(f)
}

// schedules returns what says when the workflow runs, by either of its names.
func schedules(w *workflow.Workflow) *manifest.Node {
	for _, key := range [...]string{"schedules", "schedule"} {
		if n := w.Cron.Get(key); n.Set() {
			return n
		}
	}
	return nil
}

func trigger(pass *lint.Pass) {
	w := pass.Workflow
	if !creates(w) || w.Trigger.Get("rateLimit").Set() || limited(pass) {
		return
	}
	if w.Ref != nil && library(pass) == nil {
		return // its template may have a mutex
	}
	name := w.Trigger.At("template", "name")
	f := lint.Finding{Node: name}
	if !name.Set() {
		f.Node = w.Trigger
	}
	who := "the trigger"
	if name.Text() != "" {
		who = fmt.Sprintf("trigger %q", name)
	}
	f.Message = who + " starts a workflow for every event, and the workflow has no mutex, semaphore or parallelism: when events come faster than runs end, runs pile up side by side; write spec.synchronization.mutexes with a name, or a rateLimit on the trigger"
	pass.Report(f)
}

// creates reports whether the trigger starts a run, and does not stop one.
func creates(w *workflow.Workflow) bool {
	operation := w.Trigger.At("template", "argoWorkflow", "operation").Text()
	if operation == "" {
		operation = w.Trigger.At("template", "k8s", "operation").Text()
	}
	switch strings.ToLower(operation) {
	case "", "submit", "submit-from", "create":
		return true
	}
	return false
}

// limited reports whether something holds runs back: of the workflow, of one of
// its templates, or of the library that it is a run of.
func limited(pass *lint.Pass) bool {
	w := pass.Workflow
	if resolve.Limited(w) || w.Injected("spec.synchronization") || w.Injected("spec.parallelism") {
		return true
	}
	lib := library(pass)
	return lib != nil && lib.Limited
}

func library(pass *lint.Pass) *resolve.Library {
	w := pass.Workflow
	if w.Ref == nil {
		return nil
	}
	lib, state := pass.Index.Library(w.Namespace.Text(), w.Ref.Name.Text(), w.Ref.Cluster)
	if state != resolve.Known {
		return nil
	}
	return lib
}
