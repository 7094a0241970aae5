package manifest

import (
	"strings"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint/source"
)

type tokenKind uint8

const (
	tEnd         tokenKind = iota // end of the document
	tFail                         // the scanner stopped at its problem
	tDirective                    // %YAML or %TAG
	tDocumentEnd                  // ...
	tBlockMap                     // before the first key of a block map
	tBlockSeq                     // before the first "-" of a block list
	tBlockEnd                     // the lines are indented less again
	tKey                          // "?", or before a key without it
	tValue                        // :
	tEntry                        // -
	tComma
	tFlowSeq
	tFlowSeqEnd
	tFlowMap
	tFlowMapEnd
	tAlias
	tAnchor
	tTag
	tScalar
)

// A token is a piece of YAML. That a token is the beginning of a key is known
// only when the ":" is found, often several tokens later. Then the token is
// marked, instead of a token being put before it.
type token struct {
	start, end int32
	value      int32 // index into scanner.values + 1, 0 when the text is the value; the closed column of tBlockEnd
	kind       tokenKind
	style      Style
	marks      uint8
	indent     uint8 // of a block scalar
}

const (
	opens uint8 = 1 << iota // tBlockMap or tBlockSeq stands before the token
	keyed                   // tKey stands before the token
)

// noIndent marks block scalars that are indented too far for a byte.
const noIndent = 255

// A candidate may turn out to be a key, if ":" follows on the same line.
type candidate struct {
	token    int
	pos      int
	line     int
	possible bool
	required bool // nothing but a key can stand here
}

// maxKey is the length of a key without "?" in characters, as YAML 1.1 has it.
const maxKey = 1024

// A scanner cuts one document into tokens.
type scanner struct {
	text string
	pos  int
	end  int // of the document in text
	line int // offset of the current line

	flow       int // depth of [ and {
	indent     int // column of the current block collection, -1 outside of any
	indents    []int
	allowed    bool // a key or a "-" may start here
	candidates []candidate

	tokens []token
	values []string // what is not a part of text
	out    decoder

	directives bool // whether there are comments worth looking at
	comments   func(start, end int)

	failed  bool
	problem Problem
}

// reset prepares for the document between two offsets. After "---", keys and
// "-" are not allowed before the next line.
func (s *scanner) reset(start, end int, explicit bool) {
	s.pos, s.end, s.line = start, end, start
	if explicit {
		s.line = start - len("---")
	}
	s.flow, s.indent, s.allowed, s.failed = 0, -1, !explicit, false
	s.indents = s.indents[:0]
	s.candidates = append(s.candidates[:0], candidate{})
	s.tokens, s.values = s.tokens[:0], s.values[:0]
	if need := (end - start) / 6; cap(s.tokens) == 0 {
		s.tokens = make([]token, 0, min(need, 1<<16)+16)
	}
}

// fail stops the scanner; the first problem counts.
func (s *scanner) fail(kind ProblemKind, start, end int, message string) {
	if s.failed {
		return
	}
	s.failed = true
	s.problem = Problem{Kind: kind, Span: source.Span{Start: start, End: end}, Message: message}
}

// scan reads all tokens of the document. The last is tEnd or tFail.
func (s *scanner) scan() {
	for !s.failed {
		s.skip()
		if s.pos >= s.end {
			s.unroll(-1)
			s.settle()
			break
		}
		s.unroll(s.pos - s.line)
		s.token()
	}
	kind := tEnd
	if s.failed {
		kind = tFail
		for _, k := range s.candidates {
			if k.possible && k.token < len(s.tokens) {
				s.tokens = s.tokens[:k.token] // it may have been a key
				break
			}
		}
	}
	s.add(kind, s.pos, s.pos)
}

func (s *scanner) add(kind tokenKind, start, end int) *token {
	s.tokens = append(s.tokens, token{kind: kind, start: int32(start), end: int32(end)})
	return &s.tokens[len(s.tokens)-1]
}

// skip passes white space, comments and line breaks. A tab is no white space
// where it would indent.
func (s *scanner) skip() {
	for s.pos < s.end {
		switch c := s.text[s.pos]; {
		case c == ' ' || c == '\t' && (s.flow > 0 || !s.allowed):
			s.pos++
		case c == '#':
			s.comment()
		default:
			w := breakWidth(s.text, s.pos)
			if w == 0 {
				return
			}
			s.pos += w
			s.line = s.pos
			if s.flow == 0 {
				s.allowed = true
			}
		}
	}
}

func (s *scanner) comment() {
	start := s.pos
	for s.pos < s.end && (plainStops[s.text[s.pos]]&endsLine == 0 || breakWidth(s.text, s.pos) == 0) {
		s.pos++
	}
	if s.directives && strings.Contains(s.text[start:s.pos], "tiphys:") {
		s.comments(start, s.pos)
	}
}

