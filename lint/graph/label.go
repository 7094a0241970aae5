package graph

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// loop is how often a call runs: "" for once, a number, or N.
func loop(c *workflow.Call) string {
	switch {
	case c.WithItems != nil && c.WithItems.Kind == manifest.List:
		return strconv.Itoa(len(c.WithItems.Items()))
	case c.WithSequence.Set():
		return sequence(c.WithSequence)
	case c.WithItems.Set(), c.WithParam.Set():
		return "N"
	}
	return ""
}

func sequence(n *manifest.Node) string {
	number := func(key string) (int, bool) {
		if !n.Get(key).Set() {
			return 0, true
		}
		v, err := strconv.Atoi(n.Get(key).Text())
		return v, err == nil && v > -1_000_000_000 && v < 1_000_000_000
	}
	count, ok1 := number("count")
	start, ok2 := number("start")
	end, ok3 := number("end")
	switch {
	case !ok1 || !ok2 || !ok3:
		return "N"
	case n.Get("count").Set():
		return strconv.Itoa(max(count, 0))
	case n.Get("end").Set():
		return strconv.Itoa(max(end-start, start-end) + 1)
	}
	return "N"
}

// plain makes one printable line of a text: spaces for line breaks, nothing that
// a terminal would obey, nothing that XML forbids.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\r', r == 0x2028, r == 0x2029, r == 0x85:
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r >= 0xfffe && r <= 0xffff, r >= 0xe0000 && r <= 0xe007f:
			return utf8.RuneError
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// clip shortens a text to n characters, in the middle: names often differ at
// their ends.
func clip(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	tail := (n - 1) / 3
	return string(r[:n-1-tail]) + "…" + string(r[len(r)-tail:])
}

// shorten cuts a sentence at its end.
func shorten(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:n-1]), " ") + "…"
}

// calls says what a node calls: "clean · script". A name that says nothing new
// is left out.
func (n *Node) calls() string {
	var part []string
	if n.Calls != "" && n.Calls != n.Name {
		part = append(part, plain(n.Calls))
	}
	switch n.Target {
	case External:
		part = append(part, "not in this file")
	case Missing:
		part = append(part, "does not exist")
	case Back:
		part = append(part, "drawn around this: it calls itself")
	case Folded:
		part = append(part, n.kind()+" of "+strconv.Itoa(n.Folds)+", drawn elsewhere")
	case Local:
		if n.Type != workflow.NoType {
			part = append(part, n.kind())
		}
	}
	return strings.Join(part, " · ")
}

func (n *Node) kind() string {
	if n.Type == workflow.NoType {
		return "template"
	}
	return n.Type.String()
}

// String names a mark as it is printed: error: message [rule].
func (m Mark) String() string {
	return m.Severity.String() + ": " + plain(m.Message) + " [" + m.Rule + "]"
}

// count says how many: 1 error, 2 warnings.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
