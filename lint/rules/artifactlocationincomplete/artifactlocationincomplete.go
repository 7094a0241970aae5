// Package artifactlocationincomplete finds git and HDFS locations that lack
// what it takes to get there.
package artifactlocationincomplete

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed artifact-location-incomplete.txtar
var page string

// Rule is the artifact-location-incomplete rule: docs/argo.md E 74 75
// 76 77 78 79 80, I 162.
var Rule = &lint.Rule{Name: "artifact-location-incomplete", Severity: lint.Error, Topic: "artifact", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, a := range t.Inputs.Artifacts {
			location(pass, a.Node)
		}
		location(pass, t.Node.Get("archiveLocation"))
	}
}

func location(pass *lint.Pass, n *manifest.Node) {
	if g := n.Get("git"); g != nil && g.Kind == manifest.Map {
		require(pass, g, "git", "repo")
	}
	if h := n.Get("hdfs"); h != nil && h.Kind == manifest.Map {
		hdfs(pass, h)
	}
}

func hdfs(pass *lint.Pass, h *manifest.Node) {
	if len(h.Get("addresses").Items()) == 0 {
		report(pass, h, "hdfs needs addresses: those of its name nodes")
	}
	require(pass, h, "hdfs", "path")
	if p := h.Get("path"); p.Text() != "" && !strings.HasPrefix(p.Text(), "/") && !strings.HasPrefix(p.Text(), "{{") {
		pass.Reportf(p, "hdfs path %q is not absolute: it must begin with a slash", p)
	}
	cache, keytab := h.Get("krbCCacheSecret"), h.Get("krbKeytabSecret")
	if h.Get("hdfsUser").Text() == "" && !cache.Set() && !keytab.Set() {
		report(pass, h, "hdfs does not say who reads: it needs hdfsUser, krbCCacheSecret or krbKeytabSecret")
	}
	if keytab.Set() {
		require(pass, keytab, "krbKeytabSecret", "krbServicePrincipalName", "krbConfigConfigMap", "krbUsername", "krbRealm")
	}
	if cache.Set() {
		require(pass, cache, "krbCCacheSecret", "krbServicePrincipalName", "krbConfigConfigMap")
	}
}

// require reports which of the fields are missing: in a location itself, or
// beside a field that brings others with it.
func require(pass *lint.Pass, at *manifest.Node, who string, fields ...string) {
	in := at
	if who != "git" && who != "hdfs" {
		in = at.Parent
	}
	var missing []string
	for _, name := range fields {
		if f := in.Get(name); !f.Set() || f.Kind < manifest.List && f.Value == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		pass.Report(lint.Finding{Node: at.Key, Path: at.Path(), Message: who + " needs " + beside(in == at) + strings.Join(missing, ", ")})
	}
}

func beside(same bool) string {
	if same {
		return ""
	}
	return "beside it "
}

func report(pass *lint.Pass, at *manifest.Node, message string) {
	pass.Report(lint.Finding{Node: at.Key, Path: at.Path(), Message: message})
}
