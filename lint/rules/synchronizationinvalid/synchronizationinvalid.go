// Package synchronizationinvalid finds locks that name nothing to lock.
package synchronizationinvalid

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed synchronization-invalid.txtar
var page string

// Rule is the synchronization-invalid rule: docs/argo.md N.
var Rule = &lint.Rule{Name: "synchronization-invalid", Severity: lint.Error, Topic: "synchronization", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	check(pass, w.Spec, "the workflow")
	check(pass, w.Spec.Get("templateDefaults"), "templateDefaults")
	for _, t := range w.All {
		if s := t.Node.Get("synchronization"); s.Set() {
			check(pass, t.Node, t.Title())
		}
	}
}

func check(pass *lint.Pass, owner *manifest.Node, who string) {
	s := owner.Get("synchronization")
	if s == nil || s.Kind != manifest.Map {
		return
	}
	empty := true
	for _, f := range s.Fields() {
		empty = empty && (!f.Set() || f.Kind == manifest.List && len(f.Children) == 0)
	}
	if empty {
		warn(pass, s, "synchronization of "+who+" names no mutex and no semaphore: it locks nothing")
	}
	for _, m := range s.Get("mutexes").Items() {
		if m.Kind == manifest.Map && m.Get("name").Text() == "" {
			warn(pass, m, "a mutex of "+who+" has no name: it would be one lock for all that have none")
		}
	}
	for _, m := range s.Get("semaphores").Items() {
		if m.Kind == manifest.Map {
			semaphore(pass, m, who)
		}
	}
}

func warn(pass *lint.Pass, n *manifest.Node, message string) {
	pass.Report(lint.Finding{Node: n, Severity: lint.Warning, Message: message})
}

func semaphore(pass *lint.Pass, s *manifest.Node, who string) {
	config, database := s.Get("configMapKeyRef"), s.Get("database")
	switch {
	case !config.Set() && !database.Set():
		pass.Reportf(s, "a semaphore of %s does not say where its limit is: it needs configMapKeyRef or database", who)
	case config.Set() && database.Set():
		warn(pass, database, "a semaphore of "+who+" has both configMapKeyRef and database: one of them says where its limit is")
	case config.Set() && config.Kind == manifest.Map:
		for _, key := range []string{"name", "key"} {
			if config.Get(key).Text() == "" {
				pass.Report(lint.Finding{Node: config, Message: fmt.Sprintf("configMapKeyRef of a semaphore of %s has no %s: its limit is never found", who, key)})
			}
		}
	case database.Set() && database.Kind == manifest.Map && database.Get("key").Text() == "":
		warn(pass, database, "database of a semaphore of "+who+" has no key: its limit is never found")
	}
}
