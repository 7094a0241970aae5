package report

import (
	"math/rand/v2"
	"testing"

	"github.com/tiphys-dev/tiphys/lint/source"
)

// The locator is a shortcut, and must lead where the long way leads.
func TestLocator(t *testing.T) {
	files := []*source.File{
		source.NewFile("plain", []byte("a: b\nc:\n  - d\n\n")),
		source.NewFile("wide", []byte("世: 界\r\n\ufeffé: e\u0301\n🚀")),
		source.NewFile("bom", []byte("\ufeffa: b\nc: d")),
		source.NewFile("junk", []byte("\xff\xfe\x80a\n\xc3(\n\xe4\xb8")),
		source.NewFile("empty", nil),
	}
	random := rand.New(rand.NewPCG(1, 2))
	var l locator
	for range 20_000 {
		f := files[random.IntN(len(files))]
		for range random.IntN(5) {
			off := random.IntN(len(f.Bytes)+3) - 1
			want := f.Position(off)
			if got := l.position(f, off); got != want {
				t.Fatalf("%s: offset %d is at %v, want %v", f.Name, off, got, want)
			}
		}
	}
}
