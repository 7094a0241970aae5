package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/client"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) metav1.Time { return metav1.NewTime(noon.Add(d)) }

// sight is a promotion with something in each of its environments, and more on
// its way.
func sight() client.Sight {
	next := at(13 * time.Hour)
	one := v1alpha1.Candidate{ObjectMeta: metav1.ObjectMeta{Name: "etl-1c0ffee00000"}, Spec: v1alpha1.CandidateSpec{Version: "1.4.0"}}
	one.Status.Environments = []v1alpha1.CandidateEnvironment{{Name: "prod", State: v1alpha1.Verified, Since: at(-30 * time.Hour)}}
	two := v1alpha1.Candidate{ObjectMeta: metav1.ObjectMeta{Name: "etl-3f2a9c1b77d0"}, Spec: v1alpha1.CandidateSpec{Version: "1.5.0"}}
	two.Status.Environments = []v1alpha1.CandidateEnvironment{
		{Name: "dev", State: v1alpha1.Failed, Since: at(-9 * time.Hour), Message: "run etl-smoke-1 failed", Gates: []v1alpha1.GateStatus{
			{Name: "smoke", Kind: "smoke", Failed: true, Message: "run etl-smoke-1 failed", Since: at(-9 * time.Hour)},
		}},
		{Name: "prod", State: v1alpha1.Waiting, Since: at(-9 * time.Hour), Gates: []v1alpha1.GateStatus{
			{Name: "window", Kind: "window", Message: "shut until 01:00 UTC", Since: at(-9 * time.Hour), Next: &next},
			{Name: "lint", Kind: "lint", Open: true, Message: "nothing was \x1b[31mfound", Since: at(-9 * time.Hour)},
		}},
	}
	p := v1alpha1.Promotion{ObjectMeta: metav1.ObjectMeta{Namespace: "data", Name: "etl"}}
	p.Spec.Environments = []v1alpha1.Environment{
		{Name: "dev"}, {Name: "qa", Freeze: &v1alpha1.Freeze{Reason: "audit"}},
		{Name: "prod", Gates: []v1alpha1.Gate{{Lint: &v1alpha1.LintGate{}}, {Window: &v1alpha1.WindowGate{}}}},
	}
	p.Status = v1alpha1.PromotionStatus{ObservedGeneration: 1, BlockedBy: "prod/window", Next: next.UTC().Format(time.RFC3339), Environments: []v1alpha1.EnvironmentStatus{
		{Name: "dev", Candidate: two.Name, State: v1alpha1.Failed},
		{Name: "prod", Candidate: one.Name, State: v1alpha1.Verified, Next: two.Name, BlockedBy: "window"},
	}}
	return client.Sight{Views: []client.View{{Promotion: p, Candidates: []v1alpha1.Candidate{two, one}}}}
}

func TestTree(t *testing.T) {
	var got strings.Builder
	for _, l := range leaves(sight(), true) {
		got.WriteString(l.line(noon) + "\n")
	}
	want := `data/etl: blocked by prod/window, again in 13h
├─ dev
│  └─ etl-3f2a9c1b77d0 1.5.0 Failed: run etl-smoke-1 failed, 9h ago
│     └─ ✗ smoke failed: run etl-smoke-1 failed, 9h ago
├─ qa, frozen: audit: nothing
└─ prod
   ├─ etl-1c0ffee00000 1.4.0 Verified, 30h ago
   └─ etl-3f2a9c1b77d0 1.5.0 Waiting, 9h ago
      ├─ ✓ lint open: nothing was �[31mfound, 9h ago
      └─ … window holds: shut until 01:00 UTC, 9h ago, again in 13h
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}

// A screen never wraps or scrolls, so that the next one can be drawn over it.
func TestScreen(t *testing.T) {
	all := leaves(sight(), false)
	for width := 1; width < 90; width++ {
		for height := 2; height < 15; height++ {
			w := &watching{problem: "nothing answers; trying again"}
			text, lines := w.screen(all, width, height, noon)
			if lines > height-1 && height > 3 || strings.Count(text, "\n") != lines {
				t.Fatalf("%d by %d: %d lines:\n%s", width, height, lines, text)
			}
			for line := range strings.Lines(text) {
				if n := len([]rune(line)) - 1; n >= width && width > 1 {
					t.Fatalf("%d by %d: a line of %d: %q", width, height, n, line)
				}
			}
		}
	}
	w := &watching{color: true}
	text, _ := w.screen(all, 40, 6, noon)
	want := "etl: blocked by prod/window, again in …\n├─ dev\n│  └─ etl-3f2a9c1b77d0 1.5.0 Failed: r…\n\x1b[31m│     └─ ✗ smoke failed: run etl-smoke…\x1b[0m\n… 6 lines more\n"
	if diff := cmp.Diff(want, text); diff != "" {
		t.Error(diff)
	}
	if text, _ := w.screen(nil, 40, 6, noon); text != "there are no promotions\n" {
		t.Errorf("%q", text)
	}
}

func TestChanges(t *testing.T) {
	before, after := leaves(sight(), false), sight()
	if lines := changes(before, leaves(sight(), false), noon); len(lines) > 0 {
		t.Errorf("nothing changed, and it says %q", lines)
	}
	after.Views[0].Promotion.Status.Environments[1].Next = ""
	after.Views[0].Promotion.Status.BlockedBy = ""
	want := []string{
		"2026-11-01T12:00:00Z etl, again at 2026-11-02T01:00:00Z",
		"2026-11-01T12:00:00Z etl prod etl-3f2a9c1b77d0: gone",
		"2026-11-01T12:00:00Z etl prod etl-3f2a9c1b77d0 lint: gone",
		"2026-11-01T12:00:00Z etl prod etl-3f2a9c1b77d0 window: gone",
	}
	if diff := cmp.Diff(want, changes(before, leaves(after, false), noon)); diff != "" {
		t.Error(diff)
	}
}
