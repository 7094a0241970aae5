package deploy

import (
	"regexp"
	"slices"

	"github.com/tiphys-dev/tiphys/lint"
)

// What can be wrong with a chart beside what is wrong with its manifests.
var (
	ruleFailed = rule("template-failed", lint.Error, "A template that cannot be rendered")
	ruleLookup = rule("lookup-unanswered", lint.Warning, "A template that asks a cluster which is not there")
	ruleLeaked = rule("secret-leaked", lint.Error, "An encrypted value that ends up outside of a Secret")
	ruleUnused = rule("value-unused", lint.Warning, "A value that no template uses")
)

// RuleBroken is for a chart that cannot be loaded.
var RuleBroken = rule("chart-broken", lint.Error, "A chart that cannot be loaded")

// Rules returns the rules of this package.
func Rules() []*lint.Rule {
	return []*lint.Rule{RuleBroken, ruleFailed, ruleLookup, ruleLeaked, ruleUnused}
}

// Stops reports whether a finding of the rule stops a deployment whatever else
// is said.
func Stops(r *lint.Rule) bool { return r == ruleLeaked || r == ruleFailed }

func rule(name string, severity lint.Severity, title string) *lint.Rule {
	return &lint.Rule{Name: name, Severity: severity, Topic: "chart", Page: title + "\n"}
}

var lookupCall = regexp.MustCompile(`\{\{[^}]*\blookup\b`)

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
