package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// Bounds of what is written out. They are wider than those of a package, as
// .helmignore may keep files of a chart out of it.
const (
	mostFile   = 5 << 20 // of one; more is never read, by us or by Helm
	mostFiles  = 20_000  // files and folders, each as often as links lead to it
	mostBytes  = 128 << 20
	mostLinks  = 40 // on the way to a file
	mostPath   = 1024
	mostTarget = 4096
	chartFile  = "Chart.yaml"
	envsFolder = "environments"
)

// A checkout writes out of a commit what a chart needs: its folder, the
// environments above it, and what links in them lead to. So what is made of it
// is what is made of a clone.
type checkout struct {
	pack *pack
	root *os.Root
	top  plumbing.Hash // of the tree of the commit

	written map[string]bool // by path
	files   int
	bytes   int64
}

// errOut says that a path leads out of the repository.
var errOut = errors.New("leads out of the repository")

// chart writes out what the chart at a path needs.
func (c *checkout) chart(dir string) error {
	at, e, err := c.resolve(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && e.Mode != filemode.Dir:
		return c.missing(dir)
	case errors.Is(err, errOut):
		return rejected("the path %q leads out of the repository by a symbolic link", dir)
	case err != nil:
		return err
	}
	name, err := c.chartName(path.Join(dir, chartFile))
	if errors.Is(err, fs.ErrNotExist) {
		return c.missing(dir)
	}
	if err != nil {
		return err
	}
	if err := c.copy(at, e); err != nil {
		return err
	}
	for above := dir; above != "."; {
		above = path.Dir(above)
		if err := c.environments(path.Join(above, envsFolder), name); err != nil {
			return err
		}
	}
	return nil
}

// chartName returns the name that a Chart.yaml says, "" for none.
func (c *checkout) chartName(name string) (string, error) {
	_, e, err := c.resolve(name)
	if errors.Is(err, errOut) {
		return "", out(name)
	}
	if err != nil || !e.Mode.IsFile() {
		return "", errors.Join(err, notFile(e))
	}
	text, _, err := c.pack.blob(e.Hash)
	if err != nil {
		return "", err
	}
	docs := manifest.Parse(source.NewFile(name, text))
	if len(docs) == 0 {
		return "", nil
	}
	return docs[0].Root.Get("name").Text(), nil
}

func notFile(e object.TreeEntry) error {
	if e.Mode.IsFile() {
		return nil
	}
	return fs.ErrNotExist
}

func out(name string) error {
	return rejected("%s is a symbolic link that leads out of the repository: put the file itself there", name)
}

