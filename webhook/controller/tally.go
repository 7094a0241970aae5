package controller

import (
	"cmp"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/policies"
)

// A tally is what an audit found of one policy.
type tally struct {
	uid     types.UID // of the policy
	objects int32
	rules   map[string]*ruleTally
	waivers []policies.WaiverState
}

type ruleTally struct {
	severity lint.Severity
	count    int32
	first    []v1alpha1.Violation
}

func (t *tally) add(f *lint.Finding) {
	r := t.rules[f.Rule.Name]
	if r == nil {
		r = &ruleTally{}
		t.rules[f.Rule.Name] = r
	}
	r.severity = max(r.severity, f.Severity)
	if r.count++; len(r.first) < mostFirst {
		r.first = append(r.first, v1alpha1.Violation{
			Kind: f.Object.Kind, Namespace: f.Object.Namespace, Name: f.Object.Name, Path: cut(f.Path, 200), Message: cut(f.Message, 300),
		})
	}
}

func (t *tally) violations() (n int32) {
	for _, r := range t.rules {
		n += r.count
	}
	return n
}

// list has the rules in the order of their names.
func (t *tally) list() []v1alpha1.RuleViolations {
	var out []v1alpha1.RuleViolations
	for _, name := range slices.SortedFunc(maps.Keys(t.rules), cmp.Compare[string]) {
		r := t.rules[name]
		out = append(out, v1alpha1.RuleViolations{Rule: name, Enforcement: enforcement(r.severity), Count: r.count, First: r.first})
	}
	return out
}

func (t *tally) waiverList() []v1alpha1.WaiverStatus {
	var out []v1alpha1.WaiverStatus
	for _, w := range t.waivers {
		out = append(out, v1alpha1.WaiverStatus{Rule: w.Rule, Until: w.Day(), State: w.State, Objects: int32(w.Objects)})
	}
	return out
}

func enforcement(s lint.Severity) v1alpha1.Enforcement {
	switch s {
	case lint.Error:
		return v1alpha1.Deny
	case lint.Warning:
		return v1alpha1.Warn
	case lint.Info:
		return v1alpha1.Audit
	}
	return v1alpha1.Off
}

// cut bounds a text in a status to so many runes.
func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}

func selector(text string) labels.Selector {
	s, err := labels.Parse(text)
	if err != nil {
		panic(err) // those here are constants
	}
	return s
}
