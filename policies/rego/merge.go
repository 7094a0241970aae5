package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// mergeKeys are the lists whose items are merged by the value of a field; any
// other list is replaced as a whole.
var mergeKeys = map[string]string{
	"env": "name", "volumeMounts": "mountPath", "volumeDevices": "devicePath", "ports": "containerPort",
	"volumes": "name", "initContainers": "name", "sidecars": "name", "hostAliases": "ip",
}

// merge makes one value of the layers of a field, the strongest first, as a
// strategic merge does.
func merge(key string, layers []*manifest.Node) *ast.Term {
	if len(layers) == 1 {
		return term(layers[0])
	}
	top := layers[0]
	same := layers[:1]
	for _, n := range layers[1:] {
		if n.Kind == top.Kind {
			same = append(same[:len(same):len(same)], n)
		}
	}
	switch by := mergeKeys[key]; {
	case top.Kind == manifest.Map:
		return mergeMaps(same)
	case top.Kind == manifest.List && by != "":
		return mergeLists(by, same)
	}
	return term(top)
}

func mergeMaps(layers []*manifest.Node) *ast.Term {
	var order []*manifest.Node
	byKey := map[string][]*manifest.Node{}
	for _, n := range layers {
		for _, f := range n.Fields() {
			if !f.Set() {
				continue
			}
			k := f.Key.Value
			if byKey[k] == nil {
				order = append(order, f)
			}
			byKey[k] = append(byKey[k], f)
		}
	}
	items := make([][2]*ast.Term, len(order))
	for i, f := range order {
		items[i] = [2]*ast.Term{name(f.Key.Value), merge(f.Key.Value, byKey[f.Key.Value])}
	}
	return object(items...)
}

func mergeLists(by string, layers []*manifest.Node) *ast.Term {
	var order []string
	byKey := map[string][]*manifest.Node{}
	for _, n := range layers {
		for _, item := range n.Items() {
			k := item.Get(by).Text()
			if byKey[k] == nil {
				order = append(order, k)
			}
			byKey[k] = append(byKey[k], item)
		}
	}
	terms := make([]*ast.Term, len(order))
	for i, k := range order {
		terms[i] = merge("", byKey[k])
	}
	return ast.ArrayTerm(terms...)
}