// environments writes out those files of a folder of environments that concern
// the chart.
func (c *checkout) environments(dir, chart string) error {
	_, e, err := c.resolve(dir)
	if err != nil || e.Mode != filemode.Dir {
		return c.known(dir, err)
	}
	all, err := c.pack.list(e.Hash)
	if err != nil {
		return err
	}
	for _, env := range all {
		at := path.Join(dir, env.Name)
		if strings.HasPrefix(env.Name, ".") || !safe(env.Name) {
			continue
		}
		real, e, err := c.resolve(at)
		if err != nil || e.Mode != filemode.Dir {
			if err := c.known(at, err); err != nil {
				return err
			}
			continue
		}
		if err := c.folder(real); err != nil { // also an empty one is an environment
			return err
		}
		names := []string{"environment.yaml", "values.yaml", "secrets.yaml"}
		if safe(chart) {
			names = append(names, path.Join(chart, "values.yaml"), path.Join(chart, "secrets.yaml"))
		}
		for _, name := range names {
			if err := c.want(path.Join(at, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// want writes out a file, if there is one.
func (c *checkout) want(name string) error {
	at, e, err := c.resolve(name)
	switch {
	case err != nil:
		return c.known(name, err)
	case e.Mode == filemode.Dir:
		return c.folder(at)
	}
	return c.entry(at, e)
}

// known is nil for what is not there: whoever reads the files says so.
func (c *checkout) known(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, errOut):
		return out(name)
	}
	return err
}

// resolve finds what a path leads to, all links followed, and writes the links
// out. at is where it really is. Nothing there is an fs.ErrNotExist.
func (c *checkout) resolve(name string) (at string, e object.TreeEntry, err error) {
	top := object.TreeEntry{Mode: filemode.Dir, Hash: c.top}
	way := []object.TreeEntry{top} // from the top to here
	at = "."
	rest := strings.Split(name, "/")
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		here := way[len(way)-1]
		switch {
		case here.Mode != filemode.Dir:
			return at, e, fs.ErrNotExist
		case part == "" || part == ".":
			continue
		case part == ".." && at == ".":
			return at, e, errOut
		case part == "..":
			way, at = way[:len(way)-1], path.Dir(at)
			continue
		}
		all, err := c.pack.list(here.Hash)
		if err != nil {
			return at, e, err
		}
		i := slices.IndexFunc(all, func(e object.TreeEntry) bool { return e.Name == part })
		if i < 0 || !safe(part) {
			return at, e, fs.ErrNotExist
		}
		next := path.Join(at, part)
		if all[i].Mode == filemode.Symlink {
			if links++; links > mostLinks {
				return at, e, rejected("%s is a symbolic link that leads on and on", next)
			}
			target, err := c.link(next, all[i])
			if err != nil {
				return at, e, err
			}
			if path.IsAbs(target) {
				return at, e, errOut
			}
			rest = append(strings.Split(target, "/"), rest...)
			continue
		}
		way, at = append(way, all[i]), next
	}
	return at, way[len(way)-1], nil
}

// safe reports whether a name can be written out. Git makes no others; what a
// server sends may hold any.
func safe(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\\x00") && !strings.EqualFold(name, ".git")
}

// copy writes out what is at a path, with everything below it and what links
// lead to. It visits files as often as one who follows all links does, so that
// whoever reads the folder meets no more than mostFiles of them.
func (c *checkout) copy(at string, e object.TreeEntry) error {
	if e.Mode != filemode.Dir {
		return c.entry(at, e)
	}
	if err := c.count(at, 0); err != nil {
		return err
	}
	if err := c.folder(at); err != nil {
		return err
	}
	all, err := c.pack.list(e.Hash)
	if err != nil {
		return err
	}
	for _, child := range all {
		name := path.Join(at, child.Name)
		if !safe(child.Name) || len(name) > mostPath {
			return rejected("%q in %s cannot be the name of a file: rename it", child.Name, at)
		}
		if child.Mode != filemode.Symlink {
			if err := c.copy(name, child); err != nil {
				return err
			}
			continue
		}
		real, target, err := c.resolve(name)
		if err == nil {
			err = c.copy(real, target)
		}
		if err := c.known(name, err); err != nil {
			return err
		}
	}
	return nil
}

func (c *checkout) count(name string, size int64) error {
	if c.files++; c.files > mostFiles {
		return rejected("%s is one of more than %d files and folders of the chart, links followed: make it smaller", name, mostFiles)
	}
	if c.bytes += size; c.bytes > mostBytes {
		return rejected("%s is one of the files of the chart, which together have more than %d MiB: make it smaller", name, mostBytes>>20)
	}
	return nil
}

func (c *checkout) folder(at string) error {
	if c.written[at] {
		return nil
	}
	c.written[at] = true
	return c.place(c.root.MkdirAll(at, 0o700))
}

// entry writes out a file.
func (c *checkout) entry(at string, e object.TreeEntry) error {
	if e.Mode == filemode.Submodule {
		return rejected("%s is a submodule, which is not fetched: put the files themselves there", at)
	}
	data, large, err := c.pack.blob(e.Hash)
	if err != nil {
		return err
	}
	if err := c.count(at, int64(len(data))); err != nil {
		return err
	}
	if c.written[at] {
		return nil
	}
	c.written[at] = true
	if bytes.HasPrefix(data, []byte("version https://git-lfs.github.com/spec/")) {
		return rejected("%s is kept by Git LFS, which is not fetched: put the file itself there", at)
	}
	if err := c.root.MkdirAll(path.Dir(at), 0o700); err != nil {
		return c.place(err)
	}
	f, err := c.root.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return c.place(err)
	}
	_, err = f.Write(data)
	if large {
		// Nobody reads a file as large as this one, and everybody says so, if it
		// counts at all; its bytes are of no interest.
		err = f.Truncate(mostFile + 1)
	}
	return errors.Join(err, f.Close())
}

// link writes out a link and returns where it leads.
func (c *checkout) link(at string, e object.TreeEntry) (string, error) {
	data, large, err := c.pack.blob(e.Hash)
	if err != nil {
		return "", err
	}
	target := string(data)
	if large || len(target) > mostTarget || target == "" || strings.Contains(target, "\x00") {
		return "", rejected("%s is a symbolic link to no path", at)
	}
	if c.written[at] {
		return target, nil
	}
	c.written[at] = true
	if err := c.root.MkdirAll(path.Dir(at), 0o700); err != nil {
		return "", c.place(err)
	}
	return target, c.place(c.root.Symlink(target, at))
}

// place sorts an error of writing: names that one folder cannot have both are
// those of a commit that somebody made up.
func (c *checkout) place(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return rejected("the commit has a name twice: %s", oneLine(err.Error()))
	}
	if err != nil {
		return fmt.Errorf("write out the commit: %w", err)
	}
	return nil
}
