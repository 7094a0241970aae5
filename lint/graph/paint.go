package graph

import (
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

// A look that all graphical formats give to nodes of one sort.
type style struct {
	name         string
	fill, stroke string
	dashed       bool
	width        float64
	legend       string
}

// The styles, each with what the legend says of it.
var (
	styleTask     = style{name: "task", fill: "#ffffff", stroke: "#57606a", width: 1.2, legend: "task or step"}
	styleWhen     = style{name: "when", fill: "#fff8c5", stroke: "#9a6700", width: 1.2, legend: "runs only if the condition holds"}
	styleLoop     = style{name: "loop", fill: "#ddf4ff", stroke: "#0969da", width: 1.2, legend: "loop: runs N times"}
	styleWhenLoop = style{name: "whenloop", fill: "#fff8c5", stroke: "#0969da", width: 1.2, legend: "loop with a condition"}
	styleHook     = style{name: "hook", fill: "#fbefff", stroke: "#8250df", width: 1.2, legend: "exit handler or hook"}
	styleFolded   = style{name: "folded", fill: "#eaeef2", stroke: "#57606a", width: 1.2, legend: "nested template, drawn elsewhere"}
	styleBack     = style{name: "back", fill: "#eaeef2", stroke: "#57606a", dashed: true, width: 1.2, legend: "recursion: back to a template around it"}
	styleExternal = style{name: "external", fill: "#ffffff", stroke: "#6e7781", dashed: true, width: 1.2, legend: "template that is not in the file"}
	styleMissing  = style{name: "missing", fill: "#ffebe9", stroke: "#cf222e", dashed: true, width: 1.4, legend: "does not exist"}
)

var styles = [...]*style{&styleTask, &styleWhen, &styleLoop, &styleWhenLoop, &styleHook, &styleFolded, &styleBack, &styleExternal, &styleMissing}

// Colours of findings and lines.
const (
	colorError   = "#cf222e"
	colorWarning = "#bc4c00"
	colorInfo    = "#0969da"
	colorLine    = "#6e7781"
	colorText    = "#1f2328"
	colorFaint   = "#59636e"
)

// style returns how a node looks: the most telling of what it is.
func (n *Node) style() *style {
	hook := n.Kind == Exit || n.Kind == Hook
	switch {
	case n.Target == Missing:
		return &styleMissing
	case hook:
		return &styleHook
	case n.When != "" && n.Loop != "":
		return &styleWhenLoop
	case n.When != "":
		return &styleWhen
	case n.Loop != "":
		return &styleLoop
	case n.Target == External:
		return &styleExternal
	case n.Target == Back:
		return &styleBack
	case n.Target == Folded:
		return &styleFolded
	}
	return &styleTask
}

func severityColor(s lint.Severity) string {
	switch s {
	case lint.Error:
		return colorError
	case lint.Warning:
		return colorWarning
	}
	return colorInfo
}

// Lengths of what is written on a node, in characters.
const (
	longestName  = 36
	longestLine  = 44
	longestMark  = 64
	marksOnNode  = 2
	longestTitle = 400
)

// head is the first line of a node: its name, and how often it runs.
func (n *Node) head() string {
	s := clip(plain(n.Name), longestName)
	switch n.Kind {
	case Exit, Hook:
		s = "⚑ " + s
	}
	if n.Loop != "" {
		s += " ×" + n.Loop
	}
	return s
}

// lines are what is written on a node below its head, without findings.
func (n *Node) lines() []string {
	var out []string
	if c := n.calls(); c != "" {
		if n.Target == Back {
			c = "↻ " + c
		}
		out = append(out, clip(c, longestLine))
	}
	if n.When != "" {
		out = append(out, "? "+clip(plain(n.When), longestLine))
	}
	return out
}

// A teller writes findings on nodes: in full where they are first met, and
// shortly where the same have been told of another node.
type teller map[string]string

// signs are the lines that tell of marks on the node, or whatever has the name.
func (t teller) signs(name string, marks []Mark) []string {
	if len(marks) == 0 {
		return nil
	}
	marks = ranked(marks)
	var key strings.Builder
	errors := 0
	for _, m := range marks {
		key.WriteString(m.String() + "\n")
		if m.Severity == lint.Error {
			errors++
		}
	}
	sign := func(s lint.Severity) string {
		if s == lint.Error {
			return "✗ "
		}
		return "▲ "
	}
	if first, ok := t[key.String()]; ok {
		what := count(len(marks), "finding")
		if errors == len(marks) {
			what = count(errors, "error")
		}
		return []string{sign(marks[0].Severity) + what + " as on " + clip(plain(first), longestName)}
	}
	t[key.String()] = name
	var out []string
	for i, m := range marks {
		if i == marksOnNode && len(marks) > marksOnNode+1 {
			return append(out, "and "+strconv.Itoa(len(marks)-i)+" more")
		}
		out = append(out, sign(m.Severity)+shorten(plain(m.Message), longestMark))
	}
	return out
}

// tip is all that there is to say of a node, for who points at it.
func (n *Node) tip() string {
	out := []string{plain(n.Name)}
	if c := n.calls(); c != "" {
		out = append(out, c)
	}
	if n.Loop != "" {
		out = append(out, "runs "+n.Loop+" times")
	}
	if n.When != "" {
		out = append(out, "if "+plain(n.When))
	}
	for i, m := range n.marks() {
		if i == 8 {
			out = append(out, "…")
			break
		}
		out = append(out, m.String())
	}
	return shortenLines(out)
}

func shortenLines(lines []string) string {
	for i, l := range lines {
		lines[i] = shorten(l, longestTitle)
	}
	return strings.Join(lines, "\n")
}
