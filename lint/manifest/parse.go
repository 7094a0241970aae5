package manifest

import (
	"bytes"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/source"
)

// Bounds of one file, far above what a Kubernetes API server takes, so that no
// input can exhaust memory or the stack.
const (
	maxBytes     = 1 << 30
	maxDepth     = 1000    // collections inside each other
	maxNodes     = 1 << 22 // nodes of all documents, keys included
	maxClones    = 400_000 // nodes of all documents made by aliases
	maxCloned    = 8 << 20 // bytes of scalars of all documents made by aliases
	maxDocuments = 100_000
	maxRepeats   = 100 // duplicate keys reported for one document
)

// Parse reads the documents of a file: YAML, or JSON when the file is called
// *.json or its text is one JSON object or array.
//
// There is always at least one document. One without content has no Root and
// no Problems. Text before the first "---" is a document of its own only if it
// is more than comments and directives; its comments go to the first document.
//
// Parse never fails: what does not parse is a Problem of its document, and the
// next document begins at the next line that starts with "---".
func Parse(f *source.File) []*Document {
	if d := unreadable(f); d != nil {
		return []*Document{d}
	}
	if strings.HasSuffix(strings.ToLower(f.Name), ".json") {
		return []*Document{parseJSON(f, false)}
	}
	if looksLikeJSON(f.Bytes) {
		if d := parseJSON(f, false); !d.broken() {
			return []*Document{d}
		}
	}
	return parseYAML(f)
}

// ParseJSON reads one JSON value, such as the object of an admission request.
// It accepts what encoding/json accepts, but for text that is not UTF-8 and
// nesting deeper than 1000. Text without a value is an empty document.
func ParseJSON(f *source.File) *Document {
	if d := unreadable(f); d != nil {
		return d
	}
	return parseJSON(f, false)
}

// ParseObject reads one JSON value as ParseJSON does, of which nobody will ask
// where in the text it stands: its nodes have no File, so that what is found in
// them goes by its path alone and keeps none of the text.
func ParseObject(f *source.File) *Document {
	if d := unreadable(f); d != nil {
		return d
	}
	return parseJSON(f, true)
}

// broken reports whether the document has no Root because of a problem.
func (d *Document) broken() bool {
	return d.Root == nil && len(d.Problems) > 0
}

// unreadable returns the document of a file that is no text this package can
// read at all, or nil.
func unreadable(f *source.File) *Document {
	fail := func(kind ProblemKind, message string) *Document {
		return &Document{File: f, End: len(f.Bytes), Problems: []Problem{{
			Kind: kind, Message: message, Span: source.Span{File: f, End: min(2, len(f.Bytes))},
		}}}
	}
	switch {
	case len(f.Bytes) > maxBytes:
		return fail(Limit, "the file is larger than 1 GiB: split it")
	case bytes.HasPrefix(f.Bytes, []byte("\xff\xfe")), bytes.HasPrefix(f.Bytes, []byte("\xfe\xff")):
		return fail(Encoding, "the file is UTF-16: save it as UTF-8")
	}
	return nil
}

const bom = "\ufeff"

func looksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte(bom)), " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

// padding follows the text of a file, so that scanners may look a few bytes
// ahead without asking whether there are any.
const padding = "\x00\x00\x00\x00"

// padded is the one copy of the text: the values of scalars are parts of it.
func padded(b []byte) string {
	var s strings.Builder
	s.Grow(len(b) + len(padding))
	s.Write(b)
	s.WriteString(padding)
	return s.String()
}

// parseYAML cuts the text at its "---" lines, which end a document wherever
// they stand, so that each document is read by itself.
func parseYAML(f *source.File) []*Document {
	p := &parser{builder: builder{file: f}, text: padded(f.Bytes), clean: clean(f.Bytes)}
	p.directives = strings.Contains(p.text, "tiphys:")
	at := 0
	if strings.HasPrefix(p.text, bom) {
		at = len(bom)
	}
	var docs []*Document
	explicit := false
	for {
		end := nextMarker(p.text, at, len(f.Bytes))
		last := end == len(f.Bytes)
		if d := p.document(at, end, explicit, last); d != nil {
			docs = append(docs, d)
		}
		if last {
			return docs
		}
		if len(docs) >= maxDocuments {
			d := &Document{File: f, Start: end, End: len(f.Bytes)}
			d.Problems = []Problem{{Kind: Limit, Span: source.Span{File: f, Start: end, End: end + 3},
				Message: "more than 100000 documents in one file: split it"}}
			return append(docs, d)
		}
		at, explicit = end+3, true
	}
}

// nextMarker returns the offset of the next "---" that starts a line at or
// after from, or end.
func nextMarker(text string, from, end int) int {
	for i := from; ; i++ {
		j := strings.Index(text[i:end], "---")
		if j < 0 {
			return end
		}
		i += j
		if (i == 0 || afterBreak(text, i)) && blankz(text, i+3) {
			return i
		}
	}
}

func afterBreak(text string, i int) bool {
	switch c := text[i-1]; {
	case c == '\n', c == '\r':
		return true
	case c < 0x80:
		return false
	}
	before := text[max(0, i-3):i]
	return before == bom && i == len(bom) || strings.HasSuffix(before, "\u0085") || before == "\u2028" || before == "\u2029"
}

// breakWidth returns the length of the line break at i in bytes, 0 when there
// is none. YAML 1.1 has five of them besides CR LF.
func breakWidth(text string, i int) int {
	switch text[i] {
	case '\n':
		return 1
	case '\r':
		if text[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xC2:
		if text[i+1] == 0x85 {
			return 2
		}
	case 0xE2:
		if text[i+1] == 0x80 && (text[i+2] == 0xA8 || text[i+2] == 0xA9) {
			return 3
		}
	}
	return 0
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// blankz reports whether a blank, a line break or the end of the text is at i.
func blankz(text string, i int) bool {
	c := text[i]
	return blank(c) || c == 0 || breakWidth(text, i) > 0
}

// wordByte reports whether c may stand in the name of an anchor or a tag handle.
func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_' || c == '-'
}
