// Package executorpluginincomplete finds executor plugins that lack what Argo
// asks of them.
package executorpluginincomplete

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed executor-plugin-incomplete.txtar
var page string

// Rule is the executor-plugin-incomplete rule: docs/argo.md B 30 to 34.
var Rule = &lint.Rule{Name: "executor-plugin-incomplete", Severity: lint.Error, Topic: "workflow", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, p := range pass.Workflow.Spec.Get("executorPlugins").Items() {
		if p.Kind != manifest.Map {
			continue
		}
		who := "the executor plugin"
		if name := p.At("metadata", "name"); name.Text() != "" {
			who = fmt.Sprintf("executor plugin %q", name)
		} else if !name.Set() || name.Scalar() {
			pass.Reportf(p, "the executor plugin has no name: metadata.name is required")
		}
		sidecar(pass, p, who)
	}
}

// sidecar checks the container of a plugin.
func sidecar(pass *lint.Pass, p *manifest.Node, who string) {
	c := p.At("spec", "sidecar", "container")
	at := p
	if c.Set() {
		at = c
	}
	resources := c.Get("resources")
	for _, need := range []struct {
		field *manifest.Node
		what  string
	}{
		{c.Get("ports"), "no port: spec.sidecar.container.ports needs at least one, on which Argo calls the plugin"},
		{resources.Get("requests"), "no spec.sidecar.container.resources.requests, which Argo requires"},
		{resources.Get("limits"), "no spec.sidecar.container.resources.limits, which Argo requires"},
		{c.Get("securityContext"), "no spec.sidecar.container.securityContext, which Argo requires"},
	} {
		empty := need.field.Set() && need.field.Kind == manifest.List && len(need.field.Items()) == 0
		if !need.field.Set() || empty {
			pass.Reportf(at, "%s has %s", who, need.what)
		}
	}
}
