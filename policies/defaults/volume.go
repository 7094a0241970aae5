package defaults

import (
	"slices"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/pod"
)

// The fields that declare volumes.
const (
	volumes = "volumes"
	claims  = "volumeClaimTemplates"
)

// shadows reports whether a default declares a volume by a name that one has
// already: one of the two would be mounted for the other.
func (s *scope) shadows(l *leaf) bool {
	if !l.is(volumes) && !l.is(claims) {
		return false
	}
	have := slices.Concat(s.names(volumes), s.names(claims))
	return slices.ContainsFunc(namesOf(l.path[0], patch.Node(l.value)), func(n string) bool { return slices.Contains(have, n) })
}

// names are those of the volumes that a field declares, be they said or written
// by a default.
func (s *scope) names(field string) []string {
	if s == nil {
		return nil
	}
	if n := s.at(field); n.Set() {
		return namesOf(field, n)
	}
	return namesOf(field, patch.Node(s.took[field]))
}

func namesOf(field string, list *manifest.Node) []string {
	var all []string
	for _, n := range list.Items() {
		if field == claims {
			n = n.Get("metadata")
		}
		all = append(all, n.Get("name").Text())
	}
	return all
}

// mountable reports whether a default for volumeMounts can be written to a
// container: where its volumes are, and no artifact is put on their paths.
func mountable(q *pod.Pod, l *leaf, spec, template *scope) bool {
	t := q.Template
	have := slices.Concat(spec.names(volumes), spec.names(claims), template.names(volumes),
		namesOf(volumes, t.Node.Get(volumes)), namesOf(volumes, defaultsOf(t).Get(volumes)))
	for v := range q.PatchedVolumes() {
		have = append(have, v.Get("name").Text())
	}
	for _, m := range patch.Node(l.value).Items() {
		if !slices.Contains(have, m.Get("name").Text()) {
			return false
		}
		for _, a := range t.Node.At("inputs", "artifacts").Items() {
			if path := a.Get("path").Text(); path != "" && path == m.Get("mountPath").Text() {
				return false
			}
		}
	}
	return true
}