// token reads what begins at the current position.
func (s *scanner) token() {
	c := s.text[s.pos]
	column := s.pos - s.line
	switch {
	case c == '%' && column == 0:
		s.leave()
		s.directive()
	case c == '.' && column == 0 && s.documentEnd(s.pos):
		s.leave()
		s.indicator(tDocumentEnd, 3)
	case c == '[', c == '{':
		s.open(c)
	case c == ']', c == '}':
		s.close(c)
	case c == ',':
		s.settle()
		s.allowed = true
		s.indicator(tComma, 1)
	case c == '-' && blankz(s.text, s.pos+1):
		s.entry()
	case c == '?' && (s.flow > 0 || blankz(s.text, s.pos+1)):
		s.question()
	case c == ':' && (s.flow > 0 || blankz(s.text, s.pos+1)):
		s.colon()
	case c == '*', c == '&', c == '!':
		s.candidate()
		s.allowed = false
		if c == '!' {
			s.tag()
		} else {
			s.anchor(c)
		}
	case (c == '|' || c == '>') && s.flow == 0:
		s.settle()
		s.allowed = true
		s.block()
	case c == '\'', c == '"':
		s.candidate()
		s.allowed = false
		s.quoted(c)
	case s.plainStart(c):
		s.candidate()
		s.allowed = false
		s.plain()
	default:
		s.noToken(c)
	}
}

// plainStart reports whether a plain scalar may begin with c here. The other
// cases of the indicators have been seen before.
func (s *scanner) plainStart(c byte) bool {
	switch c {
	case '\t', '|', '>', '%', '@', '`', 0:
		return false
	}
	return true
}

// documentEnd reports whether "..." stands alone at i, the start of a line.
func (s *scanner) documentEnd(i int) bool {
	return s.text[i] == '.' && s.text[i+1] == '.' && s.text[i+2] == '.' && blankz(s.text, i+3)
}

// leave ends all block collections before something that is not part of the
// document's value.
func (s *scanner) leave() {
	s.unroll(-1)
	s.settle()
	s.allowed = false
}

func (s *scanner) indicator(kind tokenKind, n int) *token {
	s.pos += n
	return s.add(kind, s.pos-n, s.pos)
}

// candidate remembers that a key may begin here.
func (s *scanner) candidate() {
	if !s.allowed {
		return
	}
	if s.settle(); s.failed {
		return
	}
	s.candidates[len(s.candidates)-1] = candidate{
		token: len(s.tokens), pos: s.pos, line: s.line, possible: true,
		required: s.flow == 0 && s.indent == s.pos-s.line,
	}
}

// settle drops the candidate of this depth: no ":" has followed.
func (s *scanner) settle() {
	k := &s.candidates[len(s.candidates)-1]
	if k.possible && k.required {
		s.noColon(k)
		return
	}
	k.possible = false
}

// inReach reports whether ":" at the current position makes a key of k.
func (s *scanner) inReach(k *candidate) bool {
	return k.possible && k.line == s.line &&
		(s.pos-k.pos <= maxKey || s.pos-k.pos <= maxKey*utf8.UTFMax && utf8.RuneCountInString(s.text[k.pos:s.pos]) <= maxKey)
}

// roll enters a block collection, if column is deeper than the current one, and
// marks its first token.
func (s *scanner) roll(column, index int) {
	if s.flow > 0 || s.indent >= column {
		return
	}
	s.indents = append(s.indents, s.indent)
	s.indent = column
	if len(s.indents) > maxDepth {
		s.fail(Limit, s.pos, s.pos+1, "nested deeper than 1000 levels")
		return
	}
	s.tokens[index].marks |= opens
}

// unroll leaves the block collections that are deeper than column.
func (s *scanner) unroll(column int) {
	if s.flow > 0 {
		return
	}
	for s.indent > column {
		s.add(tBlockEnd, s.pos, s.pos).value = int32(s.indent)
		s.indent = s.indents[len(s.indents)-1]
		s.indents = s.indents[:len(s.indents)-1]
	}
}

func (s *scanner) open(c byte) {
	s.candidate()
	s.candidates = append(s.candidates, candidate{})
	s.flow++
	if s.flow > maxDepth {
		s.fail(Limit, s.pos, s.pos+1, "nested deeper than 1000 levels")
		return
	}
	s.allowed = true
	if c == '[' {
		s.indicator(tFlowSeq, 1)
	} else {
		s.indicator(tFlowMap, 1)
	}
}

func (s *scanner) close(c byte) {
	s.settle()
	if s.flow > 0 {
		s.flow--
		s.candidates = s.candidates[:len(s.candidates)-1]
	}
	s.allowed = false
	if c == ']' {
		s.indicator(tFlowSeqEnd, 1)
	} else {
		s.indicator(tFlowMapEnd, 1)
	}
}

func (s *scanner) entry() {
	if s.flow == 0 && !s.allowed {
		s.fail(Syntax, s.pos, s.pos+1, s.strayEntry())
		return
	}
	s.settle()
	column := s.pos - s.line
	s.indicator(tEntry, 1)
	s.roll(column, len(s.tokens)-1)
	s.allowed = true
}

func (s *scanner) question() {
	if s.flow == 0 && !s.allowed {
		s.fail(Syntax, s.pos, s.pos+1, `a value cannot start with "? ": put it in quotes`)
		return
	}
	s.settle()
	column := s.pos - s.line
	s.indicator(tKey, 1)
	s.roll(column, len(s.tokens)-1)
	s.allowed = s.flow == 0
}

func (s *scanner) colon() {
	k := &s.candidates[len(s.candidates)-1]
	if s.inReach(k) {
		s.tokens[k.token].marks |= keyed
		s.roll(k.pos-k.line, k.token)
		k.possible = false
		s.allowed = false // the value of a key is no key on the same line
		s.indicator(tValue, 1)
		return
	}
	if s.settle(); s.failed {
		return
	}
	if s.flow == 0 && !s.allowed {
		s.strayColon()
		return
	}
	column := s.pos - s.line
	s.indicator(tValue, 1)
	s.roll(column, len(s.tokens)-1)
	s.allowed = s.flow == 0
}
