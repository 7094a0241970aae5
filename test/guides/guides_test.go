package guides

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/test/chart/pods"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

var update = flag.Bool("update", false, "rewrite what commands print in the guides, where they show all of it")

// pages are the files whose commands are typed, from the root of the project.
func pages(t testing.TB) (all []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "charts/*/README.md", "environments/README.md"} {
		files, err := filepath.Glob(filepath.Join(testbin.Root(), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			rel, err := filepath.Rel(testbin.Root(), f)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, filepath.ToSlash(rel))
		}
	}
	return all
}

// blocks are those of a page, which must be right.
func blocks(t testing.TB, page string) (text string, all []Block) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testbin.Root(), page))
	if err != nil {
		t.Fatal(err)
	}
	all, wrong := Blocks(string(b))
	if wrong != nil {
		t.Fatalf("%s: %v", page, errors.Join(wrong...))
	}
	return string(b), all
}

// What the guides say works, in the order in which they say it.
func TestGuides(t *testing.T) {
	if testing.Short() {
		t.Skip("starts API servers")
	}
	tree := sync.OnceValues(func() (string, error) { return copyTree(testbin.Root(), t.TempDir()) })
	for _, page := range pages(t) {
		text, all := blocks(t, page)
		// A page with nothing but setup is of another test, as docs/demo.md is.
		if !slices.ContainsFunc(all, func(b Block) bool { return b.Kind != Other && b.Kind != Setup }) {
			continue
		}
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			origin, err := tree()
			if err != nil {
				t.Fatal(err)
			}
			r := newReader(t, page, origin, all)
			defer func() { compare(t, page, text, r.edits) }() // also of a page that was not read to its end
			r.read(t, all)
		})
	}
}

