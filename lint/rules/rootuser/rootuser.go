// Package rootuser finds containers that run as root.
package rootuser

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/pod"
)

//go:embed root-user.txtar
var page string

// Rule is the root-user rule. That a container which must not be root cannot
// be user 0 is the kubelet's word.
var Rule = &lint.Rule{Name: "root-user", Severity: lint.Info, Topic: "security", Page: page, Run: run}

// run reports a user 0 where it is written, and once for a workflow that
// nowhere says who its containers run as, as one line mends them all.
func run(pass *lint.Pass) {
	w := pass.Workflow
	seen := map[*manifest.Node]bool{}
	silent := 0
	var first string
	for _, t := range w.All {
		if len(t.Containers) == 0 {
			continue
		}
		p := pod.Of(t)
		for c := range p.Containers() {
			user, nonRoot := effective(&p, c, "runAsUser"), effective(&p, c, "runAsNonRoot")
			id, known := user.Int()
			switch {
			case known && id == 0 && !seen[user]:
				seen[user] = true
				zero(pass, &p, user, nonRoot)
			case user == nil && !nonRoot.True() && !p.Open:
				if silent++; silent == 1 {
					first = c.Title()
				}
			}
		}
	}
	if silent > 0 {
		pass.Report(lint.Finding{Node: w.Anchor(), Message: fmt.Sprintf(
			"nothing keeps %s from running as root; write spec.securityContext with runAsNonRoot: true, and runAsUser if the image names no user", others(first, silent))})
	}
}

// effective returns a field of the container's security context, else of the pod's.
func effective(p *pod.Pod, c pod.Container, field string) *manifest.Node {
	if n := c.At("securityContext", field); n != nil {
		return n
	}
	return p.Security(field)
}

func zero(pass *lint.Pass, p *pod.Pod, user, nonRoot *manifest.Node) {
	f := lint.Finding{Severity: lint.Warning, Message: "runAsUser 0 is root: who breaks out of the container is root on the node; write the number of another user"}
	if nonRoot.True() {
		f.Severity = lint.Error
		f.Message = "runAsUser 0 is root, and runAsNonRoot forbids that: the container can never start; write the number of another user"
		if !p.Patched(nonRoot) {
			f.Related = []lint.Related{lint.At(nonRoot, "runAsNonRoot stands here")}
		}
	}
	place, span := p.Place(user)
	f.Node, f.Span = place, span
	pass.Report(f)
}

func others(first string, n int) string {
	switch n {
	case 1:
		return first
	case 2:
		return first + " and another container"
	}
	return fmt.Sprintf("%s and %d other containers", first, n-1)
}
