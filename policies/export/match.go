package export

import (
	"slices"

	"github.com/tiphys-dev/tiphys/policies"
)

// matchOf is the match of a constraint, and what of it is not the same.
func matchOf(m *policies.Match) (object, []string) {
	var notes []string
	kinds := m.Kinds
	if len(kinds) == 0 {
		kinds = policies.Kinds()
	}
	out := object{"kinds": []object{{"apiGroups": []string{"argoproj.io"}, "kinds": kinds}}}
	if len(m.Namespaces) > 0 {
		out["namespaces"] = m.Namespaces
	}
	if len(m.ExcludeNamespaces) > 0 {
		out["excludedNamespaces"] = m.ExcludeNamespaces
	}
	if len(m.NamespaceSelector) > 0 {
		out["namespaceSelector"] = selector(m.NamespaceSelector)
	}
	if len(m.ObjectSelector) > 0 {
		out["labelSelector"] = selector(m.ObjectSelector)
	}
	switch len(m.Names) {
	case 0:
	case 1:
		out["name"] = m.Names[0]
	default:
		notes = append(notes, "a constraint matches one name, and the policy has several: it is for objects of all names")
	}
	if slices.Contains(kinds, "Sensor") {
		notes = append(notes, "a Sensor is shown to the module as it is, without the workflows that it embeds")
	}
	return out, notes
}

func selector(s policies.Selector) object {
	var list []object
	for _, q := range s {
		e := object{"key": q.Key, "operator": q.Operator}
		if len(q.Values) > 0 {
			e["values"] = q.Values
		}
		list = append(list, e)
	}
	return object{"matchExpressions": list}
}

// sortNotes puts notes in an order that does not change.
func sortNotes(all []string) { slices.Sort(all) }
