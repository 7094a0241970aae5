// Package embedded reads the YAML that a manifest holds in a scalar: the
// manifest of a resource template, a podSpecPatch.
//
// Argo replaces tags in such text before it is read, so a tag is taken for a
// plain word of the same length: offsets stay those of the scalar.
package embedded

import (
	"regexp"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// A Text is YAML in a scalar. Offsets of its spans are bytes of the value of
// the scalar, for manifest.Node.Range.
type Text struct {
	// Root is the first document, nil if it is empty or does not parse.
	Root *manifest.Node
	// Problems are those of the first document.
	Problems []manifest.Problem

	value string
	tags  []expr.Tag
}

// Parse reads the value of a string.
func Parse(n *manifest.Node) Text {
	t := Text{value: n.Text()}
	for tag := range expr.Tags(t.value) {
		if !tag.Unclosed {
			t.tags = append(t.tags, tag)
		}
	}
	for _, d := range manifest.Parse(source.NewFile("", mask(t.value, t.tags))) {
		if d.Root != nil || len(d.Problems) > 0 {
			t.Root, t.Problems = d.Root, d.Problems
			t.unmask()
			break
		}
	}
	return t
}

// mask writes a word over each tag.
func mask(value string, tags []expr.Tag) []byte {
	b := []byte(value)
	for _, tag := range tags {
		for i := tag.Start; i < tag.End; i++ {
			b[i] = 'x'
		}
	}
	return b
}

// masked matches the word in place of a tag.
var masked = regexp.MustCompile(`x{5,}`)

// unmask lets messages show that they quote a tag.
func (t *Text) unmask() {
	if !t.Tagged() {
		return
	}
	for i := range t.Problems {
		p := &t.Problems[i]
		p.Message = masked.ReplaceAllString(p.Message, "{{...}}")
	}
}

// Tagged reports whether the text holds a tag.
func (t Text) Tagged() bool { return len(t.tags) > 0 }

// Within reports whether a tag stands in the bytes [from, to) of the value.
func (t Text) Within(from, to int) bool {
	for _, tag := range t.tags {
		if tag.Start < to && from < tag.End {
			return true
		}
	}
	return false
}

// Inserts reports whether a tag stands alone on a line, where several lines may
// take its place.
func (t Text) Inserts() bool {
	for i, tag := range t.tags {
		from, to := 0, len(t.value)
		if i > 0 {
			from = t.tags[i-1].End
		}
		if i+1 < len(t.tags) {
			to = t.tags[i+1].Start
		}
		before, after := t.value[from:tag.Start], t.value[tag.End:to]
		line := strings.LastIndexByte(before, '\n')
		rest, _, broken := strings.Cut(after, "\n")
		starts, ends := line >= 0 || i == 0, broken || i+1 == len(t.tags)
		if starts && ends && strings.TrimSpace(before[line+1:]) == "" && strings.TrimSpace(rest) == "" {
			return true
		}
	}
	return false
}
