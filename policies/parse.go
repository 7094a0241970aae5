package policies

import (
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// Parse reads every WorkflowPolicy of a file. A policy with a mistake is not
// returned: each of its mistakes is a finding.
func Parse(f *source.File) ([]*Policy, []lint.Finding) {
	var all []*Policy
	var findings []lint.Finding
	for _, d := range manifest.Parse(f) {
		for _, o := range d.Objects() {
			p, found := FromObject(o)
			findings = append(findings, found...)
			if p != nil {
				all = append(all, p)
			}
		}
	}
	return all, findings
}

// FromObject reads one policy; it is nil if there are findings.
func FromObject(o *manifest.Node) (*Policy, []lint.Finding) { return nil, nil }