// compare tells of the edits that a page needs, or makes them.
func compare(t *testing.T, page, text string, edits []edit) {
	t.Helper()
	after := text
	for _, b := range slices.Backward(edits) { // from the end, as places before it stay
		after = after[:b.Start] + b.Text + after[b.Start+len(b.Old):]
	}
	switch {
	case after == text:
	case !*update:
		t.Errorf("%s (-written +printed; go test ./test/guides -run 'Guides/%s' -update rewrites it):\n%s", page, filepath.Base(page), cmp.Diff(text, after))
	default:
		if err := os.WriteFile(filepath.Join(testbin.Root(), page), []byte(after), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// A reader goes through a page.
type reader struct {
	page    string
	home    string
	clone   string // where he starts
	api     *cluster.Cluster
	pods    []*pods.Pod
	session *Session
	edits   []edit // what the page would have to say
}

// wantsCluster matches commands that want a cluster.
var wantsCluster = regexp.MustCompile(`\bkubectl\b|\bhelm3? (-\S+ )*(secrets )?(install|upgrade|uninstall|list|history|get|status|rollback|test)\b|` +
	`\btiphys (upgrade|diff|history|status|rollback|uninstall|verify|promotions|why|approve|reject|freeze)\b|(?m)^as-(the-kubelet|argo)-would`)

func newReader(t *testing.T, page, origin string, all []Block) *reader {
	dir := t.TempDir()
	r := &reader{page: page, home: filepath.Join(dir, "home"), clone: filepath.Join(dir, "tiphys")}
	bin, scratch := filepath.Join(dir, "bin"), filepath.Join(dir, "scratch")
	for _, d := range []string{filepath.Join(r.home, ".kube"), bin, scratch, filepath.Join(dir, "tmp")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, program := range map[string]func(testing.TB) string{
		"tiphys": testbin.Tiphys, "tiphys-webhook": testbin.Webhook, "tiphys-controller": testbin.Controller,
		"helm": testbin.Helm4, "helm3": testbin.Helm3, "sops": testbin.Sops, "kubectl": testbin.Kubectl,
	} {
		path, err := filepath.Abs(program(t))
		if err == nil {
			err = os.Symlink(path, filepath.Join(bin, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	config := "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n"
	if err := os.WriteFile(filepath.Join(r.home, ".gitconfig"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{
		"HOME=" + r.home, "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "TMPDIR=" + filepath.Join(dir, "tmp"),
		"KUBECONFIG=" + filepath.Join(r.home, ".kube", "config"), "GIT_CONFIG_NOSYSTEM=1", "TZ=UTC", "LANG=C.UTF-8", "NO_COLOR=1",
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS"} { // those are not in his home
		if out, err := exec.Command("go", "env", name).Output(); err == nil {
			env = append(env, name+"="+strings.TrimSpace(string(out)))
		}
	}
	for _, args := range [][]string{{"clone", "-q", "--bare", origin, dir + "/tiphys.git"}, {"clone", "-q", dir + "/tiphys.git", r.clone}} {
		c := exec.Command("git", args...)
		c.Env = env
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if slices.ContainsFunc(all, func(b Block) bool { return b.Kind != Other && wantsCluster.MatchString(b.Text) }) {
		r.api = cluster.Start(t)
		k, err := os.ReadFile(r.api.Kubeconfig)
		if err == nil {
			err = os.WriteFile(filepath.Join(r.home, ".kube", "config"), k, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if r.session, err = Open(r.clone, scratch, env); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.session.Close)
	return r
}

// An edit is a Text that ought to stand where Old does.
type edit struct {
	Start     int
	Old, Text string
}

// read does what a page says.
func (r *reader) read(t *testing.T, all []Block) {
	t.Helper()
	for _, b := range all {
		where := fmt.Sprintf("%s:%d", r.page, b.Line)
		switch b.Kind {
		case File:
			path := filepath.Join(r.where(t), b.Path)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(b.Text), 0o644)); err != nil {
				t.Fatal(err)
			}
		case Setup:
			r.prepare(t, where, b.Text)
		case Shell:
			r.shell(t, where, b)
		case Console:
			if text := r.console(t, where, b); text != b.Text {
				if b.Start == 0 {
					t.Errorf("%s: this is printed:\n%s", where, text)
					continue
				}
				r.edits = append(r.edits, edit{b.Start, b.Text, text})
			}
		}
	}
}

// where is the working directory of the reader.
func (r *reader) where(t *testing.T) string {
	t.Helper()
	out, _, err := r.session.Try("pwd")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func (r *reader) shell(t *testing.T, where string, b Block) {
	t.Helper()
	if b.Fails == 0 {
		if out, err := r.session.Strictly(b.Text); err != nil {
			t.Fatalf("%s: %v\n%s", where, err, out)
		}
		return
	}
	out, code, err := r.session.Try(b.Text)
	if err != nil || code != b.Fails {
		t.Fatalf("%s: exit code %d and not %d: %v\n%s", where, code, b.Fails, err, out)
	}
}

// console runs the commands and returns the block as it should be.
func (r *reader) console(t *testing.T, where string, b Block) string {
	t.Helper()
	var text strings.Builder
	all := b.Commands()
	for i, c := range all {
		out, code, err := r.session.Try(c.Typed)
		for end := time.Now().Add(time.Minute); b.InTime && err == nil && !c.Matches(out) && time.Now().Before(end); {
			out, code, err = r.session.Try(c.Typed)
		}
		if err != nil {
			t.Fatalf("%s: %s%v\n%s", where, c.Typed, err, out)
		}
		if b.Fails != 0 && i == len(all)-1 && code != b.Fails {
			t.Errorf("%s: %sexit code %d and not %d\n%s", where, c.Typed, code, b.Fails, out)
		}
		if !c.Matches(out) {
			if !c.Exact() || b.InTime {
				t.Errorf("%s: %sit prints:\n%s", where, c.Typed, out)
			} else {
				c.Prints = tidy(out)
			}
		}
		text.WriteString(c.Written())
	}
	return text.String()
}

// copyTree makes a git repository of the files of another as they are now, and
// returns where it is.
func copyTree(root, dir string) (string, error) {
	list, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return "", fmt.Errorf("list the files of the project: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		if err := copyFile(filepath.Join(root, name), filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) { // removed, but not yet in git
			return "", err
		}
	}
	c := exec.Command("sh", "-ec", "git init -q -b main; git add -A; git commit -q -m 'Tiphys as it is'")
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_DIR="+filepath.Join(dir, ".git"),
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("commit them: %w\n%s", err, out)
	}
	return dir, nil
}

func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, info.Mode().Perm())
}
