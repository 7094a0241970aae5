package policies

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/policies/concurrency"
	"github.com/tiphys-dev/tiphys/policies/defaults"
)

// The pages of the rules: what is wrong, why it hurts, and an example.
var (
	//go:embed pages/policy-invalid.txtar
	pageInvalid string
	//go:embed pages/policy-waiver-expired.txtar
	pageExpired string
	//go:embed pages/policy-waiver-unused.txtar
	pageUnused string
)

// What can be wrong with a policy. No linter runs these rules: they give
// findings in policy files their name and severity.
var (
	ruleInvalid = rule("policy-invalid", lint.Error, pageInvalid)
	ruleExpired = rule("policy-waiver-expired", lint.Warning, pageExpired)
	ruleUnused  = rule("policy-waiver-unused", lint.Warning, pageUnused)
)

// Rules returns the rules of policies: of what is wrong with them, and of what
// they write into objects.
func Rules() []*lint.Rule {
	return []*lint.Rule{concurrency.Rule, defaults.Rule, ruleInvalid, ruleExpired, ruleUnused}
}

func rule(name string, severity lint.Severity, page string) *lint.Rule {
	return &lint.Rule{Name: name, Severity: severity, Topic: "policy", Page: page}
}
