package manifest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// quote puts text into a message, cut short and on one line.
func quote(s string) string {
	const most = 40
	cut := ""
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s, cut = s[:i], "..."
	}
	if utf8.RuneCountInString(s) > most {
		s, cut = string([]rune(s)[:most]), "..."
	}
	if strings.ContainsRune(s, '"') && !strings.ContainsRune(s, '\'') {
		return "'" + s + cut + "'"
	}
	return `"` + s + cut + `"`
}

func quoteByte(c byte) string {
	if c == '\'' {
		return `"'"`
	}
	return "'" + string(rune(c)) + "'"
}

func unknownEscape(s string) string {
	return s + ` is no escape in YAML: write "\\" for a backslash, or use single quotes`
}

func shortEscape(s string, digits int) string {
	return fmt.Sprintf("%s needs %d hexadecimal digits: write \"\\\\\" for a backslash, or use single quotes", s, digits)
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// What the scanner has to say.

func (s *scanner) failTab(at int) {
	s.fail(Syntax, at, at+1, "a tab cannot indent YAML: use spaces")
}

func (s *scanner) failQuote(start int) {
	kind := "double"
	if s.text[start] == '\'' {
		kind = "single"
	}
	s.fail(Syntax, start, start+1, "the "+kind+" quote that opens here is never closed")
}

// noColon reports a key without ":".
func (s *scanner) noColon(k *candidate) {
	end := k.pos
	for end < s.end && breakWidth(s.text, end) == 0 {
		end++
	}
	if k.token < len(s.tokens) {
		if t := s.tokens[k.token]; t.kind == tScalar {
			end = min(end, int(t.end))
		}
	}
	key := strings.TrimRight(s.text[k.pos:end], " \t")
	message := "expected ':' after the key " + quote(key)
	switch name, _, found := strings.Cut(key, ":"); {
	case s.pos-k.pos > maxKey && k.line == s.line:
		message = "a key cannot be longer than 1024 characters"
	case found && name != "" && s.text[k.pos] != '"' && s.text[k.pos] != '\'':
		message = "expected a space after ':' in " + quote(key)
	case strings.HasPrefix(key, "-") && len(key) > 1:
		message = "expected ':' after the key " + quote(key) + ", or a space after '-' if it is a list item"
	}
	s.fail(Syntax, k.pos, k.pos+len(key), message)
}

func (s *scanner) strayEntry() string {
	if n := len(s.tokens); n > 0 && s.tokens[n-1].kind == tValue {
		return `a list cannot start on the line of its key: put the "- " on the next line, or put the text in quotes`
	}
	return `a list item ("- ") cannot stand here: start it on a line of its own`
}

// strayColon reports a ":" after what cannot be a key.
func (s *scanner) strayColon() {
	message := `"key: value" cannot stand here: start it on a line of its own`
	start, end := s.pos, s.pos+1
	if n := len(s.tokens); n > 0 && s.tokens[n-1].kind == tScalar {
		t := s.tokens[n-1]
		written := s.text[t.start:t.end]
		i := strings.LastIndexAny(written, "\r\n")
		switch {
		case t.style == Plain && i >= 0:
			start = int(t.start) + i + 1
			start += len(s.text[start:t.end]) - len(strings.TrimLeft(s.text[start:t.end], " \t"))
			end = int(t.end)
			message = fmt.Sprintf("the key %s is indented like a part of the value %s on a line above: indent it like its siblings",
				quote(s.text[start:end]), quote(written))
		case n > 1 && s.tokens[n-2].kind == tValue:
			message = "a second ':' on the line: put the value in quotes, or start the map on the next line"
		}
	}
	s.fail(Syntax, start, end, message)
}

// noToken reports a character that nothing can begin with.
func (s *scanner) noToken(c byte) {
	switch c {
	case '\t':
		s.failTab(s.pos)
	default:
		_, n := utf8.DecodeRuneInString(s.text[s.pos:])
		s.fail(Syntax, s.pos, s.pos+n, "a value cannot start with "+quoteByte(c)+": put it in quotes")
	}
}

// What the parser has to say.

// broken reports what the scanner found, if that is why there is no token.
func (p *parser) broken() bool {
	if p.tokens[p.i].kind != tFail || p.tokens[p.i].marks != 0 {
		return false
	}
	s := p.scanner.problem
	p.fail(s.Kind, s.Span.Start, s.Span.End, s.Message)
	return true
}

// column returns how far the line of i is indented, and whether i is where its
// text begins.
func (p *parser) column(i int) (column int, first bool) {
	start := i
	for start > p.doc.Start && !afterBreak(p.text, start) {
		start--
	}
	text := start
	for p.text[text] == ' ' {
		text++
	}
	return text - start, text >= i
}

// stray reports a token that fits neither what is open nor what encloses it.
// siblings is the column of the collection that is open.
func (p *parser) stray(siblings int, message string) {
	t := p.tokens[p.i]
	start, end := int(t.start), int(t.end)
	column, first := p.column(start)
	if p.i > 0 && p.tokens[p.i-1].kind == tBlockEnd {
		siblings = int(p.tokens[p.i-1].value)
	}
	switch t.kind {
	case tFlowSeqEnd, tFlowMapEnd:
		message = quoteByte(p.text[start]) + " closes nothing: remove it, or put the text in quotes"
	case tComma:
		message = "a ',' cannot stand here: remove it, or put the text in quotes"
	case tDocumentEnd, tDirective, tEnd:
	default:
		if first && column != siblings && siblings >= 0 {
			message = fmt.Sprintf("this line is indented by %s, its siblings by %d", plural(column, "space"), siblings)
			if above := p.tokens[max(p.i-1, 0)]; above.indent > 0 && column > siblings {
				message = fmt.Sprintf("this line is indented by %s, the text above it by %d", plural(column, "space"), above.indent)
			}
			end = p.scanner.lineEnd(start)
		} else if !first {
			message = p.after(start)
			end = p.scanner.lineEnd(start)
		}
	}
	p.fail(Syntax, start, end, message)
}

// after describes text at start that follows a complete value on its line.
func (p *parser) after(start int) string {
	what := "the value"
	for i := p.i - 1; i >= 0; i-- {
		switch t := p.tokens[i]; {
		case t.kind == tBlockEnd:
			continue
		case t.kind == tScalar && t.style == SingleQuoted, t.kind == tScalar && t.style == DoubleQuoted:
			what = "the closing quote"
			if line := p.file.Position(int(t.start)).Line; line != p.file.Position(start).Line {
				what += fmt.Sprintf(" of the text that opens on line %d", line)
			}
		case t.kind == tFlowSeqEnd, t.kind == tFlowMapEnd:
			what = "the closing " + quoteByte(p.text[t.start])
		case t.kind == tAlias:
			what = "the alias " + p.text[t.start:t.end]
		}
		break
	}
	return "unexpected text after " + what + ": put the whole value in quotes, or remove the text"
}

// noKey reports what stands in a block map where a key should.
func (p *parser) noKey(n *Node) {
	if p.broken() {
		return
	}
	column, _ := p.column(n.Start)
	column = max(column, n.Start-p.lineStart(n.Start))
	message := "expected a key"
	if p.peek() == tEntry {
		message = `a list item ("- ") cannot stand among the keys of a map: indent it, or give it a key`
	}
	p.stray(column, message)
}

// noEntry reports what stands in a block list where "- " should.
func (p *parser) noEntry(n *Node) {
	if p.broken() {
		return
	}
	p.stray(n.Start-p.lineStart(n.Start), `expected "- " as on the lines above: they are items of a list`)
}

func (p *parser) lineStart(i int) int {
	for i > p.doc.Start && !afterBreak(p.text, i) {
		i--
	}
	return i
}

// noValue reports what stands where a value should.
func (p *parser) noValue(k tokenKind) {
	if p.broken() {
		return
	}
	message := ""
	switch k {
	case tEntry:
		message = `a list item ("- ") cannot stand here: inside [ ] items are separated by commas`
	case tKey, tValue:
		message = "expected a key before ':'"
	case tComma:
		message = "a ',' without a value before it: remove it"
	default:
		p.stray(-1, "expected a value")
		return
	}
	t := p.tokens[p.i]
	p.fail(Syntax, int(t.start), int(t.end), message)
}

// unclosed reports what stands in [ ] or { } where "," or the end should.
func (p *parser) unclosed(n *Node, end byte) {
	if p.broken() {
		return
	}
	t := p.tokens[p.i]
	at := p.file.Position(n.Start)
	here := p.file.Position(int(t.start))
	if t.kind == tEnd || t.kind == tDocumentEnd {
		p.fail(Syntax, n.Start, n.Start+1, fmt.Sprintf("the %s that opens here is never closed", quoteByte(p.text[n.Start])))
		return
	}
	message := "expected ',' or " + quoteByte(end)
	if at.Line != here.Line {
		message += fmt.Sprintf(" for the %s that opens on line %d", quoteByte(p.text[n.Start]), at.Line)
	}
	switch p.text[t.start-1] { // the '[' or '{' is before it, so there is a byte
	case '\'':
		message += "; the text before it ends at the quote: inside single quotes write '' for '"
	case '"':
		message += `; the text before it ends at the quote: inside double quotes write \" for "`
	}
	p.fail(Syntax, int(t.start), max(int(t.end), int(t.start)+1), message)
}

// trailing reports what follows the value of the document.
func (p *parser) trailing(root *Node) {
	if p.broken() {
		return
	}
	message := `text after the end of the document: separate documents by "---"`
	siblings := -1
	if root != nil && root.Style == Block {
		siblings = root.Start - p.lineStart(root.Start)
	}
	if p.peek() == tBlockMap && root != nil && root.Kind < List {
		t := p.tokens[p.i]
		p.fail(Syntax, int(t.start), int(t.end), "expected ':' after "+quote(root.Value)+" on a line above: a document is either text or keys and values")
		return
	}
	p.stray(siblings, message)
}

func (p *parser) noAnchor(name string) string {
	message := "there is no anchor &" + name + " above: put the text in quotes if it is no alias"
	if hint, ok := near.Name(name, slices.Sorted(maps.Keys(p.anchors))); ok {
		message += "; did you mean *" + hint + "?"
	}
	return message
}

// Words that begin the actions of Helm templates, as against the tags of Argo.
var helm = regexp.MustCompile(`\{\{-?\s*(\.|\$|/\*|-|\(|(if|else|end|range|with|define|include|template|block|toYaml|tpl|required|default|quote|printf|nindent|indent|lookup)\b)`)

// hint explains "{{" in a document that does not parse; at is where that was
// found out.
func hint(text string, at int) string {
	at = min(max(at, 0), len(text))
	start := strings.LastIndexByte(text[:at], '\n') + 1
	line, _, _ := strings.Cut(text[start:], "\n")
	if helm.MatchString(line) {
		return helmHint
	}
	if i := strings.Index(line, "{{"); i >= 0 {
		if before := strings.TrimRight(line[:i], " "); before == "" || strings.ContainsAny(before[len(before)-1:], ":-,[") {
			return `; put a value that starts with "{{" in quotes, YAML takes it for a map`
		}
	}
	for l := range strings.SplitSeq(text, "\n") {
		if l = strings.TrimLeft(l, " "); strings.HasPrefix(l, "{{") && helm.MatchString(l) {
			return helmHint
		}
	}
	return ""
}

const helmHint = "; this looks like a Helm template: lint the chart or the rendered output"
