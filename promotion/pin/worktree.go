package pin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// mostFile is the largest file that Export writes, in bytes: a package has no
// larger one.
const mostFile = 5 << 20

// A Worktree is a clone that somebody works in. What happens there is done by
// the program git: it knows who the user is, which hooks hold, which key signs
// and what may be pushed where.
type Worktree struct {
	// Root is its folder, with links followed.
	Root string
}

// ErrNoWorktree says that a folder is in no clone.
var ErrNoWorktree = errors.New("it lies in no git repository")

// OpenWorktree finds the clone that a folder lies in.
func OpenWorktree(ctx context.Context, dir string) (*Worktree, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, errors.New("promoting in a clone needs the program git, which is not here")
	}
	w := &Worktree{Root: dir}
	out, err := w.git(ctx, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", dir, ErrNoWorktree, err)
	}
	if w.Root, err = filepath.EvalSymlinks(filepath.FromSlash(line(out))); err != nil {
		return nil, err
	}
	return w, nil
}

// git runs git in the clone, without ever asking the user.
func (w *Worktree) git(ctx context.Context, in io.Reader, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, "git", args...)
	c.Dir, c.Stdin = w.Root, in
	c.Env = append(os.Environ(), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		why := oneLine(said.String() + " " + out.String())
		if why == "" {
			why = err.Error()
		}
		return nil, fmt.Errorf("git %s: %s", verb(args), why)
	}
	return out.Bytes(), nil
}

func line(out []byte) string { return strings.TrimRight(string(out), "\r\n") }

// Rel returns the path of a file in the clone, with slashes.
func (w *Worktree) Rel(name string) (string, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	rest := "" // of what need not be there
	for at := abs; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			abs = filepath.Join(real, rest)
			break
		} else if at == filepath.Dir(at) {
			return "", err
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
	rel, err := filepath.Rel(w.Root, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("%s lies outside of the repository %s", name, w.Root)
	}
	return filepath.ToSlash(rel), nil
}

// Commit returns the full name of a commit, "" when it is none of this clone.
func (w *Worktree) Commit(ctx context.Context, name string) (string, error) {
	out, err := w.git(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", nil
	}
	return line(out), nil
}

// Remote returns the URL that the branch is pushed to, without credentials; ""
// when there is none.
func (w *Worktree) Remote(ctx context.Context) (string, error) {
	name := "origin"
	if branch, err := w.git(ctx, nil, "symbolic-ref", "--quiet", "--short", "HEAD"); err == nil {
		if out, err := w.git(ctx, nil, "config", "branch."+line(branch)+".remote"); err == nil {
			name = line(out)
		}
	}
	out, err := w.git(ctx, nil, "remote", "get-url", "--", name)
	if err != nil {
		return "", ctx.Err() // there is none
	}
	text := line(out)
	if u, err := url.Parse(text); err == nil && u.User != nil {
		if u.User = nil; u.Scheme == "ssh" {
			u, _ = url.Parse(text)
			u.User = url.User(u.User.Username())
		}
		text = u.String()
	}
	return text, nil
}

// Staged returns files whose changes would go along with a commit, but for one.
func (w *Worktree) Staged(ctx context.Context, but string) ([]string, error) {
	out, err := w.git(ctx, nil, "diff", "--cached", "--name-only", "-z")
	if err != nil {
		return nil, err
	}
	var all []string
	for name := range strings.SplitSeq(string(out), "\x00") {
		if name != "" && name != but {
			all = append(all, name)
		}
	}
	return all, nil
}

// Pinned returns the pin that a commit has in a file, nil for none that can be
// read.
func (w *Worktree) Pinned(ctx context.Context, commit, name, chart string) (*Pin, error) {
	out, err := w.git(ctx, nil, "cat-file", "blob", commit+":"+name)
	if err != nil {
		return nil, ctx.Err() // there is none
	}
	if p, err := parse(out, chart); err == nil {
		return p, nil
	}
	return nil, nil
}

// Export writes the files of a commit into a folder, byte for byte as they were
// committed. Submodules, and files that are too large for any package, are left
// out.
func (w *Worktree) Export(ctx context.Context, commit, to string) error {
	list, err := w.git(ctx, nil, "ls-tree", "-r", "-l", "-z", "--full-tree", commit)
	if err != nil {
		return fmt.Errorf("read commit %s: %w", commit, err)
	}
	var files []exported
	var ask bytes.Buffer
	for item := range strings.SplitSeq(string(list), "\x00") {
		about, name, _ := strings.Cut(item, "\t")
		part := strings.Fields(about) // mode, type, hash, size
		if len(part) != 4 || part[1] != "blob" {
			continue
		}
		if size, err := strconv.Atoi(part[3]); err != nil || size > mostFile {
			continue
		}
		files = append(files, exported{name, part[0]})
		fmt.Fprintln(&ask, part[2])
	}
	return w.write(ctx, &ask, files, to)
}

// exported is a file of a commit.
type exported struct{ name, mode string }

// write has git print the files one after the other, and writes them.
func (w *Worktree) write(ctx context.Context, ask io.Reader, files []exported, to string) error {
	root, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer root.Close()
	c := exec.CommandContext(ctx, "git", "cat-file", "--batch")
	c.Dir, c.Stdin = w.Root, ask
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("read files of a commit: %w", err)
	}
	err = writeFiles(root, files, bufio.NewReader(out))
	if err != nil {
		_ = c.Process.Kill() // it may wait to be read
	}
	if ended := c.Wait(); err == nil && ended != nil {
		err = fmt.Errorf("git cat-file: %w", ended)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func writeFiles(root *os.Root, files []exported, out *bufio.Reader) error {
	for _, f := range files {
		head, err := out.ReadString('\n')
		if err != nil {
			return fmt.Errorf("read files of a commit: %w", err)
		}
		part := strings.Fields(head) // hash, type, size
		if len(part) != 3 {
			return fmt.Errorf("read files of a commit: %s is not in this clone", f.name)
		}
		size, err := strconv.Atoi(part[2])
		if err != nil || size < 0 || size > mostFile {
			return fmt.Errorf("read files of a commit: %s has a size that it had not before", f.name)
		}
		text := make([]byte, size+1) // and a line break
		if _, err := io.ReadFull(out, text); err != nil {
			return fmt.Errorf("read files of a commit: %w", err)
		}
		if err := writeFile(root, f, text[:size]); err != nil {
			return fmt.Errorf("write files of a commit: %w", err)
		}
	}
	return nil
}

func writeFile(root *os.Root, f exported, text []byte) error {
	name := filepath.FromSlash(f.name)
	if err := root.MkdirAll(filepath.FromSlash(path.Dir(f.name)), 0o777); err != nil {
		return err
	}
	if f.mode == "120000" {
		return root.Symlink(string(text), name)
	}
	return root.WriteFile(name, text, 0o666)
}

// verb is which command of git the arguments are of.
func verb(args []string) string {
	for len(args) > 2 && args[0] == "-c" {
		args = args[2:]
	}
	return args[0]
}
