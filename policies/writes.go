package policies

import (
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
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

// complete writes into an object of a file what admission will write into it:
// only what then is still wrong is a mistake.
func (w *writes) complete(r *Request) func(*manifest.Node) *manifest.Node {
	if r.Operation != "" || r.Defaults || len(w.wanted) == 0 {
		return nil
	}
	return func(object *manifest.Node) *manifest.Node {
		result, err := mutate.Object(lint.Options{Policies: w}, object)
		if err != nil {
			return object
		}
		return result.After
	}
}

// Terms has what is to be written be written.
func (w *writes) Terms(*manifest.Node) *lint.Terms { return &lint.Terms{Extra: w.wanted} }
