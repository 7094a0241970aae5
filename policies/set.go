package policies

import (
	"context"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// Options of a set. The zero value works.
type Options struct {
	// Now is the time by which waivers expire, unless a Request has its own; the
	// zero time is before all of them.
	Now time.Time
}

// A Set is all policies that are in force. It is not changed once made and may
// be used by any number of goroutines.
type Set struct {
	all     []*Policy
	options Options
}

// NewSet returns the set of these policies.
func NewSet(all []*Policy, o Options) *Set { return &Set{all: all, options: o} }

// Policies returns the policies of the set, in the order they were given.
func (s *Set) Policies() []*Policy { return s.all }

// A Request is what is known of the request that brings an object. It is zero
// for files.
type Request struct {
	// Context ends the evaluation of modules; nil is context.Background.
	Context   context.Context
	Operation string // CREATE or UPDATE, "" for files and audits
	// Namespace is the one that the object will be in; "" is that of its metadata.
	Namespace string
	User      User
	// NamespaceLabels are those of the namespace, if NamespaceKnown.
	NamespaceLabels map[string]string
	NamespaceKnown  bool
	DryRun          bool
	// Defaults asks for the defaults as well, as rules whose findings have fixes.
	Defaults bool
	// Now is the time of the request; the zero time is Options.Now.
	Now time.Time
	// Usage counts what waivers cover; nil counts nothing.
	Usage *Usage
}

// A User is who asks.
type User struct {
	Name, UID string
	Groups    []string
}

// For returns what the policies want of the objects of a request.
func (s *Set) For(r Request) lint.Policies { return &view{set: s, request: r} }

// Matching returns the policies that are for an object, in the order of the set.
func (s *Set) Matching(r Request, object *manifest.Node) []*Policy { return nil }

// A view is a set as one request sees it.
type view struct {
	set     *Set
	request Request
}

// Terms returns what the policies that match the object want of it.
func (v *view) Terms(object *manifest.Node) *lint.Terms { return nil }
