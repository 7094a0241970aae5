package release

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Ignored are fields of some objects that may be other than what was applied;
// Kind and Name are "" for all. Paths are like spec.suspend,
// metadata.labels["team"], spec.templates[0].container.image, and [*] for every
// element of a list.
type Ignored struct {
	Kind, Name string
	Paths      []string
}

// A step of a path is a key, or an index: -1 is every one.
type step struct {
	key     string
	index   int
	isIndex bool
}

type fieldPath []step

// parsePath reads a path as people write it.
func parsePath(text string) (fieldPath, error) {
	wrong := func() (fieldPath, error) {
		return nil, refuse("%q is no path of a field: it should be like spec.suspend, metadata.labels[\"team\"] or spec.templates[*].container.image", text)
	}
	var path fieldPath
	rest := strings.TrimPrefix(text, ".")
	for first := true; rest != ""; first = false {
		switch {
		case strings.HasPrefix(rest, "["):
			s, after, ok := bracket(rest)
			if !ok {
				return wrong()
			}
			path, rest = append(path, s), after
			continue
		case !first && !strings.HasPrefix(rest, "."):
			return wrong()
		case !first:
			rest = rest[1:]
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return wrong()
		}
		path, rest = append(path, step{key: rest[:end]}), rest[end:]
	}
	if len(path) == 0 {
		return wrong()
	}
	return path, nil
}

// bracket reads [3], [*] or ["key"].
func bracket(text string) (s step, after string, ok bool) {
	if quoted, err := strconv.QuotedPrefix(text[1:]); err == nil {
		key, err := strconv.Unquote(quoted)
		after, ok = strings.CutPrefix(text[1+len(quoted):], "]")
		return step{key: key}, after, ok && err == nil
	}
	inner, after, ok := strings.Cut(text[1:], "]")
	if inner == "*" {
		return step{index: -1, isIndex: true}, after, ok
	}
	n, err := strconv.Atoi(inner)
	return step{index: n, isIndex: true}, after, ok && err == nil && n >= 0
}

// graft makes a field of an object what it is in another one: also gone, when
// it is not there, unless only what is missing is to be filled.
func (p fieldPath) graft(to, from any, fill bool) {
	if len(p) == 0 {
		return
	}
	s, last := p[0], len(p) == 1
	if s.isIndex {
		t, _ := to.([]any)
		f, _ := from.([]any)
		for i := range min(len(t), len(f)) {
			switch {
			case s.index >= 0 && s.index != i:
			case last && !fill:
				t[i] = f[i]
			case !last:
				p[1:].graft(t[i], f[i], fill)
			}
		}
		return
	}
	t, ok := to.(map[string]any)
	f, _ := from.(map[string]any)
	if !ok {
		return
	}
	value, has := f[s.key]
	own, had := t[s.key]
	switch {
	case last && fill && had:
	case last && has:
		t[s.key] = value
	case last && !fill:
		delete(t, s.key)
	case last:
	case !had && has: // what is between was not there either
		t[s.key] = p[1:].only(value)
	default:
		p[1:].graft(own, value, fill)
	}
}

// only returns what there is of a value at a path, and nothing beside it.
func (p fieldPath) only(value any) any {
	if len(p) == 0 || p[0].isIndex {
		return value
	}
	m, _ := value.(map[string]any)
	next, ok := m[p[0].key]
	if !ok {
		return map[string]any{}
	}
	return map[string]any{p[0].key: p[1:].only(next)}
}

// drop removes a field.
func (p fieldPath) drop(from any) {
	if len(p) == 0 {
		return
	}
	if s := p[0]; s.isIndex {
		list, _ := from.([]any)
		for i := range list {
			switch {
			case s.index >= 0 && s.index != i:
			case len(p) == 1:
				list[i] = nil
			default:
				p[1:].drop(list[i])
			}
		}
		return
	}
	m, _ := from.(map[string]any)
	if len(p) == 1 {
		delete(m, p[0].key)
		return
	}
	p[1:].drop(m[p[0].key])
}

// ignoredOf are the paths that count for an object.
type ignoring []struct {
	Ignored
	paths []fieldPath
}

func parseIgnored(all []Ignored) (ignoring, error) {
	g := make(ignoring, len(all))
	for i, one := range all {
		g[i].Ignored = one
		for _, text := range one.Paths {
			path, err := parsePath(text)
			if err != nil {
				return nil, fmt.Errorf("ignore fields: %w", err)
			}
			g[i].paths = append(g[i].paths, path)
		}
	}
	return g, nil
}

func (g ignoring) of(c Change) []fieldPath {
	var all []fieldPath
	for _, one := range g {
		if (one.Kind == "" || one.Kind == c.Kind) && (one.Name == "" || one.Name == c.Name) {
			all = append(all, one.paths...)
		}
	}
	return all
}

// defaultsNote is where the admission webhook says what it has filled in:
// "policy: path, path; other: path; and 3 more".
const defaultsNote = "policy.tiphys.dev/defaults"

// filledIn are the fields that an object says its policies filled in.
func filledIn(annotations map[string]string) []fieldPath {
	var all []fieldPath
	for _, of := range strings.Split(annotations[defaultsNote], "; ") {
		_, paths, ok := strings.Cut(of, ": ")
		if !ok {
			continue
		}
		for _, text := range strings.Split(paths, ", ") {
			if path, err := parsePath(text); err == nil && !slices.ContainsFunc(path, func(s step) bool { return s.index < 0 }) {
				all = append(all, path)
			}
		}
	}
	if len(all) > 0 {
		all = append(all, fieldPath{{key: "metadata"}, {key: "annotations"}, {key: defaultsNote}})
	}
	return all
}
