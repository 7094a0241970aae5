// Package withparaminvalid finds loops over text that is no list.
package withparaminvalid

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed with-param-invalid.txtar
var page string

// Rule is the with-param-invalid rule: docs/argo.md N, "withParam that
// is not JSON".
var Rule = &lint.Rule{Name: "with-param-invalid", Severity: lint.Error, Topic: "loop", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Calls {
			if n := c.WithParam; n != nil && n.Kind == manifest.String && n.Value != "" && !strings.Contains(n.Value, "{{") {
				check(pass, c)
			}
		}
	}
}

func check(pass *lint.Pass, c *workflow.Call) {
	text := c.WithParam.Value
	var items []json.RawMessage
	if json.Unmarshal([]byte(text), &items) == nil {
		return
	}
	if len(text) > 60 {
		text = text[:60] + "..."
	}
	cure := "list the items in withItems"
	if name := strings.TrimSpace(c.WithParam.Value); variable(name) {
		cure = "write {{" + name + "}}"
	}
	pass.Report(lint.Finding{
		Node:    c.WithParam,
		Message: fmt.Sprintf("withParam of %s must become a JSON list, but %q is none: %s", c.Title(), text, cure),
	})
}

// variable reports whether text looks like a tag whose braces were forgotten.
func variable(text string) bool {
	root, rest, _ := strings.Cut(text, ".")
	switch root {
	case "inputs", "workflow", "steps", "tasks":
		return rest != "" && !strings.ContainsAny(rest, " \n\t\"[")
	}
	return false
}
