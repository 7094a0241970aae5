package deploy

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// A locator leads rendered text back to what a person wrote: a line of a
// template, a line of a plain workflow file that a template emits, or the line
// of the file that brought a value. It works when the first finding asks.
type locator struct {
	check  *Check
	made   *render.Map
	plains []*plain
	docs   map[string][]*manifest.Document
	proven proof // the last one, and what came out
	proof  *render.Output
	spent  int // bytes that were rendered for proofs
}

// A plain is a file of the chart that templates may emit as it is.
type plain struct {
	name string // in the chart
	file *source.File
	docs []*manifest.Document
}

// plainFile reports whether a file of a chart may be emitted as it is.
func plainFile(name string) bool {
	if !strings.HasPrefix(name, "workflows/") {
		return false
	}
	for _, ext := range []string{".yaml", ".yml", ".json"} {
		if strings.HasSuffix(name, ext) {
			return true
		}
	}
	return false
}

// finding moves a finding, and what explains it.
func (l *locator) finding(f *lint.Finding) {
	if f.Fix != nil { // its edits are of rendered text
		f.Fix = &lint.Fix{Message: f.Fix.Message}
	}
	var related []lint.Related
	for _, r := range f.Related {
		if span, _, ok := l.span(r.Span, r.Path, lint.Object{}); ok {
			r.Span = span
			related = append(related, r)
		}
	}
	if !f.Span.Known() {
		f.Related = related
		return
	}
	span, through, ok := l.span(f.Span, f.Path, f.Object)
	if !ok {
		name := f.Span.File.Name
		f.Span = source.Span{File: source.NewFile(l.check.Chart.Shown(name), nil)}
		f.Message += "; which line of the template it comes from is not known"
	} else {
		f.Span = span
	}
	if through.Known() {
		related = append(related, lint.Related{Span: through, Message: "it gets there by this line"})
	}
	f.Related = related
}

// span leads the bytes of a rendered file back. Through is the place of the
// template when span is not in it.
func (l *locator) span(s source.Span, path string, object lint.Object) (span, through source.Span, ok bool) {
	if !s.Known() {
		return s, source.Span{}, false
	}
	name, start, end := s.File.Name, s.Offset(), s.Offset()+s.Len()
	origin, ok := l.sourcemap().Origin(name, start, end)
	if !ok {
		return source.Span{}, source.Span{}, false
	}
	if len(origin.Actions) == 0 {
		return origin.Span, source.Span{}, true
	}
	if at, ok := l.plain(name, start, end, path, object); ok {
		return at, source.Span{}, true
	}
	if v := l.value(origin, start, end); v != nil {
		return v.Span(), origin.Span, true
	}
	return origin.Span, source.Span{}, true
}

func (l *locator) sourcemap() *render.Map {
	if l.made == nil {
		var err error
		if l.made, err = l.check.Chart.Map(l.check.values, l.check.options.Release, l.check.output); err != nil {
			l.made = &render.Map{}
		}
	}
	return l.made
}

