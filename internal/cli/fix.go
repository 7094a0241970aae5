package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/tiphys-dev/tiphys/lint/fix"
	"github.com/tiphys-dev/tiphys/lint/report"
)

// repair is what to do about findings that carry a fix.
type repair struct{ write, diff, unsafe bool }

// rounds bounds how often fixes are made: one may uncover the next, and none
// may go on for ever.
const rounds = 10

// lintOrFix lints the inputs and, if it is asked for, mends them. What it
// returns is what is left.
func lintOrFix(ctx context.Context, s Streams, all []input, p *plan) (*run, error) {
	if !p.repair.write && !p.repair.diff {
		return lintAll(ctx, s, all, nil, p.counted())
	}
	before, after, done := map[string][]byte{}, map[string][]byte{}, map[string]int{}
	for _, in := range all {
		if in.kind == regular {
			continue
		}
		if p.repair.write {
			return nil, fmt.Errorf("--fix writes files, and %s is none: see the changes with --diff", in.name)
		}
		text, err := read(ctx, in, s) // a stream is read once, but linted several times
		if err != nil {
			return nil, broken(fmt.Errorf("%s", trouble(in.name, err)))
		}
		after[in.name] = text
	}
	o := p.lint
	o.Fixes = true
	for range rounds {
		r, err := lintAll(ctx, s, all, after, o)
		if err != nil {
			return nil, err
		}
		n := 0
		for _, f := range fix.Files(r.Findings, p.repair.unsafe) {
			if len(f.Done) == 0 {
				continue
			}
			n += len(f.Done)
			done[f.File.Name] += len(f.Done)
			if _, ok := before[f.File.Name]; !ok {
				before[f.File.Name] = f.File.Bytes
			}
			after[f.File.Name] = f.Text
		}
		if n == 0 {
			break
		}
	}
	r, err := lintAll(ctx, s, all, after, p.counted())
	if err != nil {
		return nil, err
	}
	fixed, files := 0, 0
	for _, name := range changed(before, after) {
		if err := p.repair.deliver(s, name, before[name], after[name]); err != nil {
			r.troubles = append(r.troubles, trouble(name, err))
			continue
		}
		fixed, files = fixed+done[name], files+1
	}
	r.unfixed = p.repair.diff && fixed > 0
	switch {
	case r.unfixed:
		fmt.Fprintf(s.Err, "tiphys: would mend %s in %s\n", report.Count(fixed, "finding"), report.Count(files, "file"))
	case fixed > 0:
		fmt.Fprintf(s.Err, "tiphys: mended %s in %s\n", report.Count(fixed, "finding"), report.Count(files, "file"))
	case p.repair.diff && len(r.Findings) > 0: // the report is not shown
		fmt.Fprintln(s.Err, "tiphys: none of the findings can be mended by a machine; tiphys lint shows them")
	}
	return r, nil
}

func changed(before, after map[string][]byte) []string {
	var names []string
	for name := range before {
		if !bytes.Equal(before[name], after[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// deliver shows a change, or makes it.
func (p repair) deliver(s Streams, name string, before, after []byte) error {
	if p.diff {
		_, err := s.Out.Write(diff.Diff(name, before, name, after))
		return err
	}
	return replaceFile(name, before, after)
}

// replaceFile writes a file in one step, so that whatever happens it holds the
// old text or the new one. It refuses when the file is no longer what was linted.
func replaceFile(path string, before, after []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	now, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, before) {
		return errors.New("it changed while it was being linted, so it is left alone: run again")
	}
	if info.Mode().Perm()&0o222 == 0 { // a rename would not mind
		return errors.New("it is read-only, so it is left alone")
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing once it is renamed
	_, err = f.Write(after)
	if err := errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
