package cli

import "github.com/tiphys-dev/tiphys/internal/version"

// Version returns the version of the program.
func Version() string { return version.String() }
