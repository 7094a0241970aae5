// Package generatednametoolong finds prefixes of names that leave no room for
// what is put behind them.
package generatednametoolong

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed generated-name-too-long.txtar
var page string

// Rule is the generated-name-too-long rule: the API server puts 5 letters
// behind metadata.generateName and cuts it so that 63 are not exceeded, and
// docs/argo.md B 19 leaves a CronWorkflow 52.
var Rule = &lint.Rule{Name: "generated-name-too-long", Severity: lint.Warning, Topic: "name", Page: page, Run: run}

const (
	suffix   = 5
	maxBytes = 63
	maxCron  = 52
)

func run(pass *lint.Pass) {
	w := pass.Workflow
	prefix := w.GenerateName
	if prefix == nil || prefix.Kind != manifest.String || w.Name.Text() != "" || strings.Contains(prefix.Value, "{{") {
		return
	}
	long := len(prefix.Value) + suffix
	switch {
	case w.Kind == workflow.KindCronWorkflow && long > maxCron:
		pass.Report(lint.Finding{Node: prefix, Severity: lint.Error, Message: message(prefix, long, maxCron, "Argo refuses a CronWorkflow with a longer name")})
	case long > maxBytes:
		pass.Report(lint.Finding{Node: prefix, Message: message(prefix, long, maxBytes, "the API server cuts the end of the prefix off")})
	}
}

func message(prefix *manifest.Node, long, most int, then string) string {
	return fmt.Sprintf("the name generated from %q has %d characters, more than %d: %s; shorten the prefix to %d", prefix, long, most, then, most-suffix)
}
