// Package claimunknown finds PersistentVolumeClaims that do not exist.
package claimunknown

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/absent"
)

//go:embed claim-unknown.txtar
var page string

// Rule is the claim-unknown rule: docs/argo.md N, "PersistentVolumeClaims existing".
var Rule = &lint.Rule{Name: "claim-unknown", Severity: lint.Error, Topic: "reference", Page: page, Finish: finish}

func finish(pass *lint.Pass) { absent.Report(pass, "PersistentVolumeClaim") }
