package environment

import "github.com/tiphys-dev/tiphys/lint"

// What can be wrong with environments and values. These are findings of files
// that are no manifests, so no linter runs these rules: they give findings
// their name and severity.
var (
	ruleSyntax     = rule("yaml-syntax", lint.Error, "A file that cannot be read as YAML")
	ruleDuplicate  = rule("key-duplicate", lint.Error, "A key that stands twice")
	ruleUnreadable = rule("environment-file-unreadable", lint.Error, "A folder, a pipe, a huge file or a link that leads out, in place of a file")
	ruleShape      = rule("values-not-a-map", lint.Error, "A file of values that is not one map")
	ruleKey        = rule("environment-key-unknown", lint.Error, "A key that environment.yaml does not have")
	ruleField      = rule("environment-field-wrong", lint.Error, "A setting of environment.yaml that cannot be")
	ruleStray      = rule("environment-file-unknown", lint.Warning, "A file in an environment that nothing reads")
	ruleUnknown    = rule("environment-unknown", lint.Error, "promotedFrom names an environment that is not there")
	ruleCycle      = rule("promotion-cycle", lint.Error, "Environments that are promoted from each other")
	ruleMissing    = rule("environment-value-missing", lint.Warning, "A value that the environment before sets and this one does not")
	rulePlain      = rule("secrets-not-encrypted", lint.Error, "A secrets.yaml that lies in the clear")
	ruleSchema     = rule("values-schema-invalid", lint.Error, "A values.schema.json that is no JSON Schema")
	ruleValueKey   = rule("values-key-unknown", lint.Error, "A value that the schema of the chart does not know")
	ruleValueType  = rule("values-type-wrong", lint.Error, "A value of a type that the schema of the chart refuses")
	ruleValue      = rule("values-invalid", lint.Error, "A value that the schema of the chart refuses")
)

// Rules returns the rules of this package.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		ruleSyntax, ruleDuplicate, ruleUnreadable, ruleShape, ruleKey, ruleField, ruleStray, ruleUnknown, ruleCycle,
		ruleMissing, rulePlain, ruleSchema, ruleValueKey, ruleValueType, ruleValue,
	}
}

func rule(name string, severity lint.Severity, title string) *lint.Rule {
	return &lint.Rule{Name: name, Severity: severity, Topic: "environment", Page: title + "\n"}
}
