// Package absent reports references to objects that are known not to be there,
// for the rules on each kind of them.
package absent

import (
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/resolve"
)

// Report reports the references of all workflows to objects of a kind of
// resolve.Kinds, of which the object or the key is Absent. What is Unknown and
// what is optional is left alone. It is for Rule.Finish.
func Report(pass *lint.Pass, kind string) {
	all := pass.References()
	seen := map[lint.Place]bool{}
	var names []string
	for i := range all {
		r := &all[i]
		if r.Kind != kind || r.Optional || given[r.Name] == kind {
			continue
		}
		have, object, key := pass.Index.Key(kind, r.Namespace, r.Name, r.Key)
		switch {
		case object == resolve.Absent && !seen[r.NameAt]:
			seen[r.NameAt] = true // an object with items is referred to by each of them
			if names == nil {
				names = pass.Index.Names(kind, r.Namespace)
			}
			pass.ReportReference(r, noObject(r, names), false)
		case object == resolve.Known && key == resolve.Absent:
			pass.ReportReference(r, noKey(r, have), true)
		}
	}
}

// given are the objects that Kubernetes itself puts in each namespace.
var given = map[string]string{"kube-root-ca.crt": "ConfigMap", "openshift-service-ca.crt": "ConfigMap", "default": "ServiceAccount"}

const hangs = "so what needs it can never start"

func noObject(r *lint.Reference, names []string) lint.Finding {
	message := fmt.Sprintf("%s %q does not exist, %s", r.Kind, r.Name, hangs)
	if hint, ok := near.Name(r.Name, names); ok {
		return lint.Finding{Message: message + fmt.Sprintf("; did you mean %q?", hint)}
	}
	if r.Kind == "Secret" || r.Kind == "ConfigMap" {
		return lint.Finding{Message: message + "; create it, or mark the reference optional"}
	}
	return lint.Finding{Message: message + "; create it, or correct the name"}
}

func noKey(r *lint.Reference, have []string) lint.Finding {
	message := fmt.Sprintf("%s %q has no key %q, %s", r.Kind, r.Name, r.Key, hangs)
	if hint, ok := near.Name(r.Key, have); ok {
		return lint.Finding{Message: message + fmt.Sprintf("; did you mean %q?", hint)}
	}
	return lint.Finding{Message: message + "; " + list(have)}
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
