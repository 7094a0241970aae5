package deploy

import (
	_ "embed"
	"regexp"
	"slices"

	"github.com/tiphys-dev/tiphys/lint"
)

// The pages of the rules: what is wrong, why it hurts, and examples that are
// tests as well.
var (
	//go:embed pages/chart-broken.txtar
	pageBroken string
	//go:embed pages/template-failed.txtar
	pageFailed string
	//go:embed pages/lookup-unanswered.txtar
	pageLookup string
	//go:embed pages/secret-leaked.txtar
	pageLeaked string
	//go:embed pages/value-unused.txtar
	pageUnused string
)

// What can be wrong with a chart beside what is wrong with its manifests.
var (
	ruleFailed = rule("template-failed", lint.Error, pageFailed)
	ruleLookup = rule("lookup-unanswered", lint.Warning, pageLookup)
	ruleLeaked = rule("secret-leaked", lint.Error, pageLeaked)
	ruleUnused = rule("value-unused", lint.Warning, pageUnused)
)

// RuleBroken is for a chart that cannot be loaded.
var RuleBroken = rule("chart-broken", lint.Error, pageBroken)

// Rules returns the rules of this package.
func Rules() []*lint.Rule {
	return []*lint.Rule{RuleBroken, ruleFailed, ruleLookup, ruleLeaked, ruleUnused}
}

// Stops reports whether a finding of the rule stops a deployment whatever else
// is said.
func Stops(r *lint.Rule) bool { return r == ruleLeaked || r == ruleFailed }

func rule(name string, severity lint.Severity, page string) *lint.Rule {
	return &lint.Rule{Name: name, Severity: severity, Topic: "chart", Page: page}
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
