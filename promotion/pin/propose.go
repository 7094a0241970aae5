package pin

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// branch is where a pin is proposed: tiphys/<env>/<chart>/<twelve digits of the
// digest>, with the path of the environments, if it is none of the root, after
// tiphys.
func (j *job) branch() string {
	return j.family() + strings.TrimPrefix(j.Pin.Digest, "sha256:")[:12]
}

func (j *job) family() string {
	below := path.Join(j.parts[:len(j.parts)-4]...) // environments/<env>/<chart>/pin.yaml
	return path.Join("tiphys", below, j.Environment, j.Pin.Chart) + "/"
}

var twelve = regexp.MustCompile(`^[0-9a-f]{12}$`)

// Propose opens a pull request for the pin, or finds the one that is open, and
// closes those for other pins of the same environment and chart. One that
// somebody refused is not opened again.
func Propose(ctx context.Context, o Order) (*Result, error) {
	return o.withForge(ctx, (*job).propose)
}

// Look tells how far the pin is. Without a Forge it is in the branch or absent.
func Look(ctx context.Context, o Order) (*Result, error) {
	if o.Forge == nil {
		ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no end of it within %s", patience))
		defer cancel()
		j, err := o.job()
		if err != nil {
			return nil, o.conceal(err)
		}
		r, err := j.inBranch(ctx)
		return r, o.conceal(err)
	}
	return o.withForge(ctx, (*job).look)
}

func (o *Order) withForge(ctx context.Context, do func(*job, context.Context, forge) (*Result, error)) (*Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no end of it within %s", patience))
	defer cancel()
	j, err := o.job()
	if err != nil {
		return nil, o.conceal(err)
	}
	if plumbing.NewBranchReferenceName(j.branch()).Validate() != nil {
		return nil, wrong("%q cannot be the name of a branch", j.branch())
	}
	f, err := j.forge()
	if err != nil {
		return nil, o.conceal(err)
	}
	r, err := do(j, ctx, f)
	return r, o.conceal(err)
}

// inBranch tells whether the branch has the pin.
func (j *job) inBranch(ctx context.Context) (*Result, error) {
	if j.Seen != "" {
		all, err := j.link.refs(ctx)
		if err != nil {
			return nil, err
		}
		if j.base = j.Branch; j.base == "" {
			j.base = all.head
		}
		if head := all.branches[j.base].String(); head == j.Seen {
			return &Result{Standing: Absent, Head: head, Already: true}, nil
		}
	}
	v, err := j.view(ctx)
	if err != nil {
		return nil, err
	}
	r := &Result{Standing: Absent, Head: v.head.String(), Already: true}
	if j.pins(v) {
		r.Standing, r.Commit = Merged, r.Head
	}
	return r, nil
}

func (j *job) look(ctx context.Context, f forge) (*Result, error) {
	r, err := j.inBranch(ctx)
	if err != nil || r.Standing == Merged {
		return r, err
	}
	all, err := f.of(ctx, j.branch(), j.base)
	if err != nil {
		return nil, fmt.Errorf("look for the pull request: %w", err)
	}
	j.stand(r, all)
	return r, nil
}

// stand tells how a pin stands that is not in the branch, by its pull requests,
// and returns the one that counts, if any: the newest.
func (j *job) stand(r *Result, all []request) *request {
	for i := range all {
		p := &all[i]
		switch {
		case p.stranger:
			continue
		case p.isOpen:
			r.Standing, r.Commit = Proposed, p.commit
		case p.closed && !strings.Contains(p.body, superseded) && p.closedAt.After(j.Since):
			r.Standing = Refused
		default: // merged, and then replaced in the branch; or superseded
			return p
		}
		r.Branch, r.PullRequest, r.Already = p.branch, p.url, true
		return p
	}
	return nil
}

func (j *job) propose(ctx context.Context, f forge) (*Result, error) {
	v, err := j.view(ctx, j.branch())
	if err != nil {
		return nil, err
	}
	r := &Result{Standing: Absent, Head: v.head.String()}
	if j.pins(v) { // what is still proposed is not wanted any more
		r.Standing, r.Commit, r.Already = Merged, r.Head, true
		return r, j.supersede(ctx, f, r)
	}
	all, err := f.of(ctx, j.branch(), j.base)
	if err != nil {
		return nil, fmt.Errorf("look for the pull request: %w", err)
	}
	last := j.stand(r, all)
	if r.Standing == Refused {
		return r, nil
	}
	hash, err := j.pushBranch(ctx, v, r.Standing == Proposed, last != nil)
	if err != nil {
		return nil, err
	}
	if !hash.IsZero() {
		r.Commit, r.Already = hash.String(), false
	}
	if r.Standing != Proposed {
		if err := j.ask(ctx, f, r); err != nil {
			return nil, fmt.Errorf("open pull request: %w", err)
		}
	}
	return r, j.supersede(ctx, f, r)
}

