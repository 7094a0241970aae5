package lint

import (
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// annotationPrefix starts the annotations that waive: ignore.tiphys.dev/RULE: reason.
const annotationPrefix = "ignore.tiphys.dev/"

// A waiver says that findings of one rule are accepted, and why.
//
// A comment waives on its own line, or, standing alone, on the next line with
// text; what begins there is waived with all that is nested in it. Above the
// first line of a document, it waives in all of it. An annotation waives in
// its object.
type waiver struct {
	rule   string
	reason string
	// where the waiver itself stands
	node *manifest.Node
	span source.Span
	// what it covers: the bytes [start, end) of the document, or an object
	start, end int
	object     *Object
	cover      *cover
}

// used reports whether the waiver has waived something.
func (w *waiver) used() bool { return w.cover != nil && w.cover.used.Load() }

func waiversOf(d *manifest.Document, objects []*manifest.Node) []*waiver {
	var all []*waiver
	l := layout{document: d}
	for _, c := range d.Comments {
		if w := l.fromComment(c); w != nil {
			all = append(all, w)
		}
	}
	for _, o := range objects {
		name := objectOf(o)
		for _, a := range o.At("metadata", "annotations").Fields() {
			if rule, ok := strings.CutPrefix(a.Key.Value, annotationPrefix); ok {
				all = append(all, &waiver{rule: rule, reason: strings.TrimSpace(a.Value), node: a.Key, span: a.Key.Span(), object: &name})
			}
		}
	}
	return all
}

// fromComment reads "tiphys:ignore RULE: reason".
func (l *layout) fromComment(c manifest.Comment) *waiver {
	rest, ok := strings.CutPrefix(c.Text, "tiphys:ignore")
	if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\t' && rest[0] != ':' {
		return nil
	}
	rule, reason, _ := strings.Cut(strings.TrimLeft(rest, " \t"), ":")
	w := &waiver{rule: strings.TrimSpace(rule), reason: strings.TrimSpace(reason), span: c.Span}
	w.start, w.end = l.covered(c)
	return w
}

// WaiverUnused and WaiverWrong are reported by the linter itself; the packages
// of their names under rules give them their pages.
const (
	WaiverUnused = "waiver-unused"
	WaiverWrong  = "waiver-wrong"
)

// unused reports the waivers that say nothing, or nothing that is needed.
func (b *batch) unused(documents []*document) {
	if len(documents) == 0 {
		return
	}
	running := map[string]*Rule{}
	known := map[string]bool{}
	names := []string{}
	for _, r := range b.linter.options.Rules {
		known[r.Name] = true
		names = append(names, r.Name)
	}
	for _, name := range b.linter.options.Others {
		known[name] = true
		names = append(names, name)
	}
	for _, r := range b.linter.rules {
		running[r.Name] = r
	}
	for _, d := range documents {
		for _, w := range d.waivers {
			b.judge(w, running, known, names)
		}
	}
}

func (b *batch) judge(w *waiver, running map[string]*Rule, known map[string]bool, names []string) {
	say := func(rule, format string, args ...any) {
		r := running[rule]
		if r == nil {
			return
		}
		u := &unit{keep: &document{}}
		b.newPass(u).meet(r, nil, func(p *Pass) {
			f := Finding{Node: w.node, Span: w.span, Message: fmt.Sprintf(format, args...)}
			if w.object != nil {
				f.Object = *w.object
			}
			p.Report(f)
		})
	}
	switch {
	case w.rule == "":
		say(WaiverWrong, "this waiver names no rule: write \"tiphys:ignore RULE: reason\"")
	case !known[w.rule]:
		say(WaiverWrong, "this waiver names %q, which is not a rule%s", w.rule, near.Hint(w.rule, names))
	case w.reason == "":
		say(WaiverWrong, "this waiver of %s gives no reason, so it does not count: write \"tiphys:ignore %s: reason\"", w.rule, w.rule)
	case !w.used() && running[w.rule] != nil:
		say(WaiverUnused, "nothing here is waived by this: %s finds nothing, so the waiver can go", w.rule)
	}
}
