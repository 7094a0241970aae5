package graph

import (
	"bufio"
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

// svg writes a picture as SVG that needs nothing but itself.
type svg struct {
	*bufio.Writer
	// Findings are listed below the picture; nodes carry the number of theirs.
	notes  []note
	byText map[string]int // index in notes by their text
	used   map[string]bool
}

// A note is what is wrong with one or several nodes.
type note struct {
	name  string
	marks []Mark
	nodes int
}

const (
	margin    = 24.0
	gapFlow   = 36.0
	gapBlock  = 22.0
	header    = 34.0
	mostNotes = 80
	noteWidth = 150 // characters
)

const svgStyle = `text{font-family:system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;font-size:11px;fill:` + colorText + `}
.n{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px;font-weight:600}
.f{fill:` + colorFaint + `}.c{fill:#7d4e00}.k{fill:#0969da}
.h1{font-size:19px;font-weight:600}.h2{font-size:14px;font-weight:600}
.b{fill:#fff;font-weight:700;text-anchor:middle}
.e{fill:none;stroke:` + colorLine + `;stroke-width:1.3}.eh{stroke:#8250df;stroke-dasharray:5 4}.ec{stroke:` + colorError + `;stroke-width:2.2}
.s{font-size:10px;fill:` + colorFaint + `;text-anchor:end;paint-order:stroke;stroke:#f6f8fa;stroke-width:4px}
`

func writeSVG(w *bufio.Writer, p *Picture) {
	type placed struct {
		drawing *Drawing
		block   *block
		y       float64
	}
	type section struct {
		flow     *Flow
		y        float64
		drawings []placed
	}
	s := &svg{Writer: w, byText: map[string]int{}, used: map[string]bool{}}
	var sections []section
	y, width := margin, 560.0
	for _, f := range p.Flows {
		sec := section{flow: f, y: y}
		y += 30
		for _, d := range f.Drawings {
			b := d.lay(widest)
			sec.drawings = append(sec.drawings, placed{d, b, y})
			y += header + b.H + frame + gapBlock
			width = max(width, b.W+2*frame+2*margin, 2*margin+2*frame+9*float64(len(d.heading())+len(d.about())))
		}
		sections = append(sections, sec)
		y += gapFlow - gapBlock
	}
	var body strings.Builder
	s.Writer = bufio.NewWriter(&body)
	for _, sec := range sections {
		s.text(margin, sec.y+16, "h1", plain(sec.flow.title()))
		s.badge(margin+1.8*textWidth(plain(sec.flow.title()))+20, sec.y+10, sec.flow.title(), sec.flow.Marks)
		for _, d := range sec.drawings {
			s.drawing(d.drawing, d.block, d.y)
		}
	}
	y = s.legend(y, width)
	y = s.list(y, &width)
	s.Flush()
	fmt.Fprintf(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n", width, y, width, y)
	var names []string
	for i, f := range p.Flows {
		if i == 8 {
			names = append(names, "…")
			break
		}
		names = append(names, plain(f.title()))
	}
	fmt.Fprintf(w, "<title>%s</title>\n<style>%s</style>\n<defs>\n", html.EscapeString(strings.Join(names, ", ")), svgStyle)
	for _, a := range [...][2]string{{"a", colorLine}, {"ah", styleHook.stroke}, {"ac", colorError}} {
		fmt.Fprintf(w, "<marker id=%q viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 .5 8 4 0 7.5z\" fill=%q/></marker>\n", a[0], a[1])
	}
	fmt.Fprintf(w, "</defs>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n%s</svg>\n", body.String())
}

// text writes one line of text at its baseline.
func (s *svg) text(x, y float64, class, text string) {
	if class != "" {
		class = ` class="` + class + `"`
	}
	fmt.Fprintf(s, "<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n", x, y, class, html.EscapeString(text))
}

// drawing writes a drawing that is in no node, in its own frame.
func (s *svg) drawing(d *Drawing, b *block, y float64) {
	w := max(b.W+2*frame, 220, 2*frame+9*float64(cells(d.heading()+d.about())))
	fmt.Fprintf(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"8\" fill=\"#f6f8fa\" stroke=\"#d0d7de\"/>\n", margin, y, w, header+b.H+frame)
	about := d.about()
	switch {
	case len(d.Nodes) == 0:
		about += ", nothing to run"
	case b.left > 0:
		about += ", " + count(b.left, "link") + " too many to draw"
	}
	fmt.Fprintf(s, "<text x=\"%.1f\" y=\"%.1f\" class=\"h2\">%s<tspan class=\"f\" dx=\"8\" font-size=\"12\" font-weight=\"400\">%s</tspan></text>\n",
		margin+frame, y+21, html.EscapeString(plain(d.heading())), html.EscapeString(about))
	s.badge(margin+w-16, y+16, d.heading(), d.Marks)
	s.block(b, margin+frame, y+header)
}

// badge writes the number of the note on marks, and adds the note to the list.
func (s *svg) badge(x, y float64, name string, marks []Mark) {
	if len(marks) == 0 {
		return
	}
	marks = ranked(marks)
	var key strings.Builder
	for _, m := range marks {
		key.WriteString(m.String())
		key.WriteByte('\n')
	}
	i, ok := s.byText[key.String()]
	if !ok {
		i = len(s.notes)
		s.byText[key.String()] = i
		s.notes = append(s.notes, note{name: plain(name), marks: marks})
	}
	s.notes[i].nodes++
	number := strconv.Itoa(i + 1)
	r := max(8.5, 4+3.2*float64(len(number)))
	fmt.Fprintf(s, "<g><title>%s</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"17\" rx=\"8.5\" fill=%q stroke=\"#fff\" stroke-width=\"1.5\"/>", html.EscapeString(shortenLines(strings.Split(strings.TrimSpace(key.String()), "\n"))), x-r, y-8.5, 2*r, severityColor(worst(marks)))
	fmt.Fprintf(s, "<text x=\"%.1f\" y=\"%.1f\" class=\"b\">%s</text></g>\n", x, y+4, number)
}

// legend explains the looks that occur.
func (s *svg) legend(y, width float64) float64 {
	x := margin
	put := func(w float64, text string, draw func(x, y float64)) {
		if full := w + 8 + textWidth(text); x > margin && x+full > width-margin {
			x, y = margin, y+24
		}
		draw(x, y)
		s.text(x+w+6, y+12, "f", text)
		x += w + 6 + textWidth(text) + 22
	}
	for _, st := range styles {
		if !s.used[st.name] {
			continue
		}
		put(30, st.legend, func(x, y float64) {
			n := &Node{Kind: Task}
			switch st {
			case &styleHook:
				n.Kind = Hook
			case &styleWhen:
				n.When = "-"
			case &styleLoop:
				n.Loop = "-"
			case &styleWhenLoop:
				n.When, n.Loop = "-", "-"
			}
			s.shape(n, st, st.stroke, st.width, x, y, 30, 16)
		})
	}
	if s.used["fan"] {
		put(30, "all in it wait for the same and are waited for together", func(x, y float64) {
			fmt.Fprintf(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"30\" height=\"16\" rx=\"5\" %s/>\n", x, y, fanPaint)
		})
	}
	if s.used["cyclic"] {
		put(30, "waits in a circle", func(x, y float64) {
			fmt.Fprintf(s, "<path d=\"M%.1f %.1fh28\" class=\"e ec\" marker-end=\"url(#ac)\"/>\n", x, y+8)
		})
	}
	for _, sev := range []lint.Severity{lint.Error, lint.Warning, lint.Info} {
		for _, n := range s.notes {
			if worst(n.marks) == sev {
				put(17, sev.String()+", see below", func(x, y float64) {
					fmt.Fprintf(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"17\" height=\"17\" rx=\"8.5\" fill=%q/>\n", x, y, severityColor(sev))
				})
				break
			}
		}
	}
	return y + 36
}

// list writes the findings, by the numbers on the nodes.
func (s *svg) list(y float64, width *float64) float64 {
	for i, n := range s.notes {
		if i == mostNotes {
			s.text(margin, y+12, "f", "and "+count(len(s.notes)-i, "note")+" more")
			return y + 30
		}
		name := clip(n.name, longestName)
		if n.nodes > 1 {
			name += " and " + strconv.Itoa(n.nodes-1) + " more"
		}
		column := margin + 40
		fmt.Fprintf(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"28\" height=\"17\" rx=\"8.5\" fill=%q/>\n", margin, y, severityColor(worst(n.marks)))
		s.text(margin+14, y+12, "b", strconv.Itoa(i+1))
		s.text(column, y+13, "n", name)
		y += 18
		for _, m := range n.marks {
			text := shorten(m.String(), noteWidth)
			s.text(column, y+11, "", text)
			*width = max(*width, column+textWidth(text)+margin)
			y += lineHeight
		}
		y += 10
	}
	return y + margin/2
}
