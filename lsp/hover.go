package lsp

import (
	"context"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// hovered answers what is known of the text at an offset: what a name means,
// what a field is for, why there is a finding.
func hovered(ctx context.Context, s *server, d *document, off int) any {
	var text []string
	var at *Range
	show := func(start, end int, about string) {
		if !slices.Contains(text, about) {
			text = append(text, about)
		}
		if at == nil {
			r := d.lines.span(start, end)
			at = &r
		}
	}
	if p := d.parsed().whole(off); p != nil {
		v := s.look(d, p)
		if x := v.target(off); x != nil {
			show(x.at.Start, x.at.End, x.about)
		} else if n, key := nodeAt(p.object(off), off); n != nil {
			if f := fieldOf(n); f != nil && (key || n.Kind < manifest.List) {
				span := n.Key.Span()
				if !key {
					span = n.Span()
				}
				show(span.Start, span.End, describeField(f))
			}
		}
	}
	r := s.found(ctx, d)
	for i := range r.findings {
		if start, end := bounds(&r.findings[i]); start <= off && off <= end {
			show(start, end, describeRule(r.findings[i].Rule))
		}
	}
	if len(text) == 0 {
		return nil
	}
	return hover{s.markup(strings.Join(text, "\n\n---\n\n")), at}
}

// markup is Markdown for clients that can show it; others get it as text.
func (s *server) markup(text string) markup {
	formats := s.client.Capabilities.TextDocument.Hover.ContentFormat
	if len(formats) > 0 && !slices.Contains(formats, "markdown") {
		return markup{"plaintext", text}
	}
	return markup{"markdown", text}
}

// defined answers where the name at an offset is declared.
func defined(_ context.Context, s *server, d *document, off int) any {
	p := d.parsed().whole(off)
	if p == nil {
		return nil
	}
	x := s.look(d, p).target(off)
	if x == nil {
		return nil
	}
	if x.node != nil {
		if at, ok := d.location(x.node.Token()); ok {
			return at
		}
		return nil
	}
	if x.library != nil {
		return s.declared(d, x.library, x.template)
	}
	return nil
}

// declared returns where a template of another object is, or that object.
func (s *server) declared(from *document, lib *resolve.Library, template string) any {
	entries, _ := s.others(from)
	entries = append(entries, from.parsed().entries...)
	for _, e := range entries {
		if e.Library == nil || e.Library.Kind != lib.Kind || e.Library.Name != lib.Name || e.Library.Namespace != lib.Namespace || !e.Span.Known() {
			continue
		}
		d := s.byName(e.Span.File.Name, from.lines.encoding)
		if d == nil {
			return nil
		}
		span := e.Span
		if n := d.templateNode(lib, template); n != nil {
			span = n.Token()
		}
		if at, ok := d.location(span); ok {
			return at
		}
	}
	return nil
}

// byName returns the document of a file: as it is open, or as it is on disk.
func (s *server) byName(name string, e encoding) *document {
	s.mu.Lock()
	for _, d := range s.documents {
		if d.file.Name == name {
			s.mu.Unlock()
			return d
		}
	}
	s.mu.Unlock()
	text, err := readFile(name)
	if err != nil {
		return nil
	}
	return newDocument(uriOf(name), "", 0, text, e, nil)
}

// templateNode returns where a template of a library begins, or nil.
func (d *document) templateNode(lib *resolve.Library, name string) *manifest.Node {
	for _, p := range d.parsed().parts {
		if p == nil || p.File != d.file {
			continue // its places are those of an older version
		}
		for _, w := range p.flows {
			if w.Kind != lib.Kind || w.Name.Text() != lib.Name || w.Namespace.Text() != lib.Namespace {
				continue
			}
			if t := w.Template(name); t != nil {
				return t.Anchor()
			}
		}
	}
	return nil
}

// outline makes the symbols of a workflow.
func (d *document) outline(w *workflow.Workflow) documentSymbol {
	name := w.Name.Text()
	if name == "" {
		name = w.GenerateName.Text()
	}
	if name == "" {
		name = w.Kind
	}
	at := w.Name
	if !at.Set() {
		at = w.GenerateName
	}
	out := d.symbol(name, w.Kind, symbolObject, w.Root, at)
	for _, t := range w.Templates {
		if t.Name.Text() == "" {
			continue
		}
		child := d.symbol(t.Name.Text(), t.Type.String(), symbolFunction, t.Node, t.Name)
		for _, c := range t.Calls {
			if c.Name.Text() != "" {
				child.Children = append(child.Children, d.symbol(c.Name.Text(), c.Word(), symbolEvent, c.Node, c.Name))
			}
		}
		out.Children = append(out.Children, child)
	}
	return out
}

// symbol is a node with the name that it goes by, which lies in it.
func (d *document) symbol(name, detail string, kind int, n, at *manifest.Node) documentSymbol {
	whole := n.Span()
	pick := source.Span{File: whole.File, Start: whole.Start, End: whole.Start}
	if t := at.Token(); t.Known() && whole.Start <= t.Start && t.End <= whole.End {
		pick = t
	}
	return documentSymbol{
		Name: name, Detail: detail, Kind: kind,
		Range: d.lines.span(whole.Start, whole.End), SelectionRange: d.lines.span(pick.Start, pick.End),
	}
}
