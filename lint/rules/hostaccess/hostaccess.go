// Package hostaccess finds pods that reach into the node they run on.
package hostaccess

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/pod"
)

//go:embed host-access.txtar
var page string

// Rule is the host-access rule. Argo and most clusters let it pass.
var Rule = &lint.Rule{Name: "host-access", Severity: lint.Warning, Topic: "security", Page: page, Run: run}

// flags are the fields of a pod that give it a part of the node.
var flags = [...]struct{ field, gives string }{
	{"hostNetwork", "the pod hears and speaks as the node, past every network policy"},
	{"hostPID", "the pod sees every program of the node, and what was passed to it"},
	{"hostIPC", "the pod reads the shared memory of every program of the node"},
}

func run(pass *lint.Pass) {
	w := pass.Workflow
	c := checker{pass: pass}
	c.volumes(w.Spec.Get("volumes"))
	if w.Defaults != nil {
		c.volumes(w.Defaults.Node.Get("volumes"))
	}
	for _, t := range w.All {
		c.volumes(t.Node.Get("volumes"))
		if !t.Type.Pod() {
			continue
		}
		p := pod.Of(t)
		for _, f := range flags {
			if n := p.At(f.field); n.True() {
				c.report(&p, n, fmt.Sprintf("%s is on: %s; leave it out", f.field, f.gives))
			}
		}
		for v := range p.PatchedVolumes() {
			if n := v.Get("hostPath"); n.Set() {
				c.report(&p, n, mounted(n))
			}
		}
	}
}

type checker struct {
	pass *lint.Pass
	seen map[*manifest.Node]bool
}

func (c *checker) volumes(list *manifest.Node) {
	for _, v := range list.Items() {
		n := v.Get("hostPath")
		if !n.Set() {
			continue
		}
		at := n.Get("path")
		if !at.Set() {
			at = n
		}
		c.pass.Report(lint.Finding{Node: at, Message: mounted(n)})
	}
}

// mounted says what a hostPath gives.
func mounted(n *manifest.Node) string {
	path := n.Get("path").Text()
	if strings.HasSuffix(path, "docker.sock") || strings.HasSuffix(path, "containerd.sock") || strings.HasSuffix(path, "crio.sock") {
		return fmt.Sprintf("hostPath %q is the socket of the container runtime: who has it is root on the node; build images with a rootless builder", path)
	}
	return fmt.Sprintf("hostPath %q is a folder of the node: the next step may run on another node and not find it, and what is in it is not yours; use a volume claim or an artifact", path)
}

// report reports once what stands in the workflow's spec and so holds for each
// of its pods.
func (c *checker) report(p *pod.Pod, n *manifest.Node, message string) {
	if c.seen[n] {
		return
	}
	if c.seen == nil {
		c.seen = map[*manifest.Node]bool{}
	}
	c.seen[n] = true
	place, span := p.Place(n)
	c.pass.Report(lint.Finding{Node: place, Span: span, Message: message})
}
