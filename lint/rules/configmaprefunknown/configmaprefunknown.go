// Package configmaprefunknown finds references to ConfigMaps that do not
// exist, and to keys that they do not have.
package configmaprefunknown

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/absent"
)

//go:embed config-map-ref-unknown.txtar
var page string

// Rule is the config-map-ref-unknown rule: docs/argo.md N, "ConfigMaps existing".
var Rule = &lint.Rule{Name: "config-map-ref-unknown", Severity: lint.Error, Topic: "reference", Page: page, Finish: finish}

func finish(pass *lint.Pass) { absent.Report(pass, "ConfigMap") }
