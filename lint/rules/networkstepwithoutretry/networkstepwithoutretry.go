// Package networkstepwithoutretry finds steps that talk to the network and give
// up at the first hiccup.
package networkstepwithoutretry

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed network-step-without-retry.txtar
var page string

// Rule is the network-step-without-retry rule.
var Rule = &lint.Rule{Name: "network-step-without-retry", Severity: lint.Info, Topic: "retry", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Retry().Set() || t.Node.Get("daemon").True() || once(t) {
			continue
		}
		if what := network(t); what != "" {
			pass.Reportf(t.Anchor(), "%s %s, but has no retryStrategy: one lost packet fails it", t.Title(), what)
		}
	}
}

// once reports whether the template says that it must not run twice.
func once(t *workflow.Template) bool {
	const annotation = "tiphys.dev/idempotent"
	return t.Node.At("metadata", "annotations", annotation).Text() == "false" || t.Node.At("annotations", annotation).Text() == "false"
}

// network says what the template does over the network, "" if nothing is seen.
func network(t *workflow.Template) string {
	switch t.Type {
	case workflow.TypeHTTP:
		return "sends an HTTP request"
	case workflow.TypeResource:
		if t.Body.Get("action").Text() == "apply" { // to create twice may do harm
			return "applies an object"
		}
		return ""
	case workflow.TypeContainerSet:
		if t.Body.Get("retryStrategy").Set() {
			return ""
		}
	case workflow.TypeContainer, workflow.TypeScript:
	default:
		return ""
	}
	for _, c := range t.Containers {
		if c.Role != workflow.Main {
			continue
		}
		if tool := toolOf(c.Node); tool != "" {
			return fmt.Sprintf("calls %s", tool)
		}
	}
	return ""
}

// call finds a network tool where a shell would look for a command.
var call = regexp.MustCompile("(?:^|[;&|(`!]|\\b(?:sudo|time|exec|then|do|else|if|while))[ \\t]*(?:/[a-z/]+/)?" +
	`(curl|wget|pip3? install|apt-get (?:-\S+ )*(?:install|update)|apk (?:--?\S+ )*add|npm (?:install|ci)|git (?:clone|fetch|pull|push)|aws s3|gsutil|gcloud|az storage|azcopy|rclone|scp|sftp|psql|mysql|bq|kubectl|helm)(?:[ \t\r\n]|$)`)

// again finds that a tool is told to try again itself.
var again = regexp.MustCompile(`--retry|--retries|--tries|\bretry\b|\buntil\b`)

// tools are the first words of what call finds, hints a part of each of what
// again finds: looking for them costs a hundredth of matching.
var (
	tools = []string{"curl", "wget", "pip", "apt-get", "apk", "npm", "git ", "aws ", "gsutil", "gcloud", "az ", "azcopy", "rclone", "scp", "sftp", "psql", "mysql", "bq", "kubectl", "helm"}
	hints = []string{"retr", "tries", "until"}
)

// long is from where on a text is searched for words before it is matched: few
// lines are longer, but one of megabytes must not hold up who waits.
const long = 256

func holds(text string, words []string) bool {
	return len(text) < long || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

func repeats(text string) bool { return holds(text, hints) && again.MatchString(text) }

func toolOf(c *manifest.Node) string {
	if repeats(c.Get("source").Text()) {
		return ""
	}
	if tool := search(c.Get("source").Text()); tool != "" {
		return tool
	}
	words := append(texts(c.Get("command")), texts(c.Get("args"))...)
	line := strings.Join(words, " ")
	if repeats(line) {
		return ""
	}
	if tool := search(line); tool != "" {
		return tool
	}
	for _, w := range words { // sh -c "..."
		if strings.ContainsAny(w, " \n") {
			if tool := search(w); tool != "" {
				return tool
			}
		}
	}
	return ""
}

func texts(n *manifest.Node) []string {
	var all []string
	for _, i := range n.Items() {
		all = append(all, i.Text())
	}
	return all
}

// search looks for a tool line by line.
func search(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") || !holds(line, tools) {
			continue
		}
		if m := call.FindStringSubmatch(line); m != nil {
			tool, _, _ := strings.Cut(m[1], " ")
			return tool
		}
	}
	return ""
}
