package pin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"path"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// attempts is how often a commit is made anew because somebody else pushed.
const attempts = 5

// A job is an order that was checked.
type job struct {
	*Order
	link   *link
	at     *address
	signer *signer
	text   []byte   // of the pin
	parts  []string // of its path
	base   string   // the branch
}

func (o *Order) job() (*job, error) {
	j := &job{Order: o}
	var err error
	if j.text, err = o.Pin.Text(); err != nil {
		return nil, wrong("%v", err)
	}
	place, err := Place(o.Environment, o.Pin.Chart)
	if err != nil {
		return nil, wrong("%v", err)
	}
	below := path.Clean("/" + o.Path)
	if strings.Contains(o.Path, `\`) || strings.Contains("/"+o.Path+"/", "/../") || strings.Contains(below+"/", "/.git/") {
		return nil, wrong("the path %q leads out of the repository", o.Path)
	}
	j.parts = strings.Split(strings.TrimPrefix(path.Join(below, place), "/"), "/")
	if j.signer, err = newSigner(o.SigningKey); err != nil {
		return nil, wrong("%v", err)
	}
	if _, err := mail.ParseAddress(j.author()); err != nil {
		return nil, wrong("the author %q is not NAME <EMAIL>", o.Author)
	}
	if o.Branch != "" && plumbing.NewBranchReferenceName(o.Branch).Validate() != nil {
		return nil, wrong("%q cannot be the name of a branch", o.Branch)
	}
	j.link, j.at, err = o.open()
	return j, err
}

func (j *job) author() string {
	switch {
	case j.Author != "":
		return j.Author
	case j.signer.identity() != "":
		return j.signer.identity()
	}
	return us
}

// us is who commits when nobody else is named.
const us = "tiphys <tiphys@localhost>"

// A view is what a branch has now.
type view struct {
	draft
	refs   *refs
	head   plumbing.Hash
	commit *object.Commit
	pin    *Pin // nil for none that can be read
}

// view looks at the branch, and fetches other commits too.
func (j *job) view(ctx context.Context, more ...string) (*view, error) {
	all, err := j.link.refs(ctx)
	if err != nil {
		return nil, err
	}
	if j.base = j.Branch; j.base == "" {
		j.base = all.head
	}
	head, ok := all.branches[j.base]
	if !ok {
		return nil, wrong("the repository has no branch %q", j.base)
	}
	want := []plumbing.Hash{head}
	for _, branch := range more {
		if hash, ok := all.branches[branch]; ok && hash != head {
			want = append(want, hash)
		}
	}
	v := &view{refs: all, head: head}
	if v.objects, err = j.link.fetch(ctx, len(want), want...); err != nil {
		return nil, err
	}
	v.pin, v.commit, err = v.pinned(head, j.parts, j.Pin.Chart)
	return v, err
}

// pins reports whether the branch pins the digest.
func (j *job) pins(v *view) bool { return v.pin != nil && v.pin.Digest == j.Pin.Digest }

// Commit brings the pin into the branch. It does nothing when the branch pins
// that digest already. Others may push meanwhile: nothing of theirs is lost.
// No error holds a credential.
func Commit(ctx context.Context, o Order) (*Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no end of it within %s", patience))
	defer cancel()
	j, err := o.job()
	if err != nil {
		return nil, o.conceal(err)
	}
	r, err := j.commit(ctx)
	return r, o.conceal(err)
}

func (j *job) commit(ctx context.Context) (*Result, error) {
	var failed error
	var before plumbing.Hash
	for range attempts {
		v, err := j.view(ctx)
		switch {
		case err != nil:
			return nil, errors.Join(failed, err)
		case j.pins(v): // or our push went well, and only the answer was lost
			return &Result{Standing: Merged, Commit: v.head.String(), Already: failed == nil}, nil
		case failed != nil && v.head == before: // nobody pushed: that is not why
			return nil, failed
		}
		hash, err := j.write(v)
		if err != nil {
			return nil, err
		}
		if failed = j.link.push(ctx, j.base, v.head, hash, v.objects, v.fresh); failed == nil {
			return &Result{Standing: Merged, Commit: hash.String()}, nil
		}
		before = v.head
	}
	return nil, fmt.Errorf("others push to branch %s all the time: %w", j.base, failed)
}

// write makes the commit on top of the branch.
func (j *job) write(v *view) (plumbing.Hash, error) {
	tree, err := v.put(v.commit.TreeHash, j.parts, j.text)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	who, err := mail.ParseAddress(j.author())
	if err != nil {
		return plumbing.ZeroHash, err
	}
	at := object.Signature{Name: who.Name, Email: who.Address, When: time.Now().UTC().Truncate(time.Second)}
	c := &object.Commit{
		Author: at, Committer: at, Message: j.Message(), TreeHash: tree, ParentHashes: []plumbing.Hash{v.head},
	}
	if j.signer != nil {
		if err := j.sign(v, c); err != nil {
			return plumbing.ZeroHash, err
		}
	}
	return v.add(c)
}

func (j *job) sign(v *view, c *object.Commit) error {
	o := v.objects.NewEncodedObject()
	if err := c.EncodeWithoutSignature(o); err != nil {
		return fmt.Errorf("sign commit: %w", err)
	}
	r, err := o.Reader()
	if err != nil {
		return fmt.Errorf("sign commit: %w", err)
	}
	defer r.Close()
	var text bytes.Buffer
	if _, err := io.Copy(&text, r); err != nil {
		return fmt.Errorf("sign commit: %w", err)
	}
	c.PGPSignature, err = j.signer.sign(text.Bytes())
	return err
}
