package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/promotion/client"
)

// A promotionView answers questions about a promotion. What is not there is nil
// or empty.
type promotionView struct{ client.View }

func (v promotionView) index(environment string) int {
	return slices.IndexFunc(v.Promotion.Spec.Environments, func(e v1alpha1.Environment) bool { return e.Name == environment })
}

// spec is what is wanted of an environment, which must be there.
func (v promotionView) spec(environment string) *v1alpha1.Environment {
	return &v.Promotion.Spec.Environments[v.index(environment)]
}

// status is what is known of an environment, perhaps nothing.
func (v promotionView) status(environment string) v1alpha1.EnvironmentStatus {
	for _, e := range v.Promotion.Status.Environments {
		if e.Name == environment {
			return e
		}
	}
	return v1alpha1.EnvironmentStatus{Name: environment}
}

func (v promotionView) candidate(name string) *v1alpha1.Candidate {
	for i := range v.Candidates {
		if v.Candidates[i].Name == name {
			return &v.Candidates[i]
		}
	}
	return nil
}

// place is what happened to a candidate in an environment.
func (v promotionView) place(candidate, environment string) *v1alpha1.CandidateEnvironment {
	c := v.candidate(candidate)
	if c == nil {
		return nil
	}
	for i := range c.Status.Environments {
		if c.Status.Environments[i].Name == environment {
			return &c.Status.Environments[i]
		}
	}
	return nil
}

// newer reports whether candidate a is newer than b.
func (v promotionView) newer(a, b string) bool {
	at := func(name string) int {
		return slices.IndexFunc(v.Candidates, func(c v1alpha1.Candidate) bool { return c.Name == name })
	}
	return at(a) >= 0 && at(b) >= 0 && at(a) < at(b)
}

// ready is the newest candidate that may enter an environment as far as the one
// before it goes, "" for none.
func (v promotionView) ready(environment string) string {
	at := v.index(environment)
	for i := range v.Candidates {
		name := v.Candidates[i].Name
		if at == 0 {
			return name
		}
		place := v.place(name, v.Promotion.Spec.Environments[at-1].Name)
		if place != nil && (place.State == v1alpha1.Verified || place.State == v1alpha1.Replaced && place.Verified != nil) {
			return name
		}
	}
	return ""
}

// choose finds the candidate that a user means: by its name, or by the first
// digits of its digest.
func (v promotionView) choose(word string) (*v1alpha1.Candidate, error) {
	if c := v.candidate(word); c != nil {
		return c, nil
	}
	digits := strings.TrimPrefix(strings.TrimPrefix(word, v.Promotion.Name+"-"), "sha256:")
	var found []*v1alpha1.Candidate
	var names []string
	for i := range v.Candidates {
		names = append(names, v.Candidates[i].Name)
		if len(digits) >= 4 && strings.HasPrefix(strings.TrimPrefix(v.Candidates[i].Spec.Digest, "sha256:"), digits) {
			found = append(found, &v.Candidates[i])
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, fmt.Errorf("%q may be %s or %s: give more digits", word, found[0].Name, found[1].Name)
	case len(names) == 0:
		return nil, fmt.Errorf("there is no candidate %q: promotion %q has none yet", word, v.Promotion.Name)
	}
	hint := near.Hint(word, names)
	if hint == "" {
		hint = "; there are " + strings.Join(names[:min(len(names), 10)], ", ")
	}
	return nil, fmt.Errorf("there is no candidate %q of promotion %q%s", word, v.Promotion.Name, hint)
}

// describe is a candidate in words: its name, chart, subject and author.
func (v promotionView) describe(name string) string {
	c := v.candidate(name)
	if c == nil {
		return name + " (its Candidate is gone)"
	}
	text := fmt.Sprintf("%s, %s %s", name, c.Spec.Chart, c.Spec.Version)
	if c.Spec.Subject != "" {
		text += fmt.Sprintf(", %q", c.Spec.Subject)
	}
	if c.Spec.Author != "" {
		text += ", by " + c.Spec.Author
	}
	return text
}

// gates are those of a place with their specification, in the order of the
// environment; of what the specification does not have, as a freeze, last.
func (v promotionView) gates(place *v1alpha1.CandidateEnvironment) []v1alpha1.GateStatus {
	if place == nil {
		return nil
	}
	order := map[string]int{}
	if at := v.index(place.Name); at >= 0 {
		for i := range v.Promotion.Spec.Environments[at].Gates {
			order[v.Promotion.Spec.Environments[at].Gates[i].ID()] = i - 100
		}
	}
	all := slices.Clone(place.Gates)
	slices.SortStableFunc(all, func(a, b v1alpha1.GateStatus) int { return order[a.Name] - order[b.Name] })
	return all
}

// troubles are what is wrong with the promotion as a whole.
func (v promotionView) troubles() []string {
	var all []string
	p := &v.Promotion
	if p.Spec.Suspend {
		all = append(all, "suspended: nothing moves until spec.suspend is false")
	}
	if p.Status.ObservedGeneration == 0 {
		all = append(all, "no controller has looked at it yet: is tiphys-controller running, and does it see this namespace?")
	}
	for _, c := range p.Status.Conditions {
		stalled := c.Type == "Stalled" && c.Status == "True"
		broken := c.Type == "Ready" && c.Status == "False" && c.Reason != "Progressing" && c.Reason != "Suspended"
		if text := cmp.Or(c.Message, c.Reason); (stalled || broken) && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// answer is a gate's in a word, mark the same in a character.
func answer(g v1alpha1.GateStatus) (word, mark string) {
	switch {
	case g.Failed:
		return "failed", "✗"
	case g.Open:
		return "open", "✓"
	}
	return "holds", "…"
}

func ago(now, then time.Time) string {
	if then.IsZero() {
		return "never"
	}
	return duration.HumanDuration(max(0, now.Sub(then))) + " ago"
}

// in is how long it is until then.
func in(now, then time.Time) string {
	if left := then.Sub(now); left > 0 {
		return "in " + duration.HumanDuration(left)
	}
	return "now"
}

// inText is in for a time as text, or that text.
func inText(now time.Time, text string) string {
	then, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return in(now, then)
}
