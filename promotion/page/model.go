package page

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// A teller makes what the templates show of promotions. It is a pure function
// of what it has.
type teller struct {
	now        time.Time
	argo       string
	candidates map[key]*v1alpha1.Candidate
	// of has the candidates of a promotion, the newest first.
	of map[key][]*v1alpha1.Candidate
}

// A key is a name in a namespace.
type key struct{ namespace, name string }

func newTeller(now time.Time, argo string, candidates []v1alpha1.Candidate) *teller {
	t := &teller{now: now, argo: argo, candidates: map[key]*v1alpha1.Candidate{}, of: map[key][]*v1alpha1.Candidate{}}
	for i := range candidates {
		c := &candidates[i]
		t.candidates[key{c.Namespace, c.Name}] = c
		k := key{c.Namespace, c.Spec.Promotion}
		t.of[k] = append(t.of[k], c)
	}
	for _, all := range t.of {
		slices.SortFunc(all, func(a, b *v1alpha1.Candidate) int {
			return cmp.Or(latest(b).Compare(latest(a)), cmp.Compare(a.Name, b.Name))
		})
	}
	return t
}

func latest(c *v1alpha1.Candidate) time.Time {
	if c.Status.Latest != nil {
		return c.Status.Latest.Time
	}
	return c.CreationTimestamp.Time
}

func (t *teller) at(when metav1.Time) moment { return moment{when.Time, t.now} }

func (t *teller) maybe(when *metav1.Time) moment {
	if when == nil {
		return moment{}
	}
	return t.at(*when)
}

// A row is a promotion on the board.
type row struct {
	Namespace, Name, URL string
	Environments         []cell
	Latest               *stay
	Suspended            bool
	// Trouble is why the controller cannot do its work.
	Trouble string
	Blocked *blocked
	Next    moment
	// Failed and Approval are for the counts of the board.
	Failed, Approval bool
}

// Blocked is what a promotion waits for.
type blocked struct {
	Environment, Gate, Message string
	look
	Next moment
}

// A cell is an environment of a promotion.
type cell struct {
	Name, Namespace string
	Here            *stay // what is there
	Waits           *stay // what waits to enter
	Gates           []gateView
	Freeze, Pin     string
	PinReason       string
	Drift           []string
	DriftCount      int32
	DriftLooked     moment
	// Column is where it stands on the board, from 1; 0 for anywhere.
	Column int
}

// A stay is a candidate in an environment, or before it.
type stay struct {
	Candidate, Digest, Full, Version string
	Subject, Author                  string
	State                            v1alpha1.State
	look
	Since   moment
	Message string
	record  *v1alpha1.CandidateEnvironment
	of      *v1alpha1.Candidate
}

// A gateView is a gate with its answer.
type gateView struct {
	Name, Kind string
	look
	// Entry tells of a gate that is asked before a candidate enters.
	Entry    bool
	Word     string
	Message  string
	Since    moment
	Next     moment
	Evidence []string
	// About is the short digest of the candidate that was asked about.
	About string
}

func (t *teller) row(p *v1alpha1.Promotion) *row {
	r := &row{
		Namespace: p.Namespace, Name: p.Name, URL: promotionPath(p.Namespace, p.Name),
		Suspended: p.Spec.Suspend, Trouble: trouble(p), Next: t.next(p.Status.Next),
	}
	for i := range p.Spec.Environments {
		r.Environments = append(r.Environments, t.cell(p, &p.Spec.Environments[i]))
	}
	if newest := t.newest(p); newest != nil {
		r.Latest = t.stay(newest, "")
	}
	for _, c := range r.Environments {
		r.Failed = r.Failed || c.Here != nil && c.Here.Tone == "bad" || c.Waits != nil && c.Waits.Tone == "bad"
	}
	r.Blocked = t.blocked(p, r.Environments)
	r.Approval = r.Blocked != nil && r.Blocked.Icon == "person"
	return r
}

// promotionPath is the address of a promotion on this page.
func promotionPath(namespace, name string) string {
	return "/p/" + url.PathEscape(namespace) + "/" + url.PathEscape(name)
}

func (t *teller) next(rfc3339 string) moment {
	at, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		return moment{}
	}
	return moment{at, t.now}
}

func (t *teller) newest(p *v1alpha1.Promotion) *v1alpha1.Candidate {
	if all := t.of[key{p.Namespace, p.Name}]; len(all) > 0 {
		return all[0]
	}
	return nil
}

