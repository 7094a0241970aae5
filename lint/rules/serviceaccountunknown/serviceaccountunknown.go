// Package serviceaccountunknown finds ServiceAccounts that do not exist.
package serviceaccountunknown

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/absent"
)

//go:embed service-account-unknown.txtar
var page string

// Rule is the service-account-unknown rule: docs/argo.md N, "ServiceAccounts existing".
var Rule = &lint.Rule{Name: "service-account-unknown", Severity: lint.Error, Topic: "reference", Page: page, Finish: finish}

func finish(pass *lint.Pass) { absent.Report(pass, "ServiceAccount") }
