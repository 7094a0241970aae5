package environment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// readLimit bounds the size of one file: what Helm stores of a release, values
// included, is at most 1 MiB.
const readLimit = 5 << 20

const leadsOut = "this is a symbolic link that leads out of the repository: put the file itself here"

// A reader reads the files below its roots, each once, and collects what is
// wrong with them.
type reader struct {
	roots []string // real paths
	known map[string]*document
	found []lint.Finding
}

// A document is the text of a file that was understood.
type document struct {
	file   *source.File
	root   *manifest.Node // nil for an empty file and for one that is broken
	broken bool
	secret bool
	shown  *source.File // what of a file of secrets may be shown
	found  []lint.Finding
}

// document reads the one document of a file; nil when there is no such file.
func (r *reader) document(name string, secret bool) (*document, error) {
	if d, ok := r.known[name]; ok {
		r.found = append(r.found, d.found...)
		return d, nil
	}
	text, why, err := r.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read values: %w", err)
	}
	d := &document{file: source.NewFile(name, text), secret: secret}
	told := len(r.found)
	if why != "" {
		d.broken = true
		r.report(ruleUnreadable, blankSpan(name), "", "%s", why)
	} else {
		r.parse(d)
	}
	if r.known == nil {
		r.known = map[string]*document{}
	}
	d.found = slices.Clone(r.found[told:])
	r.known[name] = d
	return d, nil
}

// read returns the text of a file, or why it is not read.
func (r *reader) read(name string) (text []byte, why string, err error) {
	inside, err := r.inside(name)
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Sprintf("%s is a file, and should be a folder", filepath.Dir(name)), nil
	case errors.Is(err, fs.ErrNotExist):
		if _, missing := os.Lstat(name); missing != nil {
			return nil, "", err
		}
		return nil, "this is a symbolic link to something that is not there", nil
	case err != nil:
		return nil, "", err
	case !inside:
		return nil, leadsOut, nil
	}
	// O_NONBLOCK keeps open from waiting for the writer of a named pipe.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, "", err
	case info.IsDir():
		return nil, "this is a folder, and should be a file", nil
	case !info.Mode().IsRegular():
		return nil, "this is neither a file nor a link to one", nil
	}
	text, err = io.ReadAll(io.LimitReader(f, readLimit+1))
	if err == nil && len(text) > readLimit {
		return nil, fmt.Sprintf("this is larger than the %d MiB that are read of one file; Helm stores at most 1 MiB of a release", readLimit>>20), nil
	}
	return text, "", err
}

// inside reports whether the file, with all links followed, is below a root.
func (r *reader) inside(name string) (bool, error) {
	real, err := realPath(name)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(r.roots, func(root string) bool {
		rel, err := filepath.Rel(root, real)
		return err == nil && filepath.IsLocal(rel)
	}), nil
}

// parse reads the text as one YAML document whose root is a map.
func (r *reader) parse(d *document) {
	if !utf8.Valid(d.file.Bytes) {
		d.broken = true
		off := 0
		for off < len(d.file.Bytes) {
			c, n := utf8.DecodeRune(d.file.Bytes[off:])
			if c == utf8.RuneError && n == 1 {
				break
			}
			off += n
		}
		r.report(ruleSyntax, d.at(source.Span{File: d.file, Start: off, End: off + 1}), "", "the text is not UTF-8: save it as UTF-8")
		return
	}
	var content []*manifest.Document
	for _, doc := range manifest.Parse(d.file) {
		if doc.Root != nil || len(doc.Problems) > 0 {
			content = append(content, doc)
		}
		d.broken = d.broken || doc.Root == nil && len(doc.Problems) > 0
	}
	if !d.broken && len(content) > 0 {
		d.root = content[0].Root
	}
	for _, doc := range content {
		r.problems(d, doc.Problems)
	}
	switch {
	case d.broken || d.root == nil:
	case len(content) > 1:
		r.report(ruleShape, d.at(source.Span{File: d.file, Start: content[1].Start, End: content[1].Start + 1}), "",
			"a second document begins here, and Helm reads only the first: put all values into one")
	case d.root.Kind == manifest.Null:
		d.root = nil
	case d.root.Kind != manifest.Map:
		r.report(ruleShape, d.span(d.root), "", "this is a %s, and should be a map of keys and values", d.root.Kind)
		d.root, d.broken = nil, true
	case d.secret && aliasKey(d.root) != nil:
		r.report(ruleShape, d.at(source.Span{File: d.file, Start: aliasKey(d.root).Parent.Start}), "", "a key is an alias of another text; keys are shown, so write it out")
		d.root, d.broken = nil, true
	}
}

