// Package secretrefunknown finds references to Secrets that do not exist, and
// to keys that they do not have.
package secretrefunknown

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/absent"
)

//go:embed secret-ref-unknown.txtar
var page string

// Rule is the secret-ref-unknown rule: docs/argo.md N, "Secrets existing".
var Rule = &lint.Rule{Name: "secret-ref-unknown", Severity: lint.Error, Topic: "reference", Page: page, Finish: finish}

func finish(pass *lint.Pass) { absent.Report(pass, "Secret") }
