package audit

import "github.com/tiphys-dev/tiphys/lint"

// What can be wrong with how secrets are kept.
var (
	rulePlain      = rule("secrets-not-encrypted", lint.Error, "Secrets that lie in the clear")
	ruleTampered   = rule("secrets-tampered", lint.Error, "A file that was changed after it was encrypted")
	ruleUnreadable = rule("secrets-unreadable", lint.Error, "A file of secrets that SOPS does not understand")
	ruleOutdated   = rule("secrets-recipients-outdated", lint.Warning, "Recipients that are not those of .sops.yaml")
	ruleMixed      = rule("secrets-recipients-mixed", lint.Warning, "Files of one environment for different recipients")
	ruleShared     = rule("secrets-recipient-shared", lint.Warning, "A key that opens more than one environment")
	ruleMissing    = rule("secrets-key-missing", lint.Warning, "A secret that some environments have and others have not")
)

// Rules returns the rules of this package.
func Rules() []*lint.Rule {
	return []*lint.Rule{rulePlain, ruleTampered, ruleUnreadable, ruleOutdated, ruleMixed, ruleShared, ruleMissing}
}

func rule(name string, severity lint.Severity, title string) *lint.Rule {
	return &lint.Rule{Name: name, Severity: severity, Topic: "secrets", Page: title + "\n"}
}
