//go:build !linux

package edit

// memory returns a folder in memory; there is none that every machine has.
func memory() string { return "" }
