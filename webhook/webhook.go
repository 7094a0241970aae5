// Package webhook answers admission requests for workflows.
//
// Review is a pure function of the bytes of a request and of a State: it reads
// no clock itself, opens nothing and changes nothing, so a dry run needs no care.
// What it denies is a verdict, and stands whatever the failure policy of the
// webhook is. What it cannot answer is a *CallError: the call has
// failed, and the API server goes by the failure policy.
package webhook

import (
	"context"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
)

// An Endpoint is one question that the API server asks.
type Endpoint uint8

// The endpoints.
const (
	Validate Endpoint = iota // may this object be?
	Mutate                   // what is to be written into it?
	Runs                     // may this run start beside those that are there?
)

var endpoints = [...]string{"validate", "mutate", "runs"}

// String is the last element of the path that the endpoint is served at.
func (e Endpoint) String() string { return endpoints[e] }

// A State is what a review depends on beside the request. It is replaced as a
// whole and never changed; its functions are called by several goroutines and
// answer from memory.
type State struct {
	// Rules are the built-in rules, normally rules.All().
	Rules []*lint.Rule
	// Argo is the version that the workflows are for; zero is the newest.
	Argo lint.Version
	// Policies tells what holds for a request, nil where there is no policy: the
	// severities of the rules decide then, and an error denies.
	Policies func(context.Context, *Request) lint.Policies
	// Policy checks an object of our own kind WorkflowPolicy.
	Policy func(*manifest.Node) []lint.Finding
	// World answers for what is in the cluster; nil for nothing known. One that is
	// Bounded is asked for an answer within each request.
	World resolve.World
	// Runs tells why a run is one too many, empty for none. An error fails the
	// call: runs that cannot be counted are not let through unnoticed.
	Runs func(context.Context, *Request, *manifest.Node) ([]Refusal, error)
	// Namespace returns the labels of a namespace and whether it is known.
	Namespace func(name string) (labels map[string]string, known bool)
}

// A Refusal tells why a policy does not let a run start.
type Refusal struct{ Policy, Message string }

// A Request is what the API server tells of what is asked of it.
type Request struct {
	UID       string
	Operation string // CREATE, UPDATE, DELETE or CONNECT
	// Group, Version and Kind are those of the object as it was sent to us,
	// which under matchPolicy Equivalent is not as the client sent it.
	Group, Version, Kind  string
	Resource, SubResource string
	Namespace, Name       string
	NamespaceLabels       map[string]string
	NamespaceKnown        bool
	User                  User
	DryRun                bool
	// Defaults is set where the object is to be mutated: defaults of policies are
	// asked for as well.
	Defaults bool
}

// A Bounded world answers a request within what its context allows.
type Bounded interface {
	Within(context.Context) resolve.World
}

// A User is who asked.
type User struct {
	Name, UID string
	Groups    []string
	Extra     map[string][]string
}

// A Response is the answer to a request.
type Response struct {
	Request Request
	Allowed bool
	// Code and Reason are those of a denial.
	Code    int
	Reason  string
	Message string
	Causes  []Cause
	// Warnings are shown to the user whether or not the request is allowed.
	Warnings []string
	// Audit goes to the audit log of the API server.
	Audit map[string]string
	// Patch is a JSON Patch, nil for none.
	Patch []byte

	// Skipped tells in a word why the object was not looked at, "" if it was.
	Skipped string
	// Counts are the findings by rule, for metrics.
	Counts []Count
	// Failures are mistakes of ours: rules that broke.
	Failures []error
}

// A Cause is one reason of a denial, for machines.
type Cause struct{ Reason, Field, Message string }

// A Count is how many findings a rule had.
type Count struct {
	Rule     string
	Severity lint.Severity
	Findings int
}

// A CallError is a request that has no answer.
type CallError struct {
	Status int // of HTTP: 400, 413, 503 ...
	Err    error
}

// Error returns the message of the cause.
func (e *CallError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Err }
