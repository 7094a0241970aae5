// Package version is set by the linker.
package version

var version = "unset"

// String returns the version.
func String() string { return version }
