package lsp

import (
	"strings"
)

// A place is where in the structure of a document the cursor stands, as far as
// the indentation of lines tells: text that is being written does not parse.
type place struct {
	lines *lines
	line  int
	// path leads from the root of the YAML document to the cursor.
	path []step
	// key is set where a key may be written, or an item of a list; otherwise the
	// cursor stands in the value of the last step.
	key bool
	// prose is set in the lines of a block scalar and the like: nothing but a
	// tag can be completed there.
	prose bool
	// before and after are the text of the line around the cursor.
	before, after string
	// word is the text of the value or key up to the cursor.
	word string
	// fields are the fields beside the cursor in the innermost map.
	fields map[string]field
}

// A step is a key or, with Key "", an item of a list.
type step struct {
	key       string
	line, col int
	// inline are the fields of a map in braces that the step leads into.
	inline map[string]field
}

// A field is a key with what stands behind it on the line.
type field struct {
	value     string
	line, col int
}

// A token is a "- " or a key of a line.
type token struct {
	col   int
	dash  bool
	key   string
	value string // behind the colon, without surrounding space
	from  int    // where value begins, or would
}

// tokens reads the structure that a line of block style begins with. rest is
// where the text behind it begins.
func tokens(line string) (all []token, rest int) {
	i := 0
	for {
		for i < len(line) && line[i] == ' ' {
			i++
		}
		if i < len(line) && line[i] == '-' && (i+1 == len(line) || line[i+1] == ' ') {
			all = append(all, token{col: i, dash: true})
			i++
			continue
		}
		break
	}
	name, end, ok := keyOf(line[i:])
	if !ok {
		return all, i
	}
	from := i + end
	value := strings.TrimSpace(line[from:])
	if strings.HasPrefix(value, "#") {
		value = ""
	}
	all = append(all, token{col: i, key: name, value: value, from: from})
	return all, from
}

// keyOf reads a key and its colon from the beginning of s.
func keyOf(s string) (name string, end int, ok bool) {
	if s == "" || strings.IndexByte("#{[&*!|>%@`?", s[0]) >= 0 {
		return "", 0, false
	}
	if q := s[0]; q == '"' || q == '\'' {
		i := strings.IndexByte(s[1:], q)
		if i < 0 {
			return "", 0, false
		}
		rest := strings.TrimLeft(s[i+2:], " ")
		if !strings.HasPrefix(rest, ":") {
			return "", 0, false
		}
		return s[1 : i+1], len(s) - len(rest) + 1, true
	}
	for i := 0; i < len(s); i++ {
		if s[i] == '#' && s[i-1] == ' ' {
			return "", 0, false
		}
		if s[i] == ':' && (i+1 == len(s) || s[i+1] == ' ') {
			return strings.TrimRight(s[:i], " "), i + 1, true
		}
	}
	return "", 0, false
}

// placeAt finds the place of an offset.
func (d *document) placeAt(off int) *place {
	p := &place{lines: d.lines, line: d.lines.at(off)}
	start, end := d.lines.bounds(p.line)
	off = min(off, end)
	p.before, p.after = string(d.text[start:off]), string(d.text[off:end])
	toks, rest := tokens(p.before)
	limit := rest // the column below which parents stand
	dash := false
	var own []step
	for _, t := range toks {
		own = append(own, step{key: t.key, line: p.line, col: t.col})
	}
	if len(toks) > 0 {
		limit, dash = toks[0].col, toks[0].dash
	}
	p.key = len(toks) == 0 || toks[len(toks)-1].dash
	text := p.before[rest:]
	p.word = strings.TrimLeft(text, " ")
	p.path = append(p.parents(limit, dash), own...)
	if len(own) > 0 && p.prose { // a line of a block scalar that looks like YAML
		p.path = p.path[:len(p.path)-len(own)]
	}
	if p.prose {
		return p
	}
	switch {
	case strings.HasPrefix(p.word, "{"), strings.HasPrefix(p.word, "[") && !strings.HasPrefix(p.word, "[["):
		p.flow(p.word, len(p.before)-len(p.word))
	case p.key:
		p.fields = p.level(p.line, rest)
	default:
		p.fields = p.level(p.line, toks[len(toks)-1].col)
	}
	p.word = strings.TrimLeft(p.word, `"'`)
	return p
}

// parents walks up the lines and collects what the cursor is nested in.
func (p *place) parents(limit int, dash bool) []step {
	var up []step
	for l := p.line - 1; l >= 0 && (limit > 0 || dash); l-- {
		line := p.lines.line(l)
		if text := strings.TrimSpace(line); text == "" || text[0] == '#' {
			continue
		}
		if separator(line) {
			break
		}
		toks, rest := tokens(line)
		if len(toks) == 0 && rest < limit {
			p.prose = true // the end of something that spans lines
			continue
		}
		for i := len(toks) - 1; i >= 0; i-- {
			t := toks[i]
			if t.col >= limit && !(dash && !t.dash && t.col == limit) {
				continue
			}
			if !t.dash && t.value != "" && strings.IndexByte("&!", t.value[0]) < 0 {
				up, p.prose = nil, true // the value goes on to the cursor
			}
			up = append(up, step{key: t.key, line: l, col: t.col})
			limit, dash = t.col, t.dash
		}
	}
	for i, j := 0, len(up)-1; i < j; i, j = i+1, j-1 {
		up[i], up[j] = up[j], up[i]
	}
	return up
}

// separator reports whether a line stands between two documents.
func separator(line string) bool {
	return line == "---" || line == "..." || strings.HasPrefix(line, "--- ")
}

