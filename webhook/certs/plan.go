package certs

import (
	"crypto/x509"
	"slices"
	"time"
)

// An Action is what is to be done with a bundle next.
type Action uint8

// The actions.
const (
	Wait    Action = iota // nothing before Step.Again
	Begin                 // make an authority and a certificate: there is no authority that could sign
	Add                   // add an authority, which signs nothing yet
	Publish               // note that all trust the newest authority
	Issue                 // have the certificate signed by Step.Signer
	Drop                  // remove the authority Step.Signer, which nobody needs any more
)

var actions = [...]string{"wait", "begin", "add an authority", "note that the authority is trusted", "issue a certificate", "drop an authority"}

// String says it in words.
func (a Action) String() string { return actions[a] }

// A Step is an action and what it needs.
type Step struct {
	Action
	// Signer is the index of an authority.
	Signer int
	// Again is when to plan again at the latest, if nothing happens before.
	Again time.Time
	// Why is the reason, for a log.
	Why string
}

// An Observation is what is known beside the bundle.
type Observation struct {
	Now time.Time
	// Trusted reports whether all webhook configurations trust an authority.
	Trusted func(*x509.Certificate) bool
	// Names are the DNS names that the certificate must be for.
	Names []string
}

// skew is by how much the clocks of replicas and API servers may differ.
const skew = time.Hour

// Plan returns what is to be done next. Once it is done and written, it is
// planned again, until there is nothing but to wait.
func Plan(b *Bundle, o Observation, l Lifetimes) Step {
	l = l.defaults()
	signer := b.signer(o.Now, l)
	if signer < 0 {
		return Step{Action: Begin, Why: "no authority can sign"}
	}
	if why := b.unfit(signer, o, l); why != "" {
		return Step{Action: Issue, Signer: signer, Why: why}
	}
	last := len(b.Authorities) - 1
	newest := b.newest()
	switch settled := newest.settled(o.Now, l); {
	case newest.Published.IsZero() && o.Trusted(newest.Certificate):
		return Step{Action: Publish, Why: "all webhook configurations trust it"}
	case settled && !b.signedBy(newest):
		return Step{Action: Issue, Signer: last, Why: "the new authority is trusted everywhere"}
	case settled && !o.Now.Before(renewal(newest.Certificate, l.Authority)):
		return Step{Action: Add, Why: "two thirds of the life of the authority are over"}
	}
	for i := range b.Authorities {
		if b.needless(i, o.Now) {
			return Step{Action: Drop, Signer: i, Why: "nothing that it has signed is valid"}
		}
	}
	return Step{Again: b.again(o.Now, l)}
}

// settled reports whether all API servers trust an authority by now.
func (a *Authority) settled(now time.Time, l Lifetimes) bool {
	return !a.Published.IsZero() && !now.Before(a.Published.Add(l.Settle))
}

// signer returns the authority that is to sign, -1 if none can: the newest one
// that is trusted everywhere. Where none is, nobody is served anyway.
func (b *Bundle) signer(now time.Time, l Lifetimes) int {
	any := -1
	for i := len(b.Authorities) - 1; i >= 0; i-- {
		a := &b.Authorities[i]
		if a.Key == nil || !valid(a.Certificate, now) {
			continue
		}
		if a.settled(now, l) {
			return i
		}
		any = i // in the end the oldest
	}
	return any
}

// unfit returns why the certificate must be replaced at once, "" if it need not
// or if what the signer could give is hardly better.
func (b *Bundle) unfit(signer int, o Observation, l Lifetimes) string {
	switch {
	case b.Leaf == nil:
		return "there is no certificate"
	case !valid(b.Leaf.Certificate, o.Now):
		return "the certificate is not valid at this time"
	case !o.Now.Before(renewal(b.Leaf.Certificate, l.Leaf)) && b.end(signer, o.Now, l).Sub(b.Leaf.Certificate.NotAfter) > l.Leaf/10:
		return "two thirds of the life of the certificate are over"
	case slices.ContainsFunc(o.Names, func(n string) bool { return b.Leaf.Certificate.VerifyHostname(n) != nil }):
		return "the certificate is not for all names of the service"
	case !slices.ContainsFunc(b.Authorities, func(a Authority) bool { return b.signedBy(&a) && valid(a.Certificate, o.Now) }):
		return "no authority vouches for the certificate"
	}
	return ""
}

// end is when a certificate expires that an authority signs now.
func (b *Bundle) end(signer int, now time.Time, l Lifetimes) time.Time {
	end := now.Add(l.Leaf)
	if last := b.Authorities[signer].Certificate.NotAfter; end.After(last) {
		return last
	}
	return end
}

// needless reports whether nothing that an authority has signed can be served
// any more. The newest one and the one of the certificate are always needed.
func (b *Bundle) needless(i int, now time.Time) bool {
	a := &b.Authorities[i]
	if i == len(b.Authorities)-1 || b.signedBy(a) {
		return false
	}
	return now.After(a.Until.Add(skew)) || now.After(a.Certificate.NotAfter)
}

// again returns the next moment at which Plan says something else.
func (b *Bundle) again(now time.Time, l Lifetimes) time.Time {
	next := now.Add(l.Leaf)
	for _, a := range b.Authorities {
		for _, t := range []time.Time{renewal(b.Leaf.Certificate, l.Leaf), a.Published.Add(l.Settle), renewal(a.Certificate, l.Authority), a.Until.Add(skew + 1), a.Certificate.NotAfter.Add(1)} {
			if t.After(now) && t.Before(next) {
				next = t
			}
		}
	}
	return next
}
