package source_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint/source"
)

// texts are files with lines that are short, long, and full of runes of
// several bytes.
var texts = map[string]string{
	"empty":        "",
	"short lines":  "a: b\n  é: ü\r\n\nlast",
	"a mark first": "\ufeffkey: värde\nnext: 1\n",
	"a long line":  "x\n" + strings.Repeat("aé…😀", 3000) + "\ny",
	"only one":     "\ufeff" + strings.Repeat("ö-", 4000),
}

func TestPositionCountsRunes(t *testing.T) {
	for name, text := range texts {
		f := source.NewFile("f", []byte(text))
		line, column := 1, 1
		for off, r := range text {
			if got := f.Position(off); got != (source.Position{Line: line, Column: column}) && r != '\ufeff' {
				t.Fatalf("%s: offset %d is at %v, not %d:%d", name, off, got, line, column)
			}
			switch r {
			case '\n':
				line, column = line+1, 1
			case '\ufeff':
			default:
				column++
			}
		}
	}
}

func TestClipKeepsPositions(t *testing.T) {
	for name, text := range texts {
		f := source.NewFile("f", []byte(text))
		step := max(1, len(text)/97)
		for start := 0; start < len(text); start += step {
			if start > 0 && text[start]&0xC0 == 0x80 {
				continue
			}
			whole := source.Span{File: f, Start: start, End: min(start+5, len(text))}
			clip := whole.Clip()
			if got, want := place(clip), place(whole); got != want {
				t.Errorf("%s: the clipping of %d is at %s, not %s", name, start, got, want)
			}
			if clip.Offset() != start || string(clip.Text()) != string(whole.Text()) || clip.Clip() != clip && clip.Clip().Offset() != start {
				t.Errorf("%s: the clipping of %d is another text", name, start)
			}
		}
	}
}

func place(s source.Span) string { return fmt.Sprint(s.File.Position(s.Start)) }

func TestMaskedHidesTheText(t *testing.T) {
	f := source.NewFile("f", []byte("a: 1\nkey: gehéim # why\nb: 2\n"))
	s := source.Span{File: f, Start: 10, End: 17}.Masked()
	if got := string(s.File.Bytes); got != "key: ****** # why" {
		t.Errorf("got %q", got)
	}
	if got := string(s.Text()); got != "******" {
		t.Errorf("the span is %q", got)
	}
}

// A line is shown without a secret that stands beside what it is shown for, and
// the position of that stays what it was.
func TestHiding(t *testing.T) {
	f := source.NewFile("f", []byte("a: 1\nkey: gehéim # why\nb: 2\n"))
	why := source.Span{File: f, Start: 20, End: 23}
	s := why.Hiding(10, 7)
	if got := string(s.File.Bytes); got != "key: ****** # why" {
		t.Errorf("got %q", got)
	}
	if got := string(s.Text()); got != string(why.Text()) || place(s) != place(why) {
		t.Errorf("the span is %q at %s, not %s", got, place(s), place(why))
	}
	if s := why.Hiding(0, 4); string(s.Text()) != string(why.Text()) {
		t.Errorf("with another line hidden it is %q", s.Text())
	}
	if got := string(why.Blank().File.Bytes); got != "*****************" {
		t.Errorf("blank it is %q", got)
	}
}

func TestAnUnknownSpanIsNothing(t *testing.T) {
	var s source.Span
	if s.Known() || s.Text() != nil || s.Clip().Known() || s.Masked().Known() || s.Offset() != 0 {
		t.Error("the zero span is known")
	}
}
