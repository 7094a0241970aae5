// Package events describes the Sensors and EventSources of Argo Events as Go
// types, in the conventions of package argo.
package events

// Free is anything at all, as argo.Free.
type Free any

// Amount is a JSON number.
type Amount float64

// Int64OrString is a duration: nanoseconds or text such as 10s.
type Int64OrString struct{}

// K8SResource is a whole Kubernetes object. One of a kind of Argo is checked
// as that kind.
type K8SResource map[string]Free