// ask opens the pull request.
func (j *job) ask(ctx context.Context, f forge, r *Result) error {
	p, err := f.create(ctx, j.branch(), j.base, j.Title(), j.body())
	if errors.Is(err, errExists) { // made by another run just now
		all, err := f.of(ctx, j.branch(), j.base)
		if err != nil {
			return err
		}
		if j.stand(r, all); r.Standing == Proposed {
			return nil
		}
		return errors.New("the forge says that there is one, and does not show it")
	}
	if err != nil {
		return err
	}
	r.Standing, r.Branch, r.PullRequest = Proposed, p.branch, p.url
	return nil
}

// pushBranch has the branch of the proposal hold the pin on top of the base.
// What is there and is right stays; what somebody else has added stays too. It
// returns zero when it changed nothing.
func (j *job) pushBranch(ctx context.Context, v *view, open, told bool) (plumbing.Hash, error) {
	name := j.branch()
	from, there := v.refs.branches[name]
	if there {
		pin, head, err := v.pinned(from, j.parts, j.Pin.Chart)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		right, mine := pin != nil && pin.Digest == j.Pin.Digest, j.mine(head)
		switch {
		case open && right && (!mine || !j.stale(v, head)):
			return plumbing.ZeroHash, nil
		case !mine && (open || !told):
			return plumbing.ZeroHash, wrong("branch %s has commits of others: remove it, or merge them", name)
		}
	}
	hash, err := j.write(v)
	if err != nil || hash == from {
		return plumbing.ZeroHash, err
	}
	return hash, j.link.push(ctx, name, from, hash, v.objects, v.fresh)
}

// mine reports whether a commit is one that we made.
func (j *job) mine(c *object.Commit) bool {
	return c.Author.Name+" <"+c.Author.Email+">" == j.author() && strings.HasPrefix(c.Message, "Promote ")
}

// stale reports whether the pin that a proposal replaces is not the one of the
// base any more: it could not be merged.
func (j *job) stale(v *view, head *object.Commit) bool {
	if len(head.ParentHashes) != 1 {
		return false
	}
	parent, err := object.GetCommit(v.objects, head.ParentHashes[0])
	if err != nil { // not fetched, as the server knows no depth
		return false
	}
	was, err := v.file(parent.TreeHash, j.parts)
	if err != nil {
		return false
	}
	is, err := v.file(v.commit.TreeHash, j.parts)
	return err == nil && is != was
}

// supersede closes what else is proposed for the environment and chart.
func (j *job) supersede(ctx context.Context, f forge, r *Result) error {
	all, err := f.open(ctx, j.base)
	if err != nil {
		return fmt.Errorf("look for older pull requests: %w", err)
	}
	for _, p := range all {
		digest, ours := strings.CutPrefix(p.branch, j.family())
		if p.stranger || !ours || !twelve.MatchString(digest) || p.branch == j.branch() && r.Standing == Proposed {
			continue
		}
		why := "Superseded: " + j.Environment + " is to run `" + j.Pin.Digest + "`."
		if r.PullRequest != "" {
			why += " See " + r.PullRequest + "."
		}
		if err := f.close(ctx, p, why+"\n\n"+superseded+"\n\n"+p.body); err != nil {
			return fmt.Errorf("close pull request %s: %w", p.url, err)
		}
		r.Superseded = append(r.Superseded, p.url)
		j.sweep(ctx, p)
	}
	return nil
}

// sweep removes the branch of a pull request that was closed, if nobody else
// has anything in it. Nothing depends on that, so no error is told.
func (j *job) sweep(ctx context.Context, p request) {
	hash := plumbing.NewHash(p.commit)
	objects, err := j.link.fetch(ctx, 1, hash)
	if err != nil {
		return
	}
	if c, err := object.GetCommit(objects, hash); err == nil && j.mine(c) {
		_ = j.link.push(ctx, p.branch, hash, plumbing.ZeroHash, objects, nil)
	}
}
