// Package policies reads WorkflowPolicies, the same from a file and from a
// cluster, and tells the linter what they want of an object.
//
// A Policy is parsed and compiled once and not changed afterwards. A Set is all
// policies that are in force; it answers for any number of objects at once.
package policies
