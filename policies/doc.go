// Package policies reads WorkflowPolicies, the same from a file and from a
// cluster, and tells the linter what they want of an object.
package policies