// value returns the value that actions printed in the bytes [start, end) of a
// rendered file, when there is just one that it can be.
func (l *locator) value(o render.Origin, start, end int) *environment.Value {
	text := l.check.output.Files[o.Template]
	token := text[min(start, len(text)):min(end, len(text))]
	var within, around []*environment.Value // the token; of the token
	direct := map[*environment.Value]bool{}
	for _, a := range o.Actions {
		for _, path := range a.Values {
			for _, v := range below(l.check.Values.Root.At(l.scope(o.Template)...), path) {
				v.Each(func(leaf *environment.Value) {
					to := &within
					switch {
					case leaf.Text == "" || leaf.Secret || token == "":
						return
					case strings.Contains(token, leaf.Text):
						direct[leaf] = direct[leaf] || a.Direct && leaf == v
					case strings.Contains(leaf.Text, token):
						to = &around
					default:
						return
					}
					if !slices.Contains(*to, leaf) {
						*to = append(*to, leaf)
					}
				})
			}
		}
	}
	// The longest says most of the token; two that are as long say nothing.
	slices.SortStableFunc(within, func(a, b *environment.Value) int { return len(b.Text) - len(a.Text) })
	var found []*environment.Value
	for i, v := range within {
		if len(found) > 0 && len(v.Text) < len(within[i-1].Text) {
			break
		}
		if direct[v] || l.moves(v, v.Text, o.Template, start, end) {
			found = append(found, v)
		}
	}
	if len(found) == 0 { // a part of a longer text
		for _, v := range around {
			if l.moves(v, token, o.Template, start, end) {
				found = append(found, v)
			}
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// scope is the path of the values that the templates of a subchart see.
func (l *locator) scope(template string) []string {
	var path []string
	parts := strings.Split(template, "/")
	for i := 1; i+1 < len(parts) && parts[i] == "charts"; i += 2 {
		path = append(path, parts[i+1])
	}
	return path
}

// below returns the values at a path in which [] stands for any item or field.
func below(v *environment.Value, path []string) []*environment.Value {
	if v == nil {
		return nil
	}
	if len(path) == 0 {
		return []*environment.Value{v}
	}
	if path[0] != "[]" {
		return below(v.Get(path[0]), path[1:])
	}
	var all []*environment.Value
	for _, c := range slices.Concat(v.Items, v.Fields) {
		all = append(all, below(c, path[1:])...)
	}
	return all
}

// fromLine is what the library chart says of each document that it emits.
var fromLine = regexp.MustCompile(`(?m)^# From (workflows/.*):([0-9]+)(?:, with an overlay)?\n`)

// from finds the file, and where in it, that a rendered document says to be of.
func (l *locator) from(raw string) (files []*plain, off int) {
	m := fromLine.FindStringSubmatch(raw)
	if m == nil {
		return l.files(), 0
	}
	for _, p := range l.files() {
		line, err := strconv.Atoi(m[2])
		if p.name != m[1] || err != nil {
			continue
		}
		for ; line > 1; line-- {
			i := bytes.IndexByte(p.file.Bytes[off:], '\n')
			if i < 0 {
				return l.files(), 0 // the comment is of somebody else
			}
			off += i + 1
		}
		return []*plain{p}, off
	}
	return l.files(), 0
}

// plain finds the bytes of a rendered document in the file that it was emitted
// from: by its text, or, where values changed it, by object and path.
func (l *locator) plain(name string, start, end int, path string, object lint.Object) (source.Span, bool) {
	doc := l.document(name, start)
	if doc == nil {
		return source.Span{}, false
	}
	text := l.check.output.Files[name]
	raw := text[doc.Start:doc.End]
	body := strings.TrimSpace(fromLine.ReplaceAllString(raw, ""))
	lead := doc.Start + strings.Index(raw, body)
	if body == "" || start < lead || end > lead+len(body) {
		return source.Span{}, false
	}
	files, off := l.from(raw)
	if span, ok := verbatim(files, off, body, start-lead, end-lead); ok {
		return span, true
	}
	if object.Kind == "" {
		object = lint.Object{Kind: doc.Root.Get("kind").Text(), Name: nameOf(doc.Root)}
	}
	if path == "" || object.Kind == "" {
		return source.Span{}, false
	}
	return l.byPath(files, off, path, object, doc.Root.Find(path), start, end)
}

// verbatim finds the text of a document in exactly one of the files.
func verbatim(files []*plain, off int, body string, start, end int) (found source.Span, ok bool) {
	for _, p := range files {
		i := bytes.Index(p.file.Bytes[off:], []byte(body))
		if i < 0 {
			continue
		}
		i += off
		if ok {
			return source.Span{}, false
		}
		found, ok = source.Span{File: p.file, Start: i + start, End: i + end}, true
	}
	return found, ok
}

// byPath finds the field of the object in a plain file. What is not there, or
// is not the same there, was brought by values.
func (l *locator) byPath(files []*plain, off int, path string, object lint.Object, rendered *manifest.Node, start, end int) (source.Span, bool) {
	for _, p := range files {
		for _, d := range p.parsed() {
			if d.End <= off || d.Root.Get("kind").Text() != object.Kind || nameOf(d.Root) != object.Name {
				continue
			}
			n := d.Root.Find(path)
			if n.Scalar() && rendered.Scalar() && n.Value == rendered.Value {
				return partOf(n, rendered, start, end), true
			}
			if v := l.overlay(object, rendered.Text()); v != nil {
				return v.Span(), true
			}
			if n != nil && !(n.Scalar() && rendered.Scalar()) {
				return n.Token(), true
			}
		}
	}
	return source.Span{}, false
}

// partOf finds the bytes [start, end) of a rendered scalar in n, which has the
// same value and may be written in another way.
func partOf(n, rendered *manifest.Node, start, end int) source.Span {
	if k := rendered.Key; k != nil && n.Key != nil && k.Start <= start && end <= k.End {
		return n.Key.Span()
	}
	text, whole := rendered.File.Bytes, rendered.Token()
	if start < whole.Start || start == whole.Start && end >= whole.End || end > rendered.End {
		return n.Token()
	}
	part, at := text[start:end], n.Start
	for nth := bytes.Count(text[whole.Start:start], part); ; nth-- {
		i := bytes.Index(n.File.Bytes[at:n.End], part)
		switch {
		case i < 0:
			return n.Token()
		case nth == 0:
			return source.Span{File: n.File, Start: at + i, End: at + i + len(part)}
		}
		at += i + len(part)
	}
}

// overlay finds the one value of the overlays of a workflow that has the text.
func (l *locator) overlay(object lint.Object, text string) *environment.Value {
	var found []*environment.Value
	name := strings.TrimSuffix(object.Name, "-")
	for _, key := range []string{name, "*", object.Kind + "/" + name, object.Kind + "/*"} {
		l.check.Values.Root.At("workflows", key).Each(func(v *environment.Value) {
			if v.Text == text && text != "" && !v.Secret {
				found = append(found, v)
			}
		})
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

func nameOf(object *manifest.Node) string {
	m := object.Get("metadata")
	if name := m.Get("name").Text(); name != "" {
		return name
	}
	return m.Get("generateName").Text()
}

func (l *locator) files() []*plain {
	if l.plains == nil {
		l.plains = []*plain{}
		for _, f := range l.check.Chart.Files() {
			if plainFile(f.Name) {
				l.plains = append(l.plains, &plain{name: f.Name, file: source.NewFile(l.check.Chart.Shown(l.check.Chart.Name+"/"+f.Name), f.Data)})
			}
		}
	}
	return l.plains
}

func (p *plain) parsed() []*manifest.Document {
	if p.docs == nil {
		p.docs = manifest.Parse(p.file)
	}
	return p.docs
}

// document returns the document of a rendered file that holds an offset.
func (l *locator) document(name string, off int) *manifest.Document {
	if l.docs == nil {
		l.docs = map[string][]*manifest.Document{}
	}
	docs, ok := l.docs[name]
	if !ok {
		docs = manifest.Parse(source.NewFile(name, []byte(l.check.output.Files[name])))
		l.docs[name] = docs
	}
	for _, d := range docs {
		if d.Start <= off && off < d.End {
			return d
		}
	}
	return nil
}
