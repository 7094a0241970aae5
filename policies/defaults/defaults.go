// Package defaults writes what a policy sets into objects where they are silent.
package defaults

import "github.com/tiphys-dev/tiphys/lint/manifest"

// Defaults are the compiled defaults of one policy, not changed any more.
type Defaults struct {
	// Policy names the policy.
	Policy string
}

// A Problem is what is wrong with the defaults of a policy.
type Problem struct {
	Node    *manifest.Node
	Message string
}
