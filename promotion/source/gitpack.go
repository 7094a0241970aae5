package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Bounds of what a pack may become; it is 256 MiB long at most itself.
const (
	mostObjects  = 500_000
	mostObject   = 64 << 20 // bytes of one, where a server leaves none out
	mostUnpacked = 1 << 30  // bytes of all
)

// A pack holds the objects of one commit, in a file.
type pack struct {
	*packfile.Packfile
	// partial says that the server left out what is too large.
	partial bool
	trees   map[plumbing.Hash][]object.TreeEntry
}

// A packFile is what the library takes for a file.
type packFile struct {
	*os.File
	ctx context.Context
}

func (packFile) Lock() error   { return nil }
func (packFile) Unlock() error { return nil }

// Read ends when the time is over, as the library does not look at it.
func (f packFile) Read(b []byte) (int, error) {
	if f.ctx.Err() != nil {
		return 0, context.Cause(f.ctx)
	}
	return f.File.Read(b)
}

// receive writes a pack to a file and finds out what is in it. Close it.
func receive(ctx context.Context, w wire, r io.Reader, file string) (*pack, error) {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	p, err := index(ctx, w, packFile{f, ctx}, r)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return p, nil
}

func index(ctx context.Context, w wire, f packFile, r io.Reader) (*pack, error) {
	if _, err := io.Copy(f.File, r); err != nil {
		return nil, protocol(ctx, w, err)
	}
	if err := measure(f); err != nil {
		return nil, broken(ctx, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var list idxfile.Writer
	parser, err := packfile.NewParser(packfile.NewScanner(f), &list)
	if err != nil {
		return nil, err
	}
	if _, err := parser.Parse(); err != nil {
		return nil, broken(ctx, err)
	}
	idx, err := list.Index()
	if err != nil {
		return nil, broken(ctx, err)
	}
	// Objects are read into memory, as measure bounds them.
	return &pack{Packfile: packfile.NewPackfile(idx, nil, f, 0), trees: map[plumbing.Hash][]object.TreeEntry{}}, nil
}

func broken(ctx context.Context, err error) error {
	var r *Rejected
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &r):
		return err
	}
	return fmt.Errorf("what the server sends is broken: %s", oneLine(err.Error()))
}

// measure goes through a pack before anything of it is made up in memory: a
// few bytes can say that they stand for many.
func measure(f packFile) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s := packfile.NewScanner(f)
	_, count, err := s.Header()
	if err != nil {
		return err
	}
	if count > mostObjects {
		return rejected("the commit has %d files and folders, and at most %d are fetched", count, mostObjects)
	}
	var total int64
	for range count {
		h, err := s.NextObjectHeader()
		if err != nil {
			return err
		}
		size := h.Length
		if size > mostObject {
			return largeObject(size)
		}
		var head prefix
		if _, _, err := s.NextObject(&head); err != nil {
			return err
		}
		if h.Type.IsDelta() {
			if size, err = head.result(); err != nil {
				return err
			}
		}
		if size > mostObject {
			return largeObject(size)
		}
		if total += size + h.Length; total > mostUnpacked {
			return rejected("the commit has more than the %d MiB that are unpacked", mostUnpacked>>20)
		}
	}
	return nil
}

func largeObject(size int64) error {
	return rejected("a file of the commit has %d MiB, and this server cannot leave it out of what it sends (git calls that uploadpack.allowFilter): at most %d MiB are fetched of one", size>>20, mostObject>>20)
}

// A prefix keeps the first bytes that are written to it.
type prefix struct{ data []byte }

func (p *prefix) Write(b []byte) (int, error) {
	const enough = 20 // two sizes
	if left := enough - len(p.data); left > 0 {
		p.data = append(p.data, b[:min(left, len(b))]...)
	}
	return len(b), nil
}

// result returns the size of what a delta makes, the second number in it.
func (p *prefix) result() (int64, error) {
	at := 0
	var size uint64
	for range 2 {
		size = 0
		for shift := 0; ; shift += 7 {
			if at >= len(p.data) || shift > 56 {
				return 0, errors.New("a delta has no size")
			}
			b := p.data[at]
			at++
			size |= uint64(b&0x7f) << shift
			if b&0x80 == 0 {
				break
			}
		}
	}
	return int64(min(size, 1<<62)), nil
}

// commit reads the commit, which a tag may lead to.
func (p *pack) commit(h plumbing.Hash) (*object.Commit, error) {
	o, err := p.Get(h)
	if err != nil {
		return nil, fmt.Errorf("the server did not send the commit %s", h)
	}
	if o.Type() != plumbing.CommitObject {
		return nil, rejected("what the tag leads to is a %s, and should be a commit", o.Type())
	}
	c := &object.Commit{}
	if err := c.Decode(o); err != nil {
		return nil, rejected("the commit %s cannot be read: %s", h, oneLine(err.Error()))
	}
	return c, nil
}

// list returns what a folder has.
func (p *pack) list(h plumbing.Hash) ([]object.TreeEntry, error) {
	if all, ok := p.trees[h]; ok {
		return all, nil
	}
	o, err := p.Get(h)
	if err != nil {
		return nil, fmt.Errorf("the server did not send the folder %s", h)
	}
	t, err := object.DecodeTree(nil, o)
	if err != nil {
		return nil, rejected("the folder %s of the commit cannot be read: %s", h, oneLine(err.Error()))
	}
	p.trees[h] = t.Entries
	return t.Entries, nil
}

// blob returns the bytes of a file; large is set for one that has more than a
// file of a package may have.
func (p *pack) blob(h plumbing.Hash) (data []byte, large bool, err error) {
	o, err := p.Get(h)
	switch {
	case errors.Is(err, plumbing.ErrObjectNotFound) && p.partial:
		return nil, true, nil
	case err != nil:
		return nil, false, fmt.Errorf("the server did not send the file %s", h)
	case o.Type() != plumbing.BlobObject:
		return nil, false, rejected("the file %s of the commit is a %s", h, o.Type())
	case o.Size() > mostFile:
		return nil, true, nil
	}
	r, err := o.Reader()
	if err != nil {
		return nil, false, err
	}
	data, err = io.ReadAll(r)
	return data, false, errors.Join(err, r.Close())
}
