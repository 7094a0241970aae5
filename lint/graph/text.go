package graph

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint"
)

// glyphs are the characters that text is drawn with.
type glyphs struct {
	one, first, middle, last, rail string
	when, loop, hook, back         string
	err, warn, info, dot, cyclic   string
}

var unicodeGlyphs = glyphs{
	one: "─", first: "┬", middle: "├", last: "└", rail: "│",
	when: "?", loop: "×", hook: "⚑", back: "↻",
	err: "✗", warn: "▲", info: "i", dot: " · ", cyclic: "↺ ",
}

var asciiGlyphs = glyphs{
	one: "-", first: "+", middle: "|", last: "`", rail: "|",
	when: "?", loop: "x", hook: "!", back: "^",
	err: "x", warn: "!", info: "i", dot: ", ", cyclic: "~",
}

// Colours of the terminal.
const (
	bold    = "1"
	faint   = "2"
	red     = "31"
	yellow  = "33"
	magenta = "35"
	cyan    = "36"
)

// textDrawer writes a picture as text.
type textDrawer struct {
	*bufio.Writer
	look Look
	glyphs
	// said are the findings that have been printed, with the node that they were
	// printed on: what is wrong with a template need not be said at every call.
	said map[said]string
	used map[string]bool // markers that occur, for the legend
}

type said struct {
	calls string
	mark  Mark
}

const (
	widestName  = 32 // of the column of names
	widestCalls = 36
	mostMarks   = 6 // findings printed for one node
	mostNeeds   = 8 // names printed of what a task waits for
)

func writeText(w *bufio.Writer, p *Picture, look Look) {
	t := &textDrawer{Writer: w, look: look, glyphs: unicodeGlyphs, said: map[said]string{}, used: map[string]bool{}}
	if look.ASCII {
		t.glyphs = asciiGlyphs
	}
	for i, f := range p.Flows {
		if i > 0 {
			fmt.Fprintln(t)
		}
		fmt.Fprintln(t, t.in(bold, t.clean(f.title())))
		t.marks("", &Node{Marks: f.Marks})
		for _, d := range f.Drawings {
			fmt.Fprintln(t)
			t.heading(d)
			t.drawing("  ", d)
		}
	}
	t.legend()
}