// level returns the fields of the map that has a key at a line and column.
func (p *place) level(line, col int) map[string]field {
	fields := map[string]field{}
	take := func(l int) (first int, ok bool) {
		text := p.lines.line(l)
		if trimmed := strings.TrimSpace(text); trimmed == "" || trimmed[0] == '#' {
			return 0, false
		}
		toks, rest := tokens(text)
		for _, t := range toks {
			if !t.dash && t.col == col {
				if _, twice := fields[t.key]; !twice {
					fields[t.key] = field{value: plain(t.value), line: l, col: col}
				}
			}
		}
		if len(toks) > 0 {
			return toks[0].col, true
		}
		return rest, true
	}
	first, ok := take(line)
	if !ok || first >= col {
		for l := line - 1; l >= 0 && !separator(p.lines.line(l)); l-- {
			if first, ok := take(l); ok && first < col {
				break
			}
		}
	}
	for l := line + 1; l < p.lines.count() && !separator(p.lines.line(l)); l++ {
		text := p.lines.line(l)
		toks, rest := tokens(text)
		if len(toks) > 0 {
			rest = toks[0].col
		}
		if trimmed := strings.TrimSpace(text); trimmed != "" && trimmed[0] != '#' && rest < col {
			break
		}
		take(l)
	}
	return fields
}

// plain is the value of a scalar on one line, without quotes and comment.
func plain(value string) string {
	if value == "" {
		return ""
	}
	if q := value[0]; q == '"' || q == '\'' {
		if i := strings.IndexByte(value[1:], q); i >= 0 {
			return value[1 : i+1]
		}
		return value[1:]
	}
	if i := strings.Index(value, " #"); i >= 0 {
		value = value[:i]
	}
	return strings.TrimSpace(value)
}

// A frame is a brace or bracket that is not closed yet.
type frame struct {
	list   bool
	fields map[string]field
	key    string
	value  bool // behind the colon
}

func (f *frame) step(line, col int) step {
	if f.list {
		return step{line: line, col: col}
	}
	return step{key: f.key, line: line, col: col, inline: f.fields}
}

// flow follows braces and brackets on the line up to the cursor.
func (p *place) flow(text string, col int) {
	var stack []frame
	from := 0 // where the word begins
	var quote byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		var top *frame
		if len(stack) > 0 {
			top = &stack[len(stack)-1]
		}
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && strings.TrimSpace(text[from:i]) == "":
			quote = c
		case (c == '{' || c == '[') && strings.TrimSpace(text[from:i]) == "":
			if top != nil {
				p.path = append(p.path, top.step(p.line, col+i))
			}
			stack = append(stack, frame{list: c == '[', fields: map[string]field{}})
			from = i + 1
		case top == nil:
		case c == ':' && !top.list && !top.value && (i+1 == len(text) || text[i+1] == ' '):
			top.key, top.value = plain(strings.TrimSpace(text[from:i])), true
			from = i + 1
		case c == ',' || c == '}' && !top.list || c == ']' && top.list:
			if top.value {
				top.fields[top.key] = field{value: plain(strings.TrimSpace(text[from:i])), line: -1}
			}
			top.key, top.value = "", false
			from = i + 1
			if c == ',' {
				continue
			}
			stack = stack[:len(stack)-1]
			if len(stack) > 0 {
				p.path = p.path[:len(p.path)-1]
			}
		}
	}
	p.word = strings.TrimLeft(text[from:], " ")
	if len(stack) == 0 {
		p.prose = true // behind the last brace
		return
	}
	top := stack[len(stack)-1]
	if top.list || top.value {
		p.path = append(p.path, top.step(p.line, col))
	}
	p.key = !top.value
	p.fields = top.fields
}

// last returns the i-th key from the end of the path, 0 for the last; items of
// lists count as "".
func (p *place) last(i int) string {
	if i >= len(p.path) {
		return ""
	}
	return p.path[len(p.path)-1-i].key
}

// at returns the fields of the map that step i leads into, if it is an item, or
// that it is a key of.
func (p *place) at(i int) map[string]field {
	s := p.path[i]
	if s.inline != nil {
		return s.inline
	}
	if s.key != "" {
		return p.level(s.line, s.col)
	}
	if i+1 < len(p.path) && p.path[i+1].inline != nil {
		return p.path[i+1].inline
	}
	for l := s.line; l < p.lines.count(); l++ {
		toks, rest := tokens(p.lines.line(l))
		for _, t := range toks {
			if t.col > s.col && !t.dash {
				return p.level(l, t.col)
			}
		}
		if strings.HasPrefix(p.lines.line(l)[min(rest, len(p.lines.line(l))):], "{") && l == s.line {
			return braces(p.lines.line(l)[rest:])
		}
		if l > s.line && strings.TrimSpace(p.lines.line(l)) != "" {
			break
		}
	}
	return map[string]field{}
}

// below returns the fields of the map that is the value of a field.
func (p *place) below(f field) map[string]field {
	if strings.HasPrefix(f.value, "{") {
		return braces(f.value)
	}
	if f.line < 0 || f.value != "" {
		return nil
	}
	for l := f.line + 1; l < p.lines.count(); l++ {
		text := p.lines.line(l)
		if trimmed := strings.TrimSpace(text); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		toks, _ := tokens(text)
		if len(toks) == 0 || toks[0].dash || toks[0].col <= f.col {
			return nil
		}
		return p.level(l, toks[0].col)
	}
	return nil
}

// braces reads the fields of a map in braces on one line.
func braces(text string) map[string]field {
	q := &place{}
	if i := strings.LastIndexByte(text, '}'); i >= 0 {
		text = text[:i]
	}
	q.flow(text+",", 0)
	return q.fields
}
