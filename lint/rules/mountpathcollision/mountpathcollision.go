// Package mountpathcollision finds paths on which two things are mounted.
package mountpathcollision

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed mount-path-collision.txtar
var page string

// Rule is the mount-path-collision rule: docs/argo.md F 96 97 102. That
// two mounts of any container collide is for the API server to refuse: N.
var Rule = &lint.Rule{Name: "mount-path-collision", Severity: lint.Error, Topic: "volume", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Containers {
			taken := mounts{}
			taken.volumes(pass, c.Node.Get("volumeMounts"), title(c))
			if c.Role == workflow.Main && (t.Type == workflow.TypeContainer || t.Type == workflow.TypeScript) {
				taken.artifacts(pass, t)
			}
		}
		if t.Type == workflow.TypeContainerSet {
			mounts{}.volumes(pass, t.Body.Get("volumeMounts"), "the containerSet of "+t.Title())
		}
	}
}

// mounts are what is mounted in one container, by path.
type mounts map[string]*manifest.Node

// take notes that n is mounted at its path and returns what was there before.
func (m mounts) take(n *manifest.Node) *manifest.Node {
	path := n.Text()
	if path == "" || strings.Contains(path, "{{") {
		return nil
	}
	if first := m[path]; first != nil {
		return first
	}
	m[path] = n
	return nil
}

func (m mounts) volumes(pass *lint.Pass, list *manifest.Node, who string) {
	for _, v := range list.Items() {
		at := v.Get("mountPath")
		if first := m.take(at); first != nil {
			pass.Report(lint.Finding{
				Node:    at,
				Message: fmt.Sprintf("%s mounts two volumes on %q: give one of them another mountPath", who, at),
				Related: []lint.Related{lint.At(first, "the first is mounted here")},
			})
		}
	}
}

// artifacts looks at what Argo mounts for input artifacts. In a script it looks
// for a volume on the path of the artifact, and puts the file there.
func (m mounts) artifacts(pass *lint.Pass, t *workflow.Template) {
	for _, a := range t.Inputs.Artifacts {
		first := m.take(a.Path)
		if first == nil {
			continue
		}
		volume := first.Key.Value == "mountPath"
		f := lint.Finding{Node: a.Path, Related: []lint.Related{lint.At(first, "the first is mounted here")}}
		what := "another artifact"
		if volume {
			what = "a volume"
			if t.Type == workflow.TypeScript {
				f.Severity = lint.Warning
			}
		}
		f.Message = fmt.Sprintf("artifact %q is put on %q, where %s already is: give it a path of its own", a.Name, a.Path, what)
		pass.Report(f)
	}
}

func title(c *workflow.Container) string {
	switch {
	case c.Role == workflow.Init:
		return fmt.Sprintf("init container %q of %s", c.Name, c.Template.Title())
	case c.Role == workflow.Sidecar:
		return fmt.Sprintf("sidecar %q of %s", c.Name, c.Template.Title())
	case c.Template.Type == workflow.TypeContainerSet:
		return fmt.Sprintf("container %q of %s", c.Name, c.Template.Title())
	}
	return c.Template.Title()
}
