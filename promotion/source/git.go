package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint/near"
)

func pollGit(ctx context.Context, s *v1alpha1.GitSource, known string, o Options) (_ *Found, err error) {
	a, err := parseAddress(s.URL, o.Local)
	if err != nil {
		return nil, err
	}
	dir, err := chartPath(s.Path)
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "tiphys-source-")
	if err != nil {
		return nil, fmt.Errorf("poll git: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	w, err := openGit(ctx, a, o, tmp)
	if err != nil {
		return nil, fmt.Errorf("poll %s: %w", a.shown, err)
	}
	defer w.close()
	found, err := fetchGit(ctx, w, s.Ref, dir, known, tmp)
	if err != nil {
		return nil, fmt.Errorf("poll %s: %w", a.shown, err)
	}
	found.URL = a.shown
	return found, nil
}

func openGit(ctx context.Context, a *address, o Options, tmp string) (wire, error) {
	switch a.scheme {
	case "file":
		return openLocal(ctx, a)
	case "ssh":
		return openSSH(ctx, a, o.Credentials, tmp)
	}
	return openHTTP(a, o.Credentials)
}

// chartPath returns the path of a chart in a repository, "." for the root.
func chartPath(text string) (string, error) {
	if text == "" {
		return ".", nil
	}
	if dir := path.Clean(text); filepath.IsLocal(dir) && !strings.ContainsAny(dir, "\\\x00") {
		return dir, nil
	}
	return "", rejected("the path %q leads out of the repository: it is that of a folder in it, like charts/etl", text)
}

func fetchGit(ctx context.Context, w wire, ref, dir, known, tmp string) (*Found, error) {
	all, err := advertised(ctx, w)
	if err != nil {
		return nil, err
	}
	commit, err := choose(all, ref)
	if err != nil {
		return nil, err
	}
	if commit.String() == known {
		return &Found{Revision: known}, nil
	}
	req, err := request(commit, all.Capabilities)
	if err != nil {
		return nil, err
	}
	r, err := packOf(ctx, w, req)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", short(commit), err)
	}
	found, err := unpackCommit(ctx, &fetched{w, r, commit, req.Filter != ""}, dir, tmp)
	if err != nil {
		return nil, revised(commit.String(), fmt.Errorf("commit %s: %w", short(commit), err))
	}
	return found, nil
}

// revised tells of which revision something was rejected.
func revised(revision string, err error) error {
	var r *Rejected
	if errors.As(err, &r) {
		return &Rejected{Revision: revision, Err: err}
	}
	return err
}

func short(h plumbing.Hash) string { return h.String()[:10] }

// choose returns the commit that a branch or a tag leads to.
func choose(all *packp.AdvRefs, ref string) (plumbing.Hash, error) {
	if ref == "" {
		if all.Head == nil {
			return plumbing.ZeroHash, rejected("HEAD of the repository leads to no branch that there is: name a ref; %s", branches(all))
		}
		return *all.Head, nil
	}
	candidates := []string{ref}
	if !strings.HasPrefix(ref, "refs/") {
		candidates = []string{"refs/heads/" + ref, "refs/tags/" + ref}
	}
	var found []plumbing.Hash
	for _, name := range candidates {
		h, ok := all.References[name]
		if peeled, annotated := all.Peeled[name]; annotated {
			h = peeled
		}
		if ok && !slices.Contains(found, h) {
			found = append(found, h)
		}
	}
	switch len(found) {
	case 0:
		return plumbing.ZeroHash, rejected("there is no branch or tag %q%s; %s", ref, near.Hint(ref, refNames(all)), branches(all))
	case 1:
		return found[0], nil
	}
	return plumbing.ZeroHash, rejected("a branch and a tag are called %q and lead to different commits: write %s or %s", ref, candidates[0], candidates[1])
}

func refNames(all *packp.AdvRefs) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all.References)) {
		for _, begin := range []string{"refs/heads/", "refs/tags/"} {
			if short, ok := strings.CutPrefix(name, begin); ok && len(names) < 2000 {
				names = append(names, short)
			}
		}
	}
	return names
}

// branches lists some of the branches.
func branches(all *packp.AdvRefs) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all.References)) {
		if short, ok := strings.CutPrefix(name, "refs/heads/"); ok {
			names = append(names, oneLine(short))
		}
	}
	switch {
	case len(names) == 0:
		return "there are no branches"
	case len(names) > 10:
		return fmt.Sprintf("there are %d branches, such as %s", len(names), strings.Join(names[:10], ", "))
	}
	return "the branches are " + strings.Join(names, ", ")
}

// fetched is a commit that is on its way.
type fetched struct {
	wire   wire
	pack   io.Reader
	commit plumbing.Hash
	// partial says that the server leaves out what is too large.
	partial bool
}

// unpackCommit makes a package of a commit.
func unpackCommit(ctx context.Context, f *fetched, dir, tmp string) (_ *Found, err error) {
	p, err := receive(ctx, f.wire, f.pack, filepath.Join(tmp, "pack"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	p.partial = f.partial
	c, err := p.commit(f.commit)
	if err != nil {
		return nil, err
	}
	top := filepath.Join(tmp, "tree")
	// The search for environments ends where .git is.
	if err := os.MkdirAll(filepath.Join(top, ".git"), 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	w := &checkout{pack: p, root: root, top: c.TreeHash, written: map[string]bool{}}
	if err := w.chart(dir); err != nil {
		return nil, orCause(ctx, err)
	}
	made, err := packageOf(top, dir)
	if err != nil {
		return nil, err
	}
	subject, _, _ := strings.Cut(strings.TrimSpace(c.Message), "\n")
	return &Found{
		Revision: f.commit.String(), Package: made,
		Author: oneLine(fmt.Sprintf("%s <%s>", c.Author.Name, c.Author.Email)), Subject: oneLine(subject),
	}, nil
}

// missing says which charts there are instead.
func (c *checkout) missing(dir string) error {
	var all []string
	left := 5000
	if err := c.search(".", c.top, &all, &left); err != nil {
		return err
	}
	hint := near.Hint(dir, all)
	switch {
	case len(all) == 0:
		return rejected("there is no chart in %q, and none elsewhere: a chart is a folder with a %s", dir, chartFile)
	case len(all) > 10:
		return rejected("there is no chart in %q%s; there are %d charts, such as %s", dir, hint, len(all), strings.Join(all[:10], ", "))
	}
	return rejected("there is no chart in %q%s; the charts are in %s", dir, hint, strings.Join(all, ", "))
}

// search looks for charts, in no more than some folders.
func (c *checkout) search(at string, h plumbing.Hash, found *[]string, left *int) error {
	if *left--; *left < 0 {
		return nil
	}
	all, err := c.pack.list(h)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(e object.TreeEntry) bool { return e.Name == chartFile }) {
		*found = append(*found, oneLine(at))
		return nil // what lies in a chart is a part of it
	}
	for _, e := range all {
		if e.Mode == filemode.Dir {
			if err := c.search(path.Join(at, e.Name), e.Hash, found, left); err != nil {
				return err
			}
		}
	}
	return nil
}
