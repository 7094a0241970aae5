package lsp

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// pages is where the pages of the rules are.
const pages = "https://github.com/tiphys-dev/tiphys/blob/main/docs/rules/"

// diagnosticsLimit bounds what is shown of one document: nobody reads more.
const diagnosticsLimit = 1000

// diagnostics are the findings of a document as the client shows them.
func (s *server) diagnostics(r *result) []diagnostic {
	out := []diagnostic{} // an empty list takes the old ones away
	d := r.document
	if len(d.text) > textLimit {
		return append(out, diagnostic{
			Severity: severityInfo, Source: "tiphys",
			Message: fmt.Sprintf("this is larger than the %d MiB that tiphys reads of one file", textLimit>>20),
		})
	}
	for i := range r.findings {
		if i == diagnosticsLimit {
			last := out[i-1].Range
			return append(out, diagnostic{
				Range: last, Severity: severityInfo, Source: "tiphys",
				Message: fmt.Sprintf("and %d more findings below", len(r.findings)-i),
			})
		}
		out = append(out, s.diagnostic(d, &r.findings[i]))
	}
	return out
}

func (s *server) diagnostic(d *document, f *lint.Finding) diagnostic {
	start, end := bounds(f)
	out := diagnostic{
		Range: d.lines.span(start, end), Severity: severity(f.Severity), Source: "tiphys",
		Code: f.Rule.Name, CodeDescription: &codeDescription{pages + f.Rule.Name + ".md"}, Message: f.Message,
	}
	switch {
	case strings.HasSuffix(f.Rule.Name, "-unused"):
		out.Tags = []int{tagUnnecessary}
	case f.Rule.Name == "field-deprecated":
		out.Tags = []int{tagDeprecated}
	}
	if !s.client.Capabilities.TextDocument.PublishDiagnostics.RelatedInformation {
		return out
	}
	for _, r := range f.Related {
		if at, ok := d.location(r.Span); ok {
			out.Related = append(out.Related, related{at, r.Message})
		}
	}
	return out
}

// bounds are the bytes of a finding in the text of its document.
func bounds(f *lint.Finding) (start, end int) {
	return f.Span.Offset(), f.Span.Offset() + f.Span.Len()
}

func severity(s lint.Severity) int {
	switch s {
	case lint.Error:
		return severityError
	case lint.Warning:
		return severityWarning
	}
	return severityInfo
}

// location returns where a span is, in this document or in another file.
func (d *document) location(s source.Span) (location, bool) {
	switch {
	case !s.Known():
		return location{}, false
	case s.File.Name == d.file.Name:
		return location{d.uri, d.lines.span(s.Offset(), s.Offset()+s.Len())}, true
	case !strings.HasPrefix(uriOf(s.File.Name), "file:///"):
		return location{}, false
	}
	return location{uriOf(s.File.Name), Range{d.foreign(s, s.Start), d.foreign(s, s.End)}}, true
}

// foreign converts an offset of another file, which may be a clipping.
func (d *document) foreign(s source.Span, off int) Position {
	p := s.File.Position(off)
	out := Position{Line: p.Line - 1}
	left := p.Column - 1
	for _, r := range string(s.File.Line(p.Line)) {
		if left == 0 {
			break
		}
		left--
		out.Character += d.lines.encoding.width(r, utf8.RuneLen(r))
	}
	return out
}
