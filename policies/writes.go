package policies

import (
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/policies/defaults"
	"github.com/tiphys-dev/tiphys/policies/mutate"
)

// writes are the rules whose fixes write into objects what policies want to
// stand there.
type writes struct {
	// wanted report what is to be written: defaults, and what limits need.
	wanted []lint.Extra
	// missing deny what limits need and mutation has not written.
	missing []lint.Extra
}

func writesOf(all []*Policy) writes {
	var w writes
	var d []*defaults.Defaults
	for _, p := range all {
		d = append(d, p.Defaults)
	}
	w.wanted = defaults.Extras(d...)
	for _, p := range all {
		if p.Concurrency == nil {
			continue
		}
		r := p.Concurrency.Rule()
		w.wanted = append(w.wanted, lint.Extra{Rule: r, Setting: lint.Setting{Policy: p.Name, Severity: lint.Info}})
		w.missing = append(w.missing, lint.Extra{Rule: r, Setting: lint.Setting{Policy: p.Name, Severity: lint.Error}})
	}
	return w
}

// extra returns the rules that an object of a kind meets in a request. In a file
// it is no mistake that something is still to be written.
func (w *writes) extra(r *Request, kind string) []lint.Extra {
	switch {
	case r.Operation != "" && !mutate.Applies(r.Operation, kind):
		return nil
	case r.Defaults:
		return w.wanted
	case r.Operation != "":
		return w.missing
	}
	return nil
}
