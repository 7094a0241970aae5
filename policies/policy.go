package policies

import (
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/policies/concurrency"
	"github.com/tiphys-dev/tiphys/policies/defaults"
	"github.com/tiphys-dev/tiphys/policies/rego"
)

// Group and Kind are those of a policy.
const (
	Group   = "tiphys.dev"
	Version = "tiphys.dev/v1alpha1"
	Kind    = "WorkflowPolicy"
)

// A Policy is a WorkflowPolicy that was read, checked and compiled.
type Policy struct {
	Name       string
	Generation int64
	// Node is the object as it was written, with positions if it is from a file.
	Node *manifest.Node

	Match       Match
	Rules       map[string]lint.Setting // built-in rules by name
	Modules     []*Module
	Defaults    *defaults.Defaults // nil without
	Concurrency *concurrency.Limit // nil without
	Waivers     []*Waiver
	// WaivableRules are those that an annotation on an object, or a comment in
	// a file, may waive; "*" is all.
	WaivableRules []string
	// Ignore is set with failurePolicy: Ignore: what a module cannot judge is a
	// warning and not an error.
	Ignore bool
}

// A Module is a rule written in Rego.
type Module struct {
	lint.Setting // Policy, Severity and Parameters
	Name, Title  string
	Rego         string
	Node         *manifest.Node

	compiled *rego.Module
	ignore   bool // failurePolicy: Ignore
}

// A Waiver accepts what a rule finds until a day.
type Waiver struct {
	Policy string
	Rule   string
	Match  Match
	Reason string
	// Until is the first moment at which the waiver counts no more: midnight
	// (UTC) after its last day.
	Until time.Time
	Node  *manifest.Node
}
