package render

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// chartOf makes a chart of a txtar archive.
func chartOf(t testing.TB, name string) *Chart {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var files []File
	for _, f := range txtar.Parse(text).Files {
		files = append(files, File{f.Name, f.Data})
	}
	c, err := FromFiles("chart", files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestMapIsExact says of each rendered word where it came from. A literal word
// must stand there to the letter.
func TestMapIsExact(t *testing.T) {
	c := chartOf(t, "map.txtar")
	out, err := c.Render(nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Map(nil, Options{}, out)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, name := range out.Names() {
		text := out.Files[name]
		fmt.Fprintf(&got, "== %s\n", name)
		off := 0
		for _, line := range strings.SplitAfter(text, "\n") {
			at := off
			for _, word := range strings.Fields(line) {
				start := at + strings.Index(text[at:], word)
				at = start + len(word)
				o, ok := m.Origin(name, start, at)
				switch {
				case !ok:
					fmt.Fprintf(&got, "%s <- ?\n", word)
				case o.Actions != nil:
					p := o.Span.File.Position(o.Span.Start)
					var reads [][]string
					for _, a := range o.Actions {
						reads = append(reads, a.Values...)
					}
					fmt.Fprintf(&got, "%s <- %d:%d %s reads %v\n", word, p.Line, p.Column, o.Span.Text(), reads)
				default:
					p := o.Span.File.Position(o.Span.Start)
					fmt.Fprintf(&got, "%s <- %d:%d %s\n", word, p.Line, p.Column, o.Span.Text())
				}
			}
			off += len(line)
		}
	}
	want, err := os.ReadFile("testdata/map.want")
	if err != nil && os.Getenv("UPDATE") == "" {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("testdata/map.want", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
