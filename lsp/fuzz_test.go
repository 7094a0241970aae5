package lsp

import (
	"testing"
	"unicode/utf8"
)

// Whatever the text, the place of a cursor is found without panic, and what is
// said of it can be followed.
func FuzzPlace(f *testing.F) {
	for _, text := range []string{flow, library, "- - a: {b: [c, {d", "a: |\n  b: c\n", "---\n- x\n...\n", "'a\": 'b", "\t-\r- :"} {
		f.Add(text, len(text)/2)
	}
	f.Fuzz(func(t *testing.T, text string, off int) {
		d := newDocument("file:///a.yaml", "yaml", 1, []byte(text), utf16Units, nil)
		off = min(max(off, 0), len(text))
		p := d.placeAt(off)
		for i, s := range p.path {
			for _, f := range p.at(i) {
				p.below(f)
			}
			if s.line > p.line || s.line < 0 {
				t.Fatalf("step %d of %v is on line %d, the cursor on %d", i, p.path, s.line, p.line)
			}
		}
		if len(p.word) > off {
			t.Fatalf("%q stands before offset %d", p.word, off)
		}
	})
}

// Offsets between runes and positions are the same thing in other words.
func FuzzPositions(f *testing.F) {
	for _, text := range []string{"", "a\nb", "𝒶\r\né\r", "\xff\xfe\n\U0010ffff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range []encoding{utf8Units, utf16Units, utf32Units} {
			l := newLines([]byte(text), e)
			for line := range l.count() {
				start, end := l.bounds(line)
				for off := start; off <= end; {
					if got := l.offset(l.position(off)); got != off {
						t.Fatalf("%q: offset %d comes back as %d", text, off, got)
					}
					_, size := utf8.DecodeRuneInString(text[off:])
					off += max(size, 1)
				}
			}
		}
	})
}
