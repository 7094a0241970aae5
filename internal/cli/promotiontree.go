package cli

import (
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/client"
)

// A leaf is a line of the tree: what it is about, in words that change only with
// what they tell, and when.
type leaf struct {
	// branch is drawn before it, mark is that of a gate.
	branch, mark string
	// key tells leaves apart: promotion, environment, candidate, gate. About is
	// what the leaf hangs from.
	key, about, text string
	// since and next are when it began and may change; zero for never.
	since, next time.Time
}

// line is a leaf as the tree shows it.
func (l leaf) line(now time.Time) string {
	text := l.branch
	if l.mark != "" {
		text += l.mark + " "
	}
	text += printable(l.text)
	if !l.since.IsZero() {
		text += ", " + ago(now, l.since)
	}
	if !l.next.IsZero() {
		text += ", again " + in(now, l.next)
	}
	return text
}

// leaves are the tree of what is seen: promotion, environment, candidate, gate.
func leaves(s client.Sight, namespaces bool) []leaf {
	var all []leaf
	for _, one := range s.Views {
		v := promotionView{one}
		p := &v.Promotion
		name := p.Name
		if namespaces {
			name = p.Namespace + "/" + p.Name
		}
		text := name
		if p.Status.BlockedBy != "" {
			text += ": blocked by " + p.Status.BlockedBy
		}
		next, _ := time.Parse(time.RFC3339, p.Status.Next)
		all = append(all, leaf{key: name, text: text, next: next})
		for _, trouble := range v.troubles() {
			all = append(all, leaf{branch: "│  ", mark: "!", key: name + ": " + trouble, about: name, text: trouble})
		}
		for i := range p.Spec.Environments {
			all = append(all, v.environmentLeaves(name, i)...)
		}
	}
	return all
}

// environmentLeaves are an environment, what is in it, and what waits.
func (v promotionView) environmentLeaves(name string, at int) []leaf {
	e := &v.Promotion.Spec.Environments[at]
	tee, bar := "├─ ", "│  "
	if at == len(v.Promotion.Spec.Environments)-1 {
		tee, bar = "└─ ", "   "
	}
	key := name + " " + e.Name
	text := e.Name
	if e.Freeze != nil {
		text += ", frozen: " + e.Freeze.Reason
	}
	if e.Pin != nil {
		text += ", pinned at " + e.Pin.Candidate
	}
	all := []leaf{{branch: tee, key: key, about: name, text: text}}
	st := v.status(e.Name)
	if st.Candidate != "" {
		all = append(all, v.candidateLeaves(key, e.Name, st.Candidate, st.State, st.Next == "", bar)...)
	}
	if st.Next != "" {
		all = append(all, v.candidateLeaves(key, e.Name, st.Next, v1alpha1.Waiting, true, bar)...)
	}
	if len(all) == 1 {
		all[0].text += ": nothing"
	}
	return all
}

func (v promotionView) candidateLeaves(key, environment, candidate string, state v1alpha1.State, last bool, bar string) []leaf {
	tee, below := "├─ ", "│  "
	if last {
		tee, below = "└─ ", "   "
	}
	line := leaf{branch: bar + tee, key: key + " " + candidate, about: key}
	key += " " + candidate
	place := v.place(candidate, environment)
	text := candidate
	if c := v.candidate(candidate); c != nil {
		text += " " + c.Spec.Version
	}
	if place == nil {
		line.text = text + " " + string(state)
		return []leaf{line}
	}
	line.text, line.since = text+" "+string(place.State), place.Since.Time
	if place.Message != "" {
		line.text += ": " + place.Message
	}
	all := []leaf{line}
	gates := v.gates(place)
	for i, g := range gates {
		tee := "├─ "
		if i == len(gates)-1 {
			tee = "└─ "
		}
		word, mark := answer(g)
		l := leaf{branch: bar + below + tee, mark: mark, key: key + " " + g.Name, about: key, text: g.Name + " " + word + ": " + g.Message, since: g.Since.Time}
		if g.Next != nil {
			l.next = g.Next.Time
		}
		all = append(all, l)
	}
	return all
}

// changes are the lines for what is in one list of leaves and was not, or not
// so, in the one before.
func changes(before, after []leaf, now time.Time) []string {
	was, is := map[string]leaf{}, map[string]bool{}
	for _, l := range before {
		was[l.key] = l
	}
	var lines []string
	say := func(l leaf, text string) {
		if l.about != "" {
			text = l.about + ": " + text
		}
		lines = append(lines, now.UTC().Format(time.RFC3339)+" "+printable(text))
	}
	for _, l := range after {
		is[l.key] = true
		if old, seen := was[l.key]; !seen || old.text != l.text || !old.next.Equal(l.next) {
			text := l.text
			if !l.next.IsZero() {
				text += ", again at " + l.next.UTC().Format(time.RFC3339)
			}
			say(l, text)
		}
	}
	for _, l := range before {
		if !is[l.key] {
			say(leaf{about: l.key}, "gone")
		}
	}
	return lines
}
