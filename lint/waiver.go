package lint

import (
	"bytes"
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
	used       bool
}

func waiversOf(d *manifest.Document, objects []*manifest.Node) []*waiver {
	var all []*waiver
	for _, c := range d.Comments {
		if w := fromComment(d, c); w != nil {
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
func fromComment(d *manifest.Document, c manifest.Comment) *waiver {
	rest, ok := strings.CutPrefix(c.Text, "tiphys:ignore")
	if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\t' && rest[0] != ':' {
		return nil
	}
	rule, reason, _ := strings.Cut(strings.TrimLeft(rest, " \t"), ":")
	w := &waiver{rule: strings.TrimSpace(rule), reason: strings.TrimSpace(reason), span: c.Span}
	w.start, w.end = covered(d, c)
	return w
}

// covered returns the bytes that a comment speaks of.
func covered(d *manifest.Document, c manifest.Comment) (start, end int) {
	text := d.File.Bytes
	from := bytes.LastIndexByte(text[:c.Span.Start], '\n') + 1
	if c.Alone {
		from = nextText(text, c.Span.End, d.End)
	}
	to := lineEnd(text, from)
	if d.Root == nil {
		return from, to
	}
	if c.Alone && c.Span.Start <= d.Root.Start && d.Root.Start < to {
		return d.Start, d.End
	}
	if n := startingIn(d.Root, from, to); n != nil {
		to = max(to, n.End)
	}
	return from, to
}

// nextText returns where the first line after off begins that holds more than
// a comment.
func nextText(text []byte, off, end int) int {
	for off < end {
		i := bytes.IndexByte(text[off:end], '\n')
		if i < 0 {
			break
		}
		off += i + 1
		if line := bytes.TrimSpace(text[off:lineEnd(text, off)]); len(line) > 0 && line[0] != '#' {
			return off
		}
	}
	return end
}

func lineEnd(text []byte, off int) int {
	if i := bytes.IndexByte(text[off:], '\n'); i >= 0 {
		return off + i
	}
	return len(text)
}

// startingIn returns the outermost node that begins in the bytes [from, to).
func startingIn(n *manifest.Node, from, to int) *manifest.Node {
	for _, c := range n.Children {
		if c.Alias {
			continue
		}
		start := c.Start
		if c.Key != nil {
			start = c.Key.Start
		}
		if from <= start && start < to {
			return c
		}
		if start < to && c.End > from {
			if m := startingIn(c, from, to); m != nil {
				return m
			}
		}
	}
	return nil
}

// waives reports whether a waiver covers the finding, and notes its use.
func (d *document) waives(f *Finding, object Object) bool {
	if d == nil {
		return false
	}
	waived := false
	for _, w := range d.waivers {
		if w.rule != f.Rule.Name || w.reason == "" {
			continue
		}
		in := f.Span.Known() && w.object == nil && w.start <= f.Span.Start && f.Span.Start < max(w.end, w.start+1)
		if in || w.object != nil && *w.object == object {
			w.used, waived = true, true
		}
	}
	return waived
}

// WaiverUnused and WaiverWrong are reported by the linter itself; the packages
// of their names under rules give them their pages.
const (
	WaiverUnused = "waiver-unused"
	WaiverWrong  = "waiver-wrong"
)

// unused reports the waivers that say nothing, or nothing that is needed.
func (b *batch) unused(documents []*document) {
	running := map[string]*Rule{}
	names := []string{}
	for _, r := range b.linter.options.Rules {
		names = append(names, r.Name)
	}
	for _, r := range b.linter.rules {
		running[r.Name] = r
	}
	for _, d := range documents {
		for _, w := range d.waivers {
			b.judge(w, running, names)
		}
	}
}

func (b *batch) judge(w *waiver, running map[string]*Rule, names []string) {
	say := func(rule, format string, args ...any) {
		r := running[rule]
		if r == nil {
			return
		}
		u := &unit{keep: &document{}}
		b.pass(r, u, func(p *Pass) {
			f := Finding{Node: w.node, Span: w.span, Message: fmt.Sprintf(format, args...)}
			if w.object != nil {
				f.Object = *w.object
			}
			p.Report(f)
		})
	}
	known := false
	for _, n := range names {
		known = known || n == w.rule
	}
	switch {
	case w.rule == "":
		say(WaiverWrong, "this waiver names no rule: write \"tiphys:ignore RULE: reason\"")
	case !known:
		hint := ""
		if n, ok := near.Name(w.rule, names); ok {
			hint = "; did you mean \"" + n + "\"?"
		}
		say(WaiverWrong, "this waiver names %q, which is not a rule%s", w.rule, hint)
	case w.reason == "":
		say(WaiverWrong, "this waiver of %s gives no reason, so it does not count: write \"tiphys:ignore %s: reason\"", w.rule, w.rule)
	case !w.used && running[w.rule] != nil:
		say(WaiverUnused, "nothing here is waived by this: %s finds nothing, so the waiver can go", w.rule)
	}
}