// trouble is the message of a condition that says that something is wrong.
func trouble(p *v1alpha1.Promotion) string {
	for _, c := range p.Status.Conditions {
		if c.Type == "Stalled" && c.Status == metav1.ConditionTrue {
			return plain(c.Message)
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == "Ready" && c.Status == metav1.ConditionFalse && !slices.Contains(calm, c.Reason) {
			return plain(c.Message)
		}
	}
	return ""
}

// calm are reasons of Ready that are told elsewhere on the page.
var calm = []string{"Progressing", "Held", "Waiting", "Suspended", "Blocked"}

func (t *teller) cell(p *v1alpha1.Promotion, e *v1alpha1.Environment) cell {
	c := cell{Name: e.Name, Namespace: plain(e.Namespace)}
	if e.Freeze != nil {
		c.Freeze = plain(e.Freeze.Reason)
	}
	if e.Pin != nil {
		c.Pin, c.PinReason = t.digestOf(p, e.Pin.Candidate), plain(e.Pin.Reason)
	}
	s := statusOf(p, e.Name)
	if s != nil {
		c.Namespace = cmp.Or(c.Namespace, plain(s.Namespace))
		if s.Candidate != "" {
			c.Here = t.here(p, s)
		}
		if s.Next != "" && s.Next != s.Candidate {
			if waits := t.candidates[key{p.Namespace, s.Next}]; waits != nil {
				c.Waits = t.stay(waits, e.Name)
			}
		}
		if d := s.Drift; d != nil {
			c.DriftCount, c.DriftLooked = d.Count, t.at(d.Looked)
			for _, o := range d.Objects {
				c.Drift = append(c.Drift, plain(o))
			}
		}
	}
	for i := range e.Gates {
		c.Gates = append(c.Gates, t.gate(&e.Gates[i], &c))
	}
	return c
}

func statusOf(p *v1alpha1.Promotion, environment string) *v1alpha1.EnvironmentStatus {
	for i := range p.Status.Environments {
		if p.Status.Environments[i].Name == environment {
			return &p.Status.Environments[i]
		}
	}
	return nil
}

// digestOf is the short digest of a candidate, or the name of one that is gone.
func (t *teller) digestOf(p *v1alpha1.Promotion, name string) string {
	if c := t.candidates[key{p.Namespace, name}]; c != nil {
		return short(c.Spec.Digest)
	}
	return plain(strings.TrimPrefix(name, p.Name+"-"))
}

// here is what is in an environment, whether its Candidate is still kept or not.
func (t *teller) here(p *v1alpha1.Promotion, s *v1alpha1.EnvironmentStatus) *stay {
	c := t.candidates[key{p.Namespace, s.Candidate}]
	if c == nil {
		return &stay{Candidate: plain(s.Candidate), Digest: short(s.Digest), Full: s.Digest, State: s.State, look: stateLook(s.State)}
	}
	here := t.stay(c, s.Name)
	if here.State == "" || here.record == nil {
		here.State, here.look = s.State, stateLook(s.State)
	}
	return here
}

func (t *teller) stay(c *v1alpha1.Candidate, environment string) *stay {
	s := &stay{
		Candidate: c.Name, Digest: short(c.Spec.Digest), Full: c.Spec.Digest, Version: plain(c.Spec.Version),
		Subject: plain(c.Spec.Subject), Author: person(c.Spec.Author), Since: moment{latest(c), t.now}, of: c,
	}
	if environment == "" {
		return s
	}
	s.State = v1alpha1.Waiting
	for i := range c.Status.Environments {
		if e := &c.Status.Environments[i]; e.Name == environment {
			s.record, s.State, s.Since, s.Message = e, e.State, t.at(e.Since), plain(e.Message)
		}
	}
	s.look = stateLook(s.State)
	return s
}

// gate takes the answer about whoever waits for the gate, or else about what
// went through it and is there.
func (t *teller) gate(g *v1alpha1.Gate, c *cell) gateView {
	v := gateView{Name: g.ID(), Kind: g.Kind(), Entry: g.Entry(), Word: "not asked"}
	asked := []*stay{c.Here}
	if v.Entry {
		asked = []*stay{c.Waits, c.Here}
	}
	var answer *v1alpha1.GateStatus
	for _, s := range asked {
		if s == nil || s.record == nil || answer != nil {
			continue
		}
		for i := range s.record.Gates {
			if s.record.Gates[i].Name == v.Name {
				answer, v.About = &s.record.Gates[i], s.Digest
			}
		}
	}
	v.look = gateLook(answer)
	if answer == nil {
		return v
	}
	v.Word = map[string]string{"good": "open", "bad": "failed", "wait": "shut"}[v.Tone]
	if v.Kind == "approval" && v.Tone == "wait" {
		v.Icon = "person"
	}
	v.Message, v.Since, v.Next = plain(answer.Message), t.at(answer.Since), t.maybe(answer.Next)
	for _, line := range answer.Evidence {
		v.Evidence = append(v.Evidence, plain(line))
	}
	return v
}

// blocked finds what the status of the promotion says that it waits for.
func (t *teller) blocked(p *v1alpha1.Promotion, cells []cell) *blocked {
	environment, gate, ok := strings.Cut(p.Status.BlockedBy, "/")
	if !ok {
		return nil
	}
	b := &blocked{Environment: plain(environment), Gate: plain(gate), look: look{"wait", "clock"}}
	for _, c := range cells {
		if c.Name != environment {
			continue
		}
		if gate == "freeze" {
			b.Message, b.look = c.Freeze, look{"cold", "snow"}
		}
		for _, g := range c.Gates {
			if g.Name == gate {
				b.Message, b.look, b.Next = g.Message, g.look, g.Next
			}
		}
	}
	if b.Tone == "good" || b.Tone == "past" { // the answer is of another candidate
		b.Message, b.look, b.Next = "", look{"wait", "clock"}, moment{}
	}
	if b.Message == "" {
		for _, c := range p.Status.Conditions {
			if c.Type == p.Status.BlockedBy || c.Reason == gate && c.Status == metav1.ConditionFalse {
				b.Message = plain(c.Message)
			}
		}
	}
	return b
}
