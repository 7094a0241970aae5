package pin

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// A draft is what becomes a commit: the objects that were fetched, and those
// that are new.
type draft struct {
	objects *memory.Storage
	fresh   []plumbing.Hash
}

// file returns the hash of a file in a tree, zero where there is none. What is
// in the way, such as a link, is an error.
func (d *draft) file(tree plumbing.Hash, parts []string) (plumbing.Hash, error) {
	t, err := object.GetTree(d.objects, tree)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("read tree: %w", err)
	}
	i := slices.IndexFunc(t.Entries, func(e object.TreeEntry) bool { return e.Name == parts[0] })
	if i < 0 {
		return plumbing.ZeroHash, nil
	}
	e := t.Entries[i]
	if err := passable(e, len(parts) > 1); err != nil {
		return plumbing.ZeroHash, err
	}
	if len(parts) > 1 {
		return d.file(e.Hash, parts[1:])
	}
	return e.Hash, nil
}

func passable(e object.TreeEntry, folder bool) error {
	switch {
	case folder && e.Mode != filemode.Dir:
		return wrong("%q in the repository is no folder, and pins lie below it", e.Name)
	case !folder && e.Mode != filemode.Regular && e.Mode != filemode.Executable && e.Mode != filemode.Deprecated:
		return wrong("%q in the repository is no file, and a pin is to lie there", e.Name)
	}
	return nil
}

// put returns a tree that has the file, and all else of the one given, which is
// zero for none.
func (d *draft) put(tree plumbing.Hash, parts []string, text []byte) (plumbing.Hash, error) {
	t := &object.Tree{}
	if !tree.IsZero() {
		old, err := object.GetTree(d.objects, tree)
		if err != nil {
			return plumbing.ZeroHash, fmt.Errorf("read tree: %w", err)
		}
		t.Entries = slices.Clone(old.Entries)
	}
	entry := object.TreeEntry{Name: parts[0], Mode: filemode.Regular}
	i := slices.IndexFunc(t.Entries, func(e object.TreeEntry) bool { return e.Name == parts[0] })
	if i >= 0 {
		if err := passable(t.Entries[i], len(parts) > 1); err != nil {
			return plumbing.ZeroHash, err
		}
		entry.Hash = t.Entries[i].Hash
	}
	var err error
	if len(parts) > 1 {
		entry.Mode = filemode.Dir
		entry.Hash, err = d.put(entry.Hash, parts[1:], text)
	} else {
		entry.Hash, err = d.blob(text)
	}
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if i >= 0 {
		t.Entries[i] = entry
	} else {
		t.Entries = append(t.Entries, entry)
		sort.Sort(object.TreeEntrySorter(t.Entries))
	}
	return d.add(t)
}

func (d *draft) blob(text []byte) (plumbing.Hash, error) {
	o := d.objects.NewEncodedObject()
	o.SetType(plumbing.BlobObject)
	w, err := o.Writer()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if _, err := w.Write(text); err != nil {
		return plumbing.ZeroHash, err
	}
	if err := w.Close(); err != nil {
		return plumbing.ZeroHash, err
	}
	return d.keep(o)
}

// add encodes a tree or a commit.
func (d *draft) add(from object.Object) (plumbing.Hash, error) {
	o := d.objects.NewEncodedObject()
	if err := from.Encode(o); err != nil {
		return plumbing.ZeroHash, fmt.Errorf("write commit: %w", err)
	}
	return d.keep(o)
}

func (d *draft) keep(o plumbing.EncodedObject) (plumbing.Hash, error) {
	hash, err := d.objects.SetEncodedObject(o)
	if err == nil && !slices.Contains(d.fresh, hash) {
		d.fresh = append(d.fresh, hash)
	}
	return hash, err
}

// pinned returns the pin that a commit has, nil for none. One that cannot be
// read is none: it is to be replaced.
func (d *draft) pinned(commit plumbing.Hash, parts []string, chart string) (*Pin, *object.Commit, error) {
	c, err := object.GetCommit(d.objects, commit)
	if err != nil {
		return nil, nil, fmt.Errorf("read commit: %w", err)
	}
	hash, err := d.file(c.TreeHash, parts)
	if err != nil || hash.IsZero() {
		return nil, c, err
	}
	b, err := object.GetBlob(d.objects, hash)
	if errors.Is(err, plumbing.ErrObjectNotFound) { // too large to be a pin, and so left out
		return nil, c, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read pin: %w", err)
	}
	r, err := b.Reader()
	if err != nil {
		return nil, nil, fmt.Errorf("read pin: %w", err)
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, mostPin+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read pin: %w", err)
	}
	p, err := parse(text, chart)
	if err != nil {
		return nil, c, nil
	}
	return p, c, nil
}
