package decide

import (
	"testing"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// TestBlockedByFault: who looks at the table alone sees that something is in the
// way, and where.
func TestBlockedByFault(t *testing.T) {
	for sentence, test := range map[string]struct {
		faults []Fault
		source *v1alpha1.SourceStatus
		want   string
	}{
		"nothing":                       {want: ""},
		"a key is not there":            {faults: []Fault{{Place{Environment: "qa"}, "KeyMissing", "no key"}}, want: "qa/KeyMissing"},
		"something of all environments": {faults: []Fault{{Reason: "Broken", Message: "no"}}, want: ""},
		"the source is gone":            {source: &v1alpha1.SourceStatus{Reason: "SourceUnreachable", Problem: "no route"}, want: "source/SourceUnreachable"},
	} {
		p := &plan{State: State{Promotion: &v1alpha1.Promotion{Status: v1alpha1.PromotionStatus{Source: test.source}}, Faults: test.faults}}
		p.spec = &p.Promotion.Spec
		p.sumUp()
		if got := p.d.Promotion.BlockedBy; got != test.want {
			t.Errorf("%s: blocked by %q and not by %q", sentence, got, test.want)
		}
	}
}
