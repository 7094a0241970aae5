// Package fix turns the edits of findings into changes of text, as small as
// can be: comments, layout and the style of quotes stay as they are.
//
// Every change is proved before it is made: the new text is parsed, and its
// tree must be the old tree but for the edit. What cannot be proved is not done.
package fix

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// A Change replaces the bytes [Start, End) of a file by New.
type Change struct {
	Start, End int
	New        string
}

// ErrAlias is returned for an edit of text that stands in several places of
// the tree: changing it for one would change it for all.
var ErrAlias = errors.New("the text is shared by a YAML alias")

// Text returns the text of a file with the edits made, all of them or none.
func Text(f *source.File, edits []lint.Edit) ([]byte, error) {
	_, text, err := changed(f, edits)
	return text, err
}

// Changes returns what Text would do to the file, in the order of the text.
func Changes(f *source.File, edits []lint.Edit) ([]Change, error) {
	changes, _, err := changed(f, edits)
	return changes, err
}

func changed(f *source.File, edits []lint.Edit) ([]Change, []byte, error) {
	var changes []Change
	for _, e := range edits {
		c, err := change(f, e)
		if err != nil {
			return nil, nil, fmt.Errorf("edit %s: %w", e.Node.Path(), err)
		}
		changes = append(changes, c)
	}
	text, err := apply(f.Bytes, changes)
	if err != nil {
		return nil, nil, err
	}
	if err := prove(f, text, edits); err != nil {
		return nil, nil, err
	}
	return changes, text, nil
}

// apply makes changes that do not overlap. Of lines that are inserted at one
// place, those of the innermost object come first.
func apply(text []byte, changes []Change) ([]byte, error) {
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Or(a.Start-b.Start, a.End-b.End, indented(b.New)-indented(a.New)) })
	var out []byte
	at := 0
	for _, c := range changes {
		if c.Start < at {
			return nil, errors.New("two edits overlap")
		}
		out = append(append(out, text[at:c.Start]...), c.New...)
		at = c.End
	}
	return append(out, text[at:]...), nil
}

func indented(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }

func change(f *source.File, e lint.Edit) (Change, error) {
	if e.Node == nil || e.Node.File != f {
		return Change{}, errors.New("there is no text to edit")
	}
	for n := e.Node; n != nil; n = n.Parent {
		if n.Alias {
			return Change{}, ErrAlias
		}
	}
	switch {
	case e.Key != "":
		return setField(f, e)
	case e.Value != nil:
		return replace(e)
	}
	return remove(f, e.Node)
}

// A Result is what became of one file.
type Result struct {
	File *source.File
	Text []byte
	// Done are the findings whose fixes are in Text, Left those whose fixes
	// were passed over, because they overlap another or cannot be proved.
	Done, Left []lint.Finding

	budget int // bytes that may still be parsed
}

// mostParsed bounds the work for one file: each try parses all of it, and
// thousands of fixes may be such that they cannot be made.
const mostParsed = 8 << 20

// Files applies the fixes of findings, file by file in the order of the
// findings. Fixes that are not safe are left alone unless unsafe is set.
func Files(findings []lint.Finding, unsafe bool) []Result {
	var files []*source.File
	wanted := map[*source.File][]lint.Finding{}
	for _, f := range findings {
		if f.Fix == nil || !f.Fix.Safe && !unsafe || len(f.Fix.Edits) == 0 || f.Fix.Edits[0].Node == nil {
			continue
		}
		file := f.Fix.Edits[0].Node.File
		if file == nil {
			continue
		}
		if wanted[file] == nil {
			files = append(files, file)
		}
		wanted[file] = append(wanted[file], f)
	}
	var results []Result
	for _, file := range files {
		r := Result{File: file, Text: file.Bytes, budget: mostParsed}
		r.take(nil, wanted[file])
		results = append(results, r)
	}
	return results
}

// take makes as many of the fixes as go together with the edits already made.
// It halves what does not, since each try parses the whole file.
func (r *Result) take(edits []lint.Edit, findings []lint.Finding) []lint.Edit {
	if r.budget < 0 {
		r.Left = append(r.Left, findings...)
		return edits
	}
	r.budget -= len(r.File.Bytes)
	all := slices.Clip(edits)
	for _, f := range findings {
		all = append(all, f.Fix.Edits...)
	}
	text, err := Text(r.File, all)
	switch n := len(findings); {
	case err == nil:
		r.Text, r.Done = text, append(r.Done, findings...)
		return all
	case n == 1:
		r.Left = append(r.Left, findings[0])
		return edits
	default:
		edits = r.take(edits, findings[:n/2])
		return r.take(edits, findings[n/2:])
	}
}

// prove parses the new text and compares it with what the edits ask for. Two
// keys of one name, which strict readers refuse and the tree would not show,
// cannot be asked for.
func prove(f *source.File, text []byte, edits []lint.Edit) error {
	before, after := manifest.Parse(f), manifest.Parse(source.NewFile(f.Name, text))
	if len(before) != len(after) {
		return errors.New("the edit would change the number of documents")
	}
	for i, d := range before {
		want := patch.Of(d.Root)
		for _, e := range edits {
			if e.Node.Start < d.Start || e.Node.End > d.End {
				continue
			}
			if err := want.Add(here(d, e)); err != nil {
				return err
			}
		}
		if d.Root == nil {
			continue // it could not be read before either
		}
		for _, p := range after[i].Problems {
			if p.Kind != manifest.DuplicateKey {
				return fmt.Errorf("the edit would break the document: %s", p.Message)
			}
		}
		if !patch.Equal(want.Tree(), after[i].Root) {
			return errors.New("the edit would change more than it says")
		}
	}
	return nil
}
