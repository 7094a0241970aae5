// Package volumeunknown finds mounts of volumes that do not exist.
package volumeunknown

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed volume-unknown.txtar
var page string

// Rule is the volume-unknown rule: docs/argo.md N, "volumeMounts
// without a volume". A library may be given its volumes by who calls it.
var Rule = &lint.Rule{Name: "volume-unknown", Severity: lint.Error, Topic: "volume", Page: page, Run: run}

// argo's own volumes, which it adds to the pods that it makes.
var argo = map[string]bool{"var-run-argo": true, "tmp-dir-argo": true, "input-artifacts": true, "argo-staging": true}

func run(pass *lint.Pass) {
	w := pass.Workflow
	if w.Ref != nil || w.Injected("spec.volumes") || w.Injected("spec.volumeClaimTemplates") {
		return
	}
	var base volumes
	base.add(w.Spec.Get("volumes"))
	for _, c := range w.Spec.Get("volumeClaimTemplates").Items() {
		base.name(c.At("metadata", "name"))
	}
	if d := w.Defaults; d != nil {
		base.add(d.Node.Get("volumes"))
		base.patch(d.Node)
	}
	base.patch(w.Spec)
	if base.open {
		return
	}
	for _, t := range w.All {
		if t.Type.Pod() {
			template(pass, t, &base)
		}
	}
}

func template(pass *lint.Pass, t *workflow.Template, base *volumes) {
	own := volumes{base: base}
	own.add(t.Node.Get("volumes"))
	own.patch(t.Node)
	if own.open {
		return
	}
	for _, c := range t.Containers {
		own.mounts(pass, t, c.Node.Get("volumeMounts"))
	}
	if t.Type == workflow.TypeContainerSet {
		own.mounts(pass, t, t.Body.Get("volumeMounts"))
	}
}

// volumes are those that a pod may mount. They are open where names are only
// known when the workflow runs.
type volumes struct {
	base  *volumes
	names []string
	set   map[string]bool
	open  bool
}

func (v *volumes) add(list *manifest.Node) {
	for _, n := range list.Items() {
		v.name(n.Get("name"))
	}
}

func (v *volumes) name(n *manifest.Node) {
	if v.set == nil {
		v.set = map[string]bool{}
	}
	v.set[n.Text()] = true
	v.names = append(v.names, n.Text())
	v.open = v.open || strings.Contains(n.Text(), "{{")
}

func (v *volumes) patch(n *manifest.Node) { v.open = v.open || n.Get("podSpecPatch").Text() != "" }

func (v *volumes) has(name string) bool { return v.set[name] || v.base.set[name] || argo[name] }

// mostHints bounds the names that a misspelt one is compared with.
const mostHints = 200

func (v *volumes) mounts(pass *lint.Pass, t *workflow.Template, list *manifest.Node) {
	names := append(slices.Clip(v.names[:min(len(v.names), mostHints)]), v.base.names[:min(len(v.base.names), mostHints)]...)
	for _, m := range list.Items() {
		n := m.Get("name")
		if n.Text() == "" || strings.Contains(n.Text(), "{{") || v.has(n.Text()) {
			continue
		}
		f := lint.Finding{Node: n, Message: fmt.Sprintf("%s mounts volume %q, which is neither in spec.volumes and spec.volumeClaimTemplates nor in the volumes of the template", t.Title(), n)}
		ok := f.Suggest(names[:min(len(names), mostHints)])
		if pass.Workflow.IsLibrary() {
			f.Severity = lint.Info
			if ok {
				f.Severity = lint.Warning
			} else {
				f.Message += "; whoever calls the template must bring it"
			}
		}
		pass.Report(f)
	}
}
