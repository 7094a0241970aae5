// Package rules lists the rules that are built in.
//
// Each is a leaf package below this one. The list and the pages in docs/rules
// are generated from the folders.
package rules

//go:generate go run ./gen
