// Package api has the kinds that Tiphys adds to a cluster.
package api

import "embed"

//go:generate go tool -modfile=../tools/go.mod controller-gen object crd:generateEmbeddedObjectMeta=false paths=./... output:crd:dir=crds

// CRDs has the CustomResourceDefinitions, as generated from the types.
//
//go:embed crds/*.yaml
var CRDs embed.FS
