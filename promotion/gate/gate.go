// Package gate has the gates that a candidate passes on its way through
// environments.
//
// A gate is a pure function of what is known: it sees neither client nor clock.
// The same State always has the same Answer, and an Answer says by when another
// may follow, so that nobody has to look in between. A gate that was open is
// asked again for as long as the candidate has not moved on, and may be shut.
package gate

import (
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// A State is what is known of one candidate in one environment, when a gate is
// asked. Times are in any zone; the zero time is "never".
type State struct {
	Now time.Time
	// Environment, Promotion and Candidate are names.
	Environment, Promotion, Candidate string
	// Author of the candidate as NAME <EMAIL>, "" when nobody knows.
	Author string
	// Deployed is when the candidate was deployed there, Revision what Helm
	// numbers it; zero for one that has not entered.
	Deployed time.Time
	Revision int32
	// Lint is what was found, nil while nobody has looked.
	Lint *Lint
	// Runs are the smoke and the real runs in the environment since it was
	// deployed, in any order.
	Runs []v1alpha1.RunRecord
	// Approvals are those of this candidate and environment, in any order.
	Approvals []v1alpha1.Approval
	// Health is nil while nobody has looked.
	Health *Health
	// Metrics are the answers of Prometheus by ID of the gate.
	Metrics map[string]Metric
}

// Lint is what linting found.
type Lint struct {
	Errors, Warnings int
	// First are a few of the findings, one a line.
	First []string
	// Problem is why nothing could be linted, as a missing key.
	Problem string
}

// Health is how the objects of a release are.
type Health struct {
	// Since is since when they are well without interruption; zero when they are not.
	Since time.Time
	// Problem is what is wrong.
	Problem string
	// Looked is when that was found out.
	Looked time.Time
}

// A Metric is an answer of Prometheus.
type Metric struct {
	Value float64
	At    time.Time
	// Problem is why there is no value.
	Problem string
}

// An Answer of a gate.
type Answer struct {
	Open bool
	// Failed is set when waiting does not help: what happens then is up to
	// OnFailure of the environment.
	Failed bool
	// Reason is a word in CamelCase for machines, Message a sentence for people:
	// lower case, no full stop, with what would open the gate.
	Reason, Message string
	// Evidence is what the answer goes by, one thing a line.
	Evidence []string
	// Again is when the answer may change by the clock alone; zero for never.
	Again time.Time
	// Look asks for facts that are missing or too old: see State.
	Look Look
	// Submit is the number of the smoke run that is to be submitted now, from 1;
	// 0 for none. Stop is the name of a run that took too long.
	Submit int32
	Stop   string
}

// Look is which facts a gate needs to be gathered anew.
type Look uint8

// The facts.
const (
	LookLint Look = 1 << iota
	LookHealth
	LookMetric
)
