package page

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// workflows draws what the candidate of an environment is: of the one that is
// asked for, or else of the last one that has a candidate.
func (t *teller) workflows(ctx context.Context, a *artist, p *v1alpha1.Promotion, d *detail, asked string) *workflows {
	at := -1
	for i := range d.Panels {
		if d.Panels[i].drawn() != nil && (at < 0 || d.Panels[i].Here != nil && d.Panels[at].Name != asked || d.Panels[i].Name == asked) {
			at = i
		}
	}
	if at < 0 {
		return nil
	}
	v, s := &d.Panels[at], d.Panels[at].drawn()
	w := &workflows{Environment: v.Name, Digest: s.Digest}
	for i := range d.Panels {
		if e := &d.Panels[i]; e.drawn() != nil {
			w.Choices = append(w.Choices, choice{e.Name, d.URL + "?env=" + url.QueryEscape(e.Name) + "#workflows", i == at})
		}
	}
	drawn := a.draw(ctx, s.of, placeOf(p, s.of, v.Name))
	w.Note = drawn.note
	seen := map[string]bool{}
	for i, pic := range drawn.pictures {
		f := flowView{Kind: plain(pic.kind), Name: plain(pic.name), Width: pic.width, Height: pic.height, URL: pictureURL(d.URL, s.of.Name, v.Name, i)}
		name := pic.kind + " " + pic.name
		for _, r := range v.Runs {
			if r.flow == name {
				f.Runs, seen[name] = append(f.Runs, r), true
			}
		}
		w.Flows = append(w.Flows, f)
	}
	for _, r := range v.Runs {
		if !seen[r.flow] {
			w.Others = append(w.Others, r)
		}
	}
	return w
}

// drawn is the candidate whose workflows stand for the environment.
func (v *panel) drawn() *stay {
	for _, s := range []*stay{v.Here, v.Waits} {
		if s != nil && s.of != nil {
			return s
		}
	}
	return nil
}

// placeOf is how a candidate is deployed in an environment.
func placeOf(p *v1alpha1.Promotion, c *v1alpha1.Candidate, name string) where {
	at := where{digest: c.Spec.Digest, environment: name, release: cmp.Or(p.Spec.Release, c.Spec.Chart)}
	if s := statusOf(p, name); s != nil {
		at.namespace = s.Namespace
	}
	i := slices.IndexFunc(p.Spec.Environments, func(e v1alpha1.Environment) bool { return e.Name == name })
	if i >= 0 {
		at.namespace = cmp.Or(p.Spec.Environments[i].Namespace, at.namespace)
	}
	return at
}

func pictureURL(promotion, candidate, environment string, n int) string {
	return promotion + "/graph/" + url.PathEscape(candidate) + "/" + url.PathEscape(environment) + "/" + strconv.Itoa(n)
}
