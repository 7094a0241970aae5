package lsp

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/fix"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// The kinds of our code actions.
const (
	quickFix = "quickfix"
	fixAll   = "source.fixAll.tiphys"
)

// tries bounds how many fixes are looked at for one answer: each is proved by
// parsing the text that it leads to.
const tries = 50

// codeActions answers what can be done about the findings of a range.
func codeActions(s *server, params json.RawMessage) (work, error) {
	var p codeActionParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	d, err := s.document(p.TextDocument.URI)
	if err != nil {
		return nil, err
	}
	wanted := func(kind string) bool {
		return len(p.Context.Only) == 0 || slices.ContainsFunc(p.Context.Only, func(only string) bool {
			return only == "" || kind == only || strings.HasPrefix(kind, only+".")
		})
	}
	return func(ctx context.Context) (any, error) {
		r := s.found(ctx, d)
		from, to := d.lines.offset(p.Range.Start), d.lines.offset(p.Range.End)
		actions := []codeAction{}
		if wanted(quickFix) {
			for i := range r.findings {
				start, end := bounds(&r.findings[i])
				if start <= to && from <= end && len(actions) < tries && ctx.Err() == nil {
					actions = append(actions, s.quickFixes(d, &r.findings[i])...)
				}
			}
		}
		if wanted(fixAll) {
			actions = append(actions, d.fixAll(ctx, r.findings)...)
		}
		return actions, nil
	}, nil
}

// quickFixes are the ways to be rid of one finding.
func (s *server) quickFixes(d *document, f *lint.Finding) []codeAction {
	var out []codeAction
	about := []diagnostic{s.diagnostic(d, f)}
	if f.Fix != nil {
		if edits, ok := d.edits(f.Fix.Edits); ok {
			out = append(out, codeAction{
				Title: f.Fix.Message, Kind: quickFix, Diagnostics: about, Preferred: f.Fix.Safe, Edit: d.change(edits),
			})
		}
	}
	if edit, ok := d.waiver(f); ok {
		out = append(out, codeAction{
			Title: "ignore " + f.Rule.Name + " here", Kind: quickFix, Diagnostics: about, Edit: d.change([]textEdit{edit}),
		})
	}
	return out
}

// fixAll makes the safe fixes of a document, those that do not overlap.
func (d *document) fixAll(ctx context.Context, findings []lint.Finding) []codeAction {
	var fixes []*lint.Fix
	var all []lint.Edit
	for i := range findings {
		if f := findings[i].Fix; f != nil && f.Safe {
			fixes = append(fixes, f)
			all = append(all, f.Edits...)
		}
	}
	edits, ok := d.edits(all)
	if !ok { // find out which of them go together
		all = nil
		for _, f := range fixes[:min(len(fixes), tries)] {
			more := append(slices.Clip(all), f.Edits...)
			if e, ok := d.edits(more); ok && ctx.Err() == nil {
				all, edits = more, e
			}
		}
	}
	if len(edits) == 0 {
		return nil
	}
	return []codeAction{{Title: "fix all that is safe to fix", Kind: fixAll, Edit: d.change(edits)}}
}

// edits turns edits of the tree into edits of the text.
func (d *document) edits(edits []lint.Edit) ([]textEdit, bool) {
	if len(edits) == 0 {
		return nil, false
	}
	changes, err := fix.Changes(d.file, edits)
	if err != nil {
		return nil, false
	}
	var out []textEdit
	for _, c := range changes {
		out = append(out, textEdit{d.lines.span(c.Start, c.End), c.New})
	}
	return out, true
}

func (d *document) change(edits []textEdit) workspaceEdit {
	return workspaceEdit{Changes: map[string][]textEdit{d.uri: edits}}
}

// waiver is the comment that accepts a finding: on the line above, or, where
// that would speak of the whole document, behind the line.
func (d *document) waiver(f *lint.Finding) (textEdit, bool) {
	if d.isJSON() || strings.HasPrefix(f.Rule.Name, "waiver-") {
		return textEdit{}, false
	}
	m := d.parsed()
	off, _ := bounds(f)
	p := m.whole(off)
	if p == nil {
		return textEdit{}, false
	}
	line := d.lines.at(firstLine(p.Root, off))
	start, end := d.lines.bounds(line)
	text := d.text[start:end]
	comment := "# tiphys:ignore " + f.Rule.Name + ": TODO say why"
	at, insert := start, string(text[:len(text)-len(bytes.TrimLeft(text, " "))])+comment+d.newline(end)
	if start <= p.Root.Start && p.Root.Start <= end {
		if bytes.Contains(text, []byte("#")) {
			return textEdit{}, false // there is a comment in the way, or something like it
		}
		at, insert = end, " "+comment
	}
	after := slices.Concat(d.text[:at], []byte(insert), d.text[at:])
	if !commented(p.Document, after, m.index(off)) {
		return textEdit{}, false
	}
	return textEdit{d.lines.span(at, at), insert}, true
}

// commented reports whether the text has one directive more than the document,
// and parses as before: the comment has not become part of a scalar.
func commented(d *manifest.Document, text []byte, i int) bool {
	docs := manifest.Parse(source.NewFile(d.File.Name, text))
	return i < len(docs) && docs[i].Root != nil && len(docs[i].Comments) == len(d.Comments)+1 && len(docs[i].Problems) == len(d.Problems)
}

// newline is the break that ends a line, as the text has it.
func (d *document) newline(end int) string {
	if bytes.HasPrefix(d.text[end:], []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// firstLine returns where the text of the scalar around an offset begins, or
// the offset itself: no comment can stand between the lines of a scalar.
func firstLine(root *manifest.Node, off int) int {
	n, _ := nodeAt(root, off)
	if n == nil || n.Kind >= manifest.List {
		return off
	}
	if n.Key != nil && !n.Key.Alias {
		return min(off, n.Key.Start)
	}
	return min(off, n.Start)
}
