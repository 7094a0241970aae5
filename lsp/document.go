package lsp

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A document is one version of a text that is open in the editor. It is not
// changed: the next version is another document.
type document struct {
	uri      string
	path     string // "" for what is no file
	language string
	version  int
	text     []byte
	lines    *lines
	file     *source.File

	// before is what was understood of earlier versions.
	before []*part
	model  atomic.Pointer[model]
	once   sync.Once
}

// A model is what is understood of one version.
type model struct {
	// parts are the YAML documents, each as it is now or, where it is broken,
	// as it last was whole; nil if it never was.
	parts []*part
	// now are the YAML documents as they are.
	now []*manifest.Document
	// entries are what other files can know of this one.
	entries []*resolve.Entry
}

// A part is one YAML document that parses.
type part struct {
	*manifest.Document
	objects []*manifest.Node
	flows   []*workflow.Workflow
}

// newDocument makes a version of a document. Of the one before, nil for the
// first, it keeps what was understood.
func newDocument(uri, language string, version int, text []byte, e encoding, before *document) *document {
	d := &document{uri: uri, language: language, version: version, text: text, path: pathOf(uri)}
	name := d.path
	if name == "" {
		name = uri
	}
	if language == "json" && !strings.HasSuffix(name, ".json") {
		name += ".json" // it is by the name that a fix knows how to write
	}
	d.file = source.NewFile(name, text)
	d.lines = newLines(text, e)
	if before != nil {
		d.before = before.before
		if m := before.model.Load(); m != nil {
			d.before = m.parts
		}
	}
	return d
}

// parsed returns the model. It is made once, when first asked for.
func (d *document) parsed() *model {
	d.once.Do(func() {
		m, done := &model{}, false
		defer func() {
			if !done { // what breaks us must not break all that comes after
				*m = model{parts: d.before}
			}
			d.model.Store(m)
		}()
		if len(d.text) <= textLimit {
			m.now = manifest.Parse(d.file)
		}
		var b resolve.Builder
		for i, doc := range m.now {
			switch {
			case doc.Root != nil:
				p := newPart(doc)
				m.parts = append(m.parts, p)
				p.tell(&b)
			case i < len(d.before):
				m.parts = append(m.parts, d.before[i])
			default:
				m.parts = append(m.parts, nil)
			}
		}
		m.entries = b.Index(false).Entries()
		done = true
	})
	return d.model.Load()
}

func newPart(d *manifest.Document) *part {
	p := &part{Document: d, objects: d.Objects()}
	for _, o := range p.objects {
		if o.Kind == manifest.Map {
			p.flows = append(p.flows, workflow.From(o)...)
		}
	}
	return p
}

// tell adds what others can know of the objects.
func (p *part) tell(b *resolve.Builder) {
	for _, o := range p.objects {
		if o.Kind == manifest.Map {
			b.Add(o, workflow.From(o))
		}
	}
}

// index returns which YAML document holds the offset; the space between two
// belongs to the one before.
func (m *model) index(off int) int {
	i := 0
	for i+1 < len(m.now) && m.now[i+1].Start <= off {
		i++
	}
	return i
}

// whole returns the YAML document at the offset if it parses, else nil.
func (m *model) whole(off int) *part {
	if i := m.index(off); i < len(m.now) && m.now[i].Root != nil {
		return m.parts[i]
	}
	return nil
}

// near returns what is known of the YAML document at the offset: as it is, as
// it is without the line of the offset, or as it last was; nil if it never was.
func (d *document) near(off int) *part {
	m := d.parsed()
	if p := m.whole(off); p != nil {
		return p
	}
	i := m.index(off)
	start, end := d.lines.bounds(d.lines.at(off))
	text := bytes.Clone(d.text)
	for at := start; at < end; at++ {
		text[at] = ' '
	}
	if len(text) <= textLimit {
		docs := manifest.Parse(source.NewFile(d.file.Name, text))
		if len(docs) == len(m.now) && i < len(docs) && docs[i].Root != nil {
			return newPart(docs[i])
		}
	}
	if i < len(m.parts) {
		return m.parts[i]
	}
	return nil
}

// isJSON reports whether the text is JSON, which has no place for comments.
func (d *document) isJSON() bool {
	return d.language == "json" || strings.EqualFold(filepath.Ext(d.path), ".json")
}
