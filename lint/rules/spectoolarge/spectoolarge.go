// Package spectoolarge finds workflows that are too large to be stored.
package spectoolarge

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed spec-too-large.txtar
var page string

// Rule is the spec-too-large rule: the limits are those of Argo's controller
// for a Workflow with its status, and of etcd for an object.
var Rule = &lint.Rule{Name: "spec-too-large", Severity: lint.Error, Topic: "workflow", Page: page, Run: run}

const (
	most   = 1 << 20       // bytes of JSON, in Argo's controller
	stored = 3 * (1 << 19) // bytes of a request, in etcd as it comes
	nearly = most * 3 / 4  // the status must fit in too
)

func run(pass *lint.Pass) {
	w := pass.Workflow
	n := size(w.Root, stored)
	f := lint.Finding{Node: w.Spec}
	if w.Spec == nil {
		f.Node = w.Root
	}
	switch {
	case n > stored:
		f.Message = fmt.Sprintf("the %s is more than 1.5 MB as JSON, which the API server does not store: move scripts into images or ConfigMaps, data into artifacts", w.Kind)
	case n > most:
		if w.IsLibrary() {
			f.Severity = lint.Warning // a run of some of its templates may be smaller
		}
		f.Message = fmt.Sprintf("the %s is %d kB as JSON, and Argo fails a workflow of more than 1024 kB: move scripts into images or ConfigMaps, data into artifacts", w.Kind, n/1024)
	case n > nearly:
		f.Severity = lint.Warning
		f.Message = fmt.Sprintf("the %s is %d kB as JSON: with the status of its run it comes near the 1024 kB at which Argo fails a workflow", w.Kind, n/1024)
	default:
		return
	}
	pass.Report(f)
}

// size returns the bytes of n as JSON, about; it stops counting beyond most.
func size(n *manifest.Node, most int) int {
	if n == nil {
		return 0
	}
	if n.Kind < manifest.List {
		return len(n.Value) + 2 // quotes; escapes are not counted
	}
	total := 2
	for _, c := range n.Children {
		if c.Key != nil {
			total += len(c.Key.Value) + 3
		}
		total += 1 + size(c, most-total)
		if total > most {
			break
		}
	}
	return total
}
