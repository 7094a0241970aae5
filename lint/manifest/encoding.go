package manifest

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint/source"
)

const (
	one  = 0x0101010101010101
	low  = 0x2020202020202020
	high = 0x8080808080808080
)

// clean reports whether b is all characters that YAML admits. Almost every
// file is, so that it is asked once.
func clean(b []byte) bool {
	at, _ := badRune(b)
	return at == len(b)
}

// badRune finds the first character that YAML does not admit and its length in
// bytes; it returns len(b) when there is none.
func badRune(b []byte) (at, size int) {
	for i := 0; i < len(b); {
		for i+8 <= len(b) {
			// Eight bytes at a time, as long as all are from 0x20 to 0x7E.
			if x := binary.LittleEndian.Uint64(b[i:]); (x|(x-low)|(x+one))&high != 0 {
				break
			}
			i += 8
		}
		for stop := min(i+8, len(b)); i < stop; {
			c := b[i]
			if c >= 0x20 && c < 0x7F || c == '\n' || c == '\t' || c == '\r' {
				i++
				continue
			}
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 || r < 0xA0 && r != 0x85 || r == 0xFFFE || r == 0xFFFF {
				return i, n
			}
			i += n
		}
	}
	return len(b), 0
}

// encodingProblem returns what is wrong with the characters of f between two
// offsets, or nil.
func encodingProblem(f *source.File, start, end int) *Problem {
	b := f.Bytes[start:end]
	at, size := badRune(b)
	if at == len(b) {
		return nil
	}
	p := &Problem{Kind: Encoding, Span: source.Span{File: f, Start: start + at, End: start + at + size}}
	switch r, n := utf8.DecodeRune(b[at:]); {
	case r == 0:
		p.Message = "a NUL byte: this is binary data or UTF-16, not YAML in UTF-8"
	case r == utf8.RuneError && n == 1:
		p.Message = fmt.Sprintf("byte 0x%02X is not UTF-8: save the file as UTF-8", b[at])
	default:
		p.Kind = Syntax
		p.Message = fmt.Sprintf("the control character U+%04X cannot stand in YAML: remove it, or write it as an escape in double quotes", r)
	}
	return p
}

// invalidUTF8 returns the offset of the first byte of b that is not UTF-8, or -1.
func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
