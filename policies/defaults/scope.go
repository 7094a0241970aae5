package defaults

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/quantity"
)

// A scope is a place that defaults are written to, with all that has a say there.
type scope struct {
	// own is where values are written; nil where it is still to be made.
	own *manifest.Node
	// at returns what is said at a path by any layer, own included.
	at func(path ...string) *manifest.Node
	// took are the defaults that are written here, by path.
	took map[string]any
	// fields are those that one of them writes to.
	fields map[string]bool
}

func (s *scope) take(l leaf) { s.took[join(l.path)], s.fields[l.path[0]] = l.value, true }

// says returns what is said at a path, or written there by a default.
func (s *scope) says(path ...string) (string, bool) {
	if n := s.at(path...); n.Set() {
		return n.Text(), true
	}
	v, ok := s.took[join(path)]
	return text(v), ok
}

// silent reports whether nothing is said at the path of a leaf, and something
// can be written there.
func (s *scope) silent(l *leaf) bool {
	if s.at(l.path...).Set() {
		return false
	}
	n := s.own
	for _, k := range l.path[:len(l.path)-1] {
		if n = n.Get(k); n.Set() && n.Kind != manifest.Map {
			return false // it is of the wrong type, and its author has something in mind
		}
	}
	return true
}

// fits reports whether a leaf goes with what is said of other things.
func (s *scope) fits(l *leaf) bool {
	k := len(l.path) - 1
	last := l.path[k]
	switch {
	case k >= 2 && (l.path[k-1] == "limits" || l.path[k-1] == "requests"):
		return s.fitsResource(l, last)
	case k < 1 || l.path[k-1] != "securityContext":
		return true
	}
	context := l.path[:k]
	says := func(key string) string {
		v, _ := s.says(append(slices.Clip(context), key)...)
		return v
	}
	switch last {
	case "runAsNonRoot":
		return l.value != true || says("runAsUser") != "0"
	case "runAsUser":
		return text(l.value) != "0" || says("runAsNonRoot") != "true"
	case "privileged":
		return l.value != true || says("allowPrivilegeEscalation") != "false"
	case "allowPrivilegeEscalation":
		return l.value != false || says("privileged") != "true" && !s.adds(context, "SYS_ADMIN")
	}
	return true
}

// adds reports whether a capability is added.
func (s *scope) adds(context []string, capability string) bool {
	list := s.at(append(slices.Clip(context), "capabilities", "add")...)
	return slices.ContainsFunc(list.Items(), func(n *manifest.Node) bool {
		return strings.TrimPrefix(n.Text(), "CAP_") == capability
	})
}

// fitsResource reports whether a limit or request goes with its counterpart: a
// request is never over the limit, whoever says which.
func (s *scope) fitsResource(l *leaf, name string) bool {
	request := l.path[len(l.path)-2] == "requests"
	have, ok := s.says(sibling(l.path)...)
	if !ok {
		return !request || !whole(name) // requested alone, it is refused
	}
	a, err := quantity.Parse(text(l.value))
	b, wrong := quantity.Parse(have)
	if err != nil || wrong != nil {
		return false
	}
	order := a.Cmp(b)
	return order == 0 || !whole(name) && order < 0 == request
}

// whole reports whether a resource cannot be overcommitted: its request is its
// limit.
func whole(name string) bool {
	return strings.Contains(name, "/") || strings.HasPrefix(name, "hugepages-")
}

// text is a value as messages show it.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "true"
		}
		return "false"
	case json.Number:
		return string(v)
	}
	return string(patch.AppendJSON(nil, patch.Node(v)))
}