func (t *textDrawer) in(color, s string) string {
	if !t.look.Color || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// clean makes a text of the manifest fit for the terminal.
func (t *textDrawer) clean(s string) string {
	s = plain(s)
	if t.look.ASCII {
		q := strconv.QuoteToASCII(strings.ReplaceAll(s, "…", "..."))
		s = strings.ReplaceAll(strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`), `\\`, `\`)
	}
	return s
}

func (t *textDrawer) heading(d *Drawing) {
	s := t.in(bold, t.clean(d.heading()))
	if about := d.about(); about != "" {
		s += t.in(faint, t.dot+about)
	}
	fmt.Fprintln(t, "  "+s)
	t.marks("  ", &Node{Marks: d.Marks})
}

// drawing writes a line for each node, layer by layer; the number of the layer
// stands before its first node.
func (t *textDrawer) drawing(prefix string, d *Drawing) {
	layers := layersOf(d)
	if len(layers) == 0 {
		fmt.Fprintln(t, prefix+t.in(faint, "nothing to run"))
		return
	}
	single := d.Template == "" // a row of nodes that do not wait for each other
	width := len(strconv.Itoa(len(layers)))
	names, calls := columns(layers)
	sizes := make([]int, len(layers))
	for i, l := range layers {
		sizes[i] = len(l)
	}
	for i, layer := range layers {
		for j, n := range layer {
			number, rail := strings.Repeat(" ", width), t.rail
			if j == 0 {
				number = fmt.Sprintf("%*d", width, i+1)
			}
			joint := t.middle
			switch {
			case len(layer) == 1:
				joint, rail = t.one, " "
			case j == 0:
				joint = t.first
			case j == len(layer)-1:
				joint, rail = t.last, " "
			}
			lead := prefix + t.in(faint, number+" "+joint) + " "
			under := prefix + strings.Repeat(" ", width+1) + t.in(faint, rail) + " "
			if single {
				lead, under = prefix, prefix+"  "
			}
			t.line(lead, n, names, calls, sizes)
			t.below(under, n)
		}
	}
}

// layersOf returns the nodes by layer, without ghosts.
func layersOf(d *Drawing) [][]*Node {
	nodes := slices.DeleteFunc(slices.Clone(d.Nodes), func(n *Node) bool { return n.Kind == Ghost })
	slices.SortStableFunc(nodes, func(a, b *Node) int { return a.Layer - b.Layer })
	var out [][]*Node
	for i, n := range nodes {
		if i == 0 || n.Layer != nodes[i-1].Layer {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], n)
	}
	return out
}

// columns returns the widths of the columns of names and of what is called.
func columns(layers [][]*Node) (names, calls int) {
	for _, l := range layers {
		for _, n := range l {
			names = max(names, min(utf8.RuneCountInString(n.Name), widestName))
			calls = max(calls, min(utf8.RuneCountInString(n.calls()), widestCalls))
		}
	}
	return names, calls
}

// line writes a node: name, what it calls, how often, on what condition, after
// what.
func (t *textDrawer) line(lead string, n *Node, names, calls int, sizes []int) {
	name := t.clean(n.Name)
	color := bold
	switch worst(n.marks()) {
	case lint.Error:
		color = "1;" + red
	case lint.Warning:
		color = "1;" + yellow
	}
	if n.Kind == Exit || n.Kind == Hook {
		lead += t.in(magenta, t.hook) + " "
		t.used["hook"] = true
	}
	var rest []string
	if n.Loop != "" {
		rest = append(rest, t.in(cyan, t.loop+n.Loop))
		t.used["loop"] = true
	}
	if n.When != "" {
		rest = append(rest, t.in(yellow, t.when+" "+t.clean(shorten(plain(n.When), 80))))
		t.used["when"] = true
	}
	if after := t.after(n, sizes); after != "" {
		rest = append(rest, t.in(faint, "after: ")+after)
	}
	what := t.what(n)
	line := lead + t.in(color, name)
	if what != "" || rest != nil {
		line += strings.Repeat(" ", max(0, names-utf8.RuneCountInString(name))) + "  " + t.in(faint, what)
	}
	if rest != nil {
		line += strings.Repeat(" ", max(0, calls-utf8.RuneCountInString(what))) + "  " + strings.Join(rest, "  ")
	}
	fmt.Fprintln(t, strings.TrimRight(line, " "))
}

func (t *textDrawer) what(n *Node) string {
	s := strings.ReplaceAll(n.calls(), " · ", t.dot)
	if n.Target == Back {
		s = t.back + " " + s
	}
	return t.clean(s)
}

// after names what a node waits for.
func (t *textDrawer) after(n *Node, sizes []int) string {
	if len(n.Needs) >= 4 {
		first := n.Needs[0].Node.Layer
		all := len(n.Needs) == sizes[first]
		for _, e := range n.Needs {
			all = all && e.Node.Layer == first && e.Status == "" && !e.Cyclic && e.Node.Kind != Ghost
		}
		if all {
			return fmt.Sprintf("all %d of layer %d", len(n.Needs), first+1)
		}
	}
	var names []string
	for i, e := range n.Needs {
		if i == mostNeeds && len(n.Needs) > mostNeeds+1 {
			names = append(names, fmt.Sprintf("and %d more", len(n.Needs)-i))
			break
		}
		name := t.clean(e.Node.Name)
		if e.Status != "" {
			name += "." + e.Status
		}
		switch {
		case e.Node.Kind == Ghost:
			name = t.in(red, name+" (does not exist)")
		case e.Cyclic:
			name = t.in(red, t.cyclic+name)
			t.used["cyclic"] = true
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// below writes what hangs on a node: findings, hooks, the template inside.
func (t *textDrawer) below(prefix string, n *Node) {
	t.marks(prefix, n)
	for _, h := range n.Hooks {
		t.line(prefix, h, 0, 0, nil)
		t.below(prefix+"  ", h)
	}
	if n.Inner != nil {
		t.drawing(prefix, n.Inner)
	}
}

// marks writes the findings of a node; those that have been written for another
// call of the same template are only counted.
func (t *textDrawer) marks(prefix string, n *Node) {
	again, where, shown := map[lint.Severity]int{}, "", 0
	all := n.marks()
	for _, m := range all {
		key := said{n.Calls, m}
		if on, ok := t.said[key]; ok && n.Name != "" {
			again[m.Severity]++
			where = cmp.Or(where, on) // that of the worst
			continue
		}
		if shown == mostMarks && len(all) > mostMarks+1 {
			fmt.Fprintln(t, prefix+t.in(faint, fmt.Sprintf("and %d more", len(all)-shown)))
			return
		}
		shown++
		t.said[key] = n.Name
		glyph, color := t.severity(m.Severity)
		fmt.Fprintln(t, prefix+t.in(color, glyph+" "+m.Severity.String()+":")+" "+t.clean(m.Message)+" "+t.in(faint, "["+m.Rule+"]"))
	}
	var counts []string
	worst := lint.Off
	for _, s := range []lint.Severity{lint.Error, lint.Warning, lint.Info} {
		if again[s] > 0 {
			worst = max(worst, s)
			counts = append(counts, count(again[s], s.String()))
		}
	}
	if counts != nil {
		glyph, color := t.severity(worst)
		fmt.Fprintln(t, prefix+t.in(color, glyph+" "+strings.Join(counts, ", "))+t.in(faint, " as on "+t.clean(where)))
	}
}

func (t *textDrawer) severity(s lint.Severity) (glyph, color string) {
	switch s {
	case lint.Error:
		return t.err, red
	case lint.Warning:
		return t.warn, yellow
	}
	return t.info, cyan
}

func (t *textDrawer) legend() {
	var part []string
	for _, m := range []struct{ name, text string }{
		{"when", t.when + " runs only if"},
		{"loop", t.loop + "N runs N times"},
		{"hook", t.hook + " runs at the end, or when the hook says"},
		{"cyclic", strings.TrimSpace(t.cyclic) + " waits in a circle"},
	} {
		if t.used[m.name] {
			part = append(part, m.text)
		}
	}
	if part != nil {
		fmt.Fprintln(t, "\n"+t.in(faint, strings.Join(part, "   ")))
	}
}
