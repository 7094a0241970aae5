// Package v1alpha1 has the kinds of the API group tiphys.dev.
//
// The CustomResourceDefinitions are generated from these types; a policy reads
// the same in a cluster and in a file.
//
// +kubebuilder:object:generate=true
// +groupName=tiphys.dev
package v1alpha1
