// Package absent reports references to Secrets and ConfigMaps that are known
// not to be there, for the rules on each of the two.
package absent

import (
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// Report reports the references of a workflow to objects of a kind, Secret or
// ConfigMap, of which the object or the key is Absent. What is Unknown, what is
// optional and what the workflow itself may create is left alone.
func Report(pass *lint.Pass, kind string) {
	w := pass.Workflow
	missing := map[*manifest.Node]bool{}
	for _, r := range resolve.References(w.Root.Get("spec")) {
		if r.Kind != kind || r.Optional || r.Name.Text() == "" || r.Key != nil && r.Key.Text() == "" {
			continue
		}
		have, object, key := pass.Index.Key(kind, w.Namespace.Text(), r.Name.Text(), r.Key.Text())
		switch {
		case object == resolve.Absent && !missing[r.Name] && !given(w, kind, r.Name.Text()):
			missing[r.Name] = true // an object with items is referred to by each of them
			reportObject(pass, kind, r.Name)
		case object == resolve.Known && key == resolve.Absent:
			reportKey(pass, kind, r, have)
		}
	}
}

func reportObject(pass *lint.Pass, kind string, name *manifest.Node) {
	f := lint.Finding{Node: name, Message: fmt.Sprintf("%s %q does not exist, so the pod that needs it can never start", kind, name)}
	if hint, ok := near.Name(name.Text(), pass.Index.Names(kind)); ok {
		f.Message += fmt.Sprintf("; did you mean %q?", hint)
		f.Fix = write(name, hint)
	} else {
		f.Message += "; add it, or mark the reference optional"
	}
	pass.Report(f)
}

func reportKey(pass *lint.Pass, kind string, r resolve.Reference, have []string) {
	f := lint.Finding{Node: r.Key, Message: fmt.Sprintf("%s %q has no key %q, so the pod that needs it can never start", kind, r.Name, r.Key)}
	if hint, ok := near.Name(r.Key.Text(), have); ok {
		f.Message += fmt.Sprintf("; did you mean %q?", hint)
		f.Fix = write(r.Key, hint)
	} else {
		f.Message += "; " + list(have)
	}
	pass.Report(f)
}

func write(n *manifest.Node, hint string) *lint.Fix {
	return &lint.Fix{Message: "write " + hint, Edits: []lint.Edit{{Node: n, Value: hint}}}
}

// list says which keys there are, the first few of them.
func list(have []string) string {
	const most = 8
	switch {
	case len(have) == 0:
		return "it has no keys at all"
	case len(have) > most:
		return fmt.Sprintf("its %d keys begin with %s", len(have), strings.Join(have[:most], ", "))
	}
	return "its keys are " + strings.Join(have, ", ")
}

// given reports whether an object comes from elsewhere: Kubernetes puts one
// ConfigMap in each namespace, and a resource template may create any.
func given(w *workflow.Workflow, kind, name string) bool {
	if kind == "ConfigMap" && (name == "kube-root-ca.crt" || name == "openshift-service-ca.crt") {
		return true
	}
	for _, t := range w.All {
		if t.Type == workflow.TypeResource && strings.Contains(t.Body.Get("manifest").Text(), kind) {
			return true
		}
	}
	return false
}
