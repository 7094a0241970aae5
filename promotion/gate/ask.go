package gate

import (
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// Ask asks a gate. One that is none of the known kinds holds.
//
// Nothing in an answer but Again and Look tells how late it is: it stays the same,
// word for word, until Again, if no fact changes.
func Ask(g v1alpha1.Gate, s State) Answer {
	switch {
	case g.Lint != nil:
		return lint(g.Lint, s)
	case g.Smoke != nil:
		return smoke(g.ID(), g.Smoke, s)
	case g.Runs != nil:
		return runs(g.Runs, s)
	case g.Soak != nil:
		return soak(g.Soak, s)
	case g.Approval != nil:
		return approval(g.Approval, s)
	case g.Window != nil:
		return window(g.Window, s)
	case g.Metric != nil:
		return metric(g.ID(), g.Metric, s)
	}
	return hold("Unknown", "this gate is none of lint, smoke, runs, soak, approval, window and metric")
}

// hold is an answer that keeps the gate shut.
func hold(reason, message string) Answer { return Answer{Reason: reason, Message: message} }

// open is an answer that lets through.
func open(reason, message string) Answer {
	return Answer{Open: true, Reason: reason, Message: message}
}

// notDeployed is the answer of gates that are asked of what runs.
func notDeployed() Answer {
	return hold("NotDeployed", "the candidate is not deployed here yet")
}

// stamp writes a time into a message.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// later returns the later one of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
