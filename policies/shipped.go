package policies

import "github.com/tiphys-dev/tiphys/lint/source"

// Shipped returns a policy file that comes with tiphys, by the name of its
// policy, or nil.
func Shipped(name string) *source.File { return nil }

// Names are those of the policies that come with tiphys, from the mildest on.
func Names() []string { return []string{"baseline", "restricted", "production"} }
