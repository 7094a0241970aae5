// Package audit tells how the secrets of a chart, or of a folder, are kept:
// which files are encrypted, for whom, whether this machine opens them, and
// what is not as it should be.
//
// Files are opened to verify them, and what is in them is dropped at once: a
// report holds names of files, of keys and of recipients.
package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// A Report is what there is to say.
type Report struct {
	// Environments are in the order of promotion; a last one without a name
	// holds the files that belong to none.
	Environments []*Environment
	// Findings are sorted by file.
	Findings []lint.Finding
}

// An Environment is one with its secrets.
type Environment struct {
	Name  string  `json:"name"`
	Files []*File `json:"files"`
}

// A File is one that is encrypted, or should be.
type File struct {
	Name       string              `json:"file"`
	Encrypted  bool                `json:"encrypted"`
	Recipients []secrets.Recipient `json:"recipients"`
	// Opens says whether the keys of this machine open it, Why why not.
	Opens bool   `json:"opens"`
	Why   string `json:"why,omitempty"`

	text  []byte
	scope string // of its keys: the chart
	keys  []key  // of encrypted values
}

// Check looks at the secrets of the chart or folder dir. The error is that of
// ctx or one of the file system.
func Check(ctx context.Context, dir string) (*Report, error) {
	set, err := environment.Open(dir)
	if err != nil {
		return nil, err
	}
	a := &auditor{set: set, ctx: ctx}
	for _, e := range set.Environments {
		a.report.Environments = append(a.report.Environments, &Environment{Name: e.Name})
	}
	names, err := a.names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := a.file(name); err != nil {
			return nil, err
		}
	}
	a.between()
	a.shared()
	r := &a.report
	slices.SortStableFunc(r.Findings, func(x, y lint.Finding) int {
		return cmp.Or(cmp.Compare(FileOf(x), FileOf(y)), cmp.Compare(y.Severity, x.Severity),
			cmp.Compare(x.Rule.Name, y.Rule.Name), cmp.Compare(x.Span.Start, y.Span.Start), cmp.Compare(x.Message, y.Message))
	})
	return r, ctx.Err()
}

type auditor struct {
	set    *environment.Set
	ctx    context.Context
	report Report
}

// file looks at one file.
func (a *auditor) file(name string) error {
	if err := a.ctx.Err(); err != nil {
		return err
	}
	text, err := read(name)
	if err != nil {
		a.add(ruleUnreadable, name, "%s", err)
		return nil
	}
	f := &File{Name: name, Encrypted: secrets.Encrypted(name, text), text: text, scope: a.scope(name)}
	switch {
	case f.Encrypted:
		a.encrypted(f)
	case !meant(name) || blank(name, text):
		return nil
	default:
		a.add(rulePlain, name, "its name says that it holds secrets, and they lie in the clear: encrypt it with tiphys secrets encrypt -i %s", name)
	}
	e := a.environment(name)
	e.Files = append(e.Files, f)
	return nil
}

// encrypted looks at an encrypted file.
func (a *auditor) encrypted(f *File) {
	text := f.text
	var err error
	if f.Recipients, err = secrets.Recipients(f.Name, text); err != nil {
		a.add(ruleUnreadable, f.Name, "%s", err)
		return
	}
	f.keys = keysOf(f.Name, text)
	clear, err := secrets.Clear(f.Name, text)
	if err == nil && len(clear) > 0 {
		a.add(rulePlain, f.Name, "%s in the clear in an encrypted file: encrypt with tiphys secrets edit, after taking it out by hand", lies(clear))
	}
	a.opens(f, len(clear) > 0)
	change, err := secrets.Outdated(f.Name, text)
	switch {
	case errors.Is(err, secrets.ErrNoRule): // then nothing is wrong with it
	case err != nil:
		a.add(ruleUnreadable, f.Name, "%s", err)
	case !change.Empty():
		a.add(ruleOutdated, f.Name, "it is not encrypted for those whom .sops.yaml names now%s: run tiphys secrets updatekeys %s", words(change), f.Name)
	}
}

func lies(paths []string) string {
	if len(paths) == 1 {
		return fmt.Sprintf("%q lies", paths[0])
	}
	return fmt.Sprintf("%q and %d more lie", paths[0], len(paths)-1)
}

// opens opens the file, and drops what is in it.
func (a *auditor) opens(f *File, told bool) {
	_, err := secrets.Open(a.ctx, f.Name, f.text)
	var key *secrets.KeyError
	var tampered *secrets.TamperedError
	switch {
	case err == nil:
		f.Opens = true
		return
	case errors.As(err, &key):
		f.Why = err.Error()
		return
	case errors.As(err, &tampered):
		f.Why = err.Error()
		if !told {
			a.add(ruleTampered, f.Name, "%s", err)
		}
	case a.ctx.Err() == nil:
		f.Why = err.Error()
		a.add(ruleUnreadable, f.Name, "%s", err)
	}
}

// words says what would change.
func words(c secrets.Change) string {
	s := ""
	if len(c.Added) > 0 {
		s += ", " + names(c.Added) + " cannot open it"
	}
	if len(c.Removed) > 0 {
		s += ", " + names(c.Removed) + " still can"
	}
	if len(c.Added)+len(c.Removed) == 0 {
		s += fmt.Sprintf(", keys of %d groups are needed in place of %d", max(c.Threshold[1], 1), max(c.Threshold[0], 1))
	}
	return s
}

// environment returns that of a file by its path, or the one without a name.
func (a *auditor) environment(name string) *Environment {
	want := ""
	if rel, ok := a.below(name); ok {
		want = first(rel)
	}
	for _, e := range a.report.Environments {
		if e.Name == want {
			return e
		}
	}
	e := &Environment{}
	a.report.Environments = append(a.report.Environments, e)
	return e
}

// below returns the path of a file below the folder of environments it is in.
func (a *auditor) below(name string) (string, bool) {
	for _, folder := range a.set.Folders {
		if rel, err := filepath.Rel(folder, name); err == nil && filepath.IsLocal(rel) {
			return rel, true
		}
	}
	return "", false
}

// add reports something of a file as a whole. None of its text is shown.
func (a *auditor) add(rule *lint.Rule, name, format string, args ...any) {
	a.report.Findings = append(a.report.Findings, lint.Finding{
		Rule: rule, Severity: rule.Severity, Path: name, Message: fmt.Sprintf(format, args...),
	})
}

// addAt reports something of a key, and shows nothing but it.
func (a *auditor) addAt(rule *lint.Rule, f *File, k key, format string, args ...any) {
	a.report.Findings = append(a.report.Findings, lint.Finding{
		Rule: rule, Severity: rule.Severity, Message: fmt.Sprintf(format, args...),
		Span: source.Span{File: source.NewFile(f.Name, k.only(f.text)), Start: k.start, End: k.end},
	})
}

// FileOf returns the file that a finding is about.
func FileOf(f lint.Finding) string {
	if f.Span.File != nil {
		return f.Span.File.Name
	}
	return f.Path
}

// read reads a regular file that is not too large.
func read(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, secrets.Limit+1))
	if err == nil && len(text) > secrets.Limit {
		return nil, fmt.Errorf("this is larger than the %d MiB that are read of one file of secrets", secrets.Limit>>20)
	}
	return text, err
}