// aliasKey returns the first value whose key is an alias, or nil: such a key
// has the text of a value.
func aliasKey(n *manifest.Node) *manifest.Node {
	for _, c := range n.Children {
		if c.Key != nil && c.Key.Alias {
			return c
		}
		if found := aliasKey(c); found != nil {
			return found
		}
	}
	return nil
}

func (r *reader) problems(d *document, all []manifest.Problem) {
	for _, p := range all {
		if p.Kind == manifest.DuplicateKey {
			r.report(ruleDuplicate, d.at(p.Span), p.Node.Path(), "%s", p.Message)
			continue
		}
		message := p.Message
		if d.secret { // messages quote the text
			message = "this is not YAML; the text is not shown, as it may be a secret"
		}
		r.report(ruleSyntax, d.at(p.Span), "", "%s", message)
	}
}

// report adds a finding.
func (r *reader) report(rule *lint.Rule, at source.Span, path, format string, args ...any) {
	r.add(lint.Finding{Rule: rule, Span: at, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (r *reader) add(f lint.Finding) {
	if f.Severity == lint.Off {
		f.Severity = f.Rule.Severity
	}
	r.found = append(r.found, f)
}

// blankSpan points at a file without showing any of it.
func blankSpan(name string) source.Span { return source.Span{File: source.NewFile(name, nil)} }

// span is what to point at for n: its token, or of a file of secrets its key.
func (d *document) span(n *manifest.Node) source.Span {
	switch {
	case n == nil:
		return d.at(source.Span{File: d.file})
	case d.secret && n.Key != nil:
		return d.at(n.Key.Span())
	}
	return d.at(n.Token())
}

// at is the same span in text that may be shown: that of a file of secrets is
// blank but for its keys.
func (d *document) at(s source.Span) source.Span {
	if !d.secret {
		return s
	}
	if d.shown == nil {
		d.shown = source.NewFile(d.file.Name, onlyKeys(d.file.Bytes, d.root))
	}
	s.File = d.shown
	if i := bytes.IndexByte(s.Text(), '\n'); i >= 0 {
		s.End = s.Start + i
	}
	return s
}

// onlyKeys returns text in which everything but line breaks and the keys of
// the tree is blank, with every rune at its offset and in its column.
func onlyKeys(text []byte, root *manifest.Node) []byte {
	out := make([]byte, 0, len(text))
	for rest := text; len(rest) > 0; {
		c, n := utf8.DecodeRune(rest)
		if c == '\n' {
			out = append(out, '\n')
		} else {
			out = append(out, blanks[n-1]...)
		}
		rest = rest[n:]
	}
	var keys func(*manifest.Node)
	keys = func(n *manifest.Node) {
		for _, c := range n.Children {
			if k := c.Key; k != nil && !k.Alias && k.Style != manifest.Literal && k.Style != manifest.Folded {
				copy(out[k.Start:k.End], text[k.Start:k.End])
			}
			keys(c)
		}
	}
	if root != nil {
		keys(root)
	}
	return out
}

// blanks are blank runes of one to four bytes; there is none of four.
var blanks = [...]string{" ", "\u00a0", "\u2003", "\U000e0020"}

func realPath(name string) (string, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}
