package pin

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestCommit(t *testing.T) {
	h := newHub(t)
	before := git(t, h.dir, "rev-parse", "main")
	r, err := Commit(t.Context(), h.order("a"))
	if err != nil {
		t.Fatal(err)
	}
	head := git(t, h.dir, "rev-parse", "main")
	if r.Standing != Merged || r.Already || r.Commit != head {
		t.Errorf("got %+v, head is %s", r, head)
	}
	git(t, h.dir, "fsck", "--strict")
	if parent := git(t, h.dir, "rev-parse", "main^"); parent != before {
		t.Errorf("parent is %s, want %s", parent, before)
	}
	if changed := git(t, h.dir, "diff", "--name-status", "main^", "main"); changed != "A\t"+place {
		t.Errorf("changed: %s", changed)
	}
	message := git(t, h.dir, "log", "-1", "--format=%an <%ae>%n%B", "main")
	for _, want := range []string{"tiphys <tiphys@localhost>\nPromote etl 1.2.0 to prod\n\n", "Package: " + digest("a"), "Candidate: etl-a", "\n\nsmoke: open: run etl-smoke succeeded"} {
		if !strings.Contains(message, want) {
			t.Errorf("no %q in:\n%s", want, message)
		}
	}

	// The same again changes nothing, and is not pushed.
	pushes := h.pushes()
	r, err = Commit(t.Context(), h.order("a"))
	if err != nil || !r.Already || r.Commit != head || h.pushes() != pushes || git(t, h.dir, "rev-parse", "main") != head {
		t.Errorf("again: %+v, %v", r, err)
	}
	// The next one replaces it, and going back is the same path.
	for _, letter := range []string{"b", "a"} {
		if r, err = Commit(t.Context(), h.order(letter)); err != nil || r.Already || !strings.Contains(h.show("main", place), digest(letter)) {
			t.Errorf("to %s: %+v, %v", letter, r, err)
		}
	}
	if all := git(t, h.dir, "rev-list", "--count", "main"); all != "4" {
		t.Errorf("there are %s commits, want 4", all)
	}
	r, err = Look(t.Context(), h.order("b"))
	if err != nil || r.Standing != Absent {
		t.Errorf("look: %+v, %v", r, err)
	}
	if r, err = Look(t.Context(), h.order("a")); err != nil || r.Standing != Merged {
		t.Errorf("look: %+v, %v", r, err)
	}
}

func TestCommitInAFolderAndABranch(t *testing.T) {
	h := newHub(t)
	git(t, h.work, "push", "-q", "origin", "HEAD:live")
	o := h.order("a")
	o.Path, o.Branch, o.Author = "teams/data", "live", "Robo Ship <ship@example.com>"
	for range 2 {
		if _, err := Commit(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if h.show("live", "teams/data/"+place) == "" || h.show("main", "teams/data/"+place) != "" {
		t.Error("not where it belongs")
	}
	if got := git(t, h.dir, "log", "-1", "--format=%an <%ae>", "live"); got != o.Author {
		t.Errorf("the author is %s", got)
	}
	git(t, h.dir, "fsck", "--strict")
}

func TestCommitLosesNobodysPush(t *testing.T) {
	h := newHub(t)
	h.pushing = func() { h.commit(t, "other.txt", "somebody else\n") }
	r, err := Commit(t.Context(), h.order("a"))
	if err != nil || r.Standing != Merged || r.Already {
		t.Fatalf("%+v, %v", r, err)
	}
	if h.show("main", "other.txt") == "" || !strings.Contains(h.show("main", place), digest("a")) {
		t.Error("something is lost")
	}
	if h.pushes() != 2 {
		t.Errorf("pushed %d times", h.pushes())
	}

	// Somebody who never stops.
	n := 0
	var again func()
	again = func() {
		n++
		h.commit(t, "other.txt", strings.Repeat("x", n))
		h.mu.Lock()
		h.pushing = again
		h.mu.Unlock()
	}
	h.pushing = again
	if _, err := Commit(t.Context(), h.order("b")); err == nil || !strings.Contains(err.Error(), "others push to branch main all the time") || n != attempts {
		t.Errorf("after %d: %v", n, err)
	}
}

func TestCommitWhoseAnswerIsLost(t *testing.T) {
	h := newHub(t)
	h.lost = true
	r, err := Commit(t.Context(), h.order("a"))
	if err != nil || r.Standing != Merged || r.Already || h.pushes() != 1 {
		t.Errorf("%+v, %v after %d pushes", r, err, h.pushes())
	}
}

// Killed before the push is heard, nothing has happened, and the next run does it.
func TestCommitKilled(t *testing.T) {
	h := newHub(t)
	before := git(t, h.dir, "rev-parse", "main")
	ctx, cancel := context.WithCancel(t.Context())
	h.pushing = func() {
		cancel()
		panic(http.ErrAbortHandler)
	}
	if _, err := Commit(ctx, h.order("a")); err == nil {
		t.Error("no error")
	}
	if got := git(t, h.dir, "rev-parse", "main"); got != before {
		t.Error("something was pushed")
	}
	if r, err := Commit(t.Context(), h.order("a")); err != nil || r.Already {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestCommitTwiceAtOnce(t *testing.T) {
	h := newHub(t)
	before := git(t, h.dir, "rev-list", "--count", "main")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := Commit(t.Context(), h.order("a")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if before != "1" || git(t, h.dir, "rev-list", "--count", "main") != "2" {
		t.Errorf("from %s to %s commits", before, git(t, h.dir, "rev-list", "--count", "main"))
	}
}

func TestCommitToAFolderOfThisMachine(t *testing.T) {
	h := newHub(t)
	o := h.order("a")
	o.URL, o.Credentials = h.dir, nil
	if _, err := Commit(t.Context(), o); !errors.Is(err, ErrWrong) {
		t.Errorf("without Local: %v", err)
	}
	o.Local = true
	if r, err := Commit(t.Context(), o); err != nil || r.Commit != git(t, h.dir, "rev-parse", "main") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestCommitRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*testing.T, *hub, *Order)
		want   string
		wrong  bool
	}{
		"a branch that is not there": {func(_ *testing.T, _ *hub, o *Order) { o.Branch = "mian" }, `no branch "mian"`, true},
		"a wrong password":           {func(_ *testing.T, _ *hub, o *Order) { o.Credentials["token"] = []byte("hunter2-wrong") }, "auth", false},
		"credentials in the URL":     {func(_ *testing.T, _ *hub, o *Order) { o.URL = "https://x:hunter2@example.com/a" }, "holds credentials", true},
		"plain HTTP":                 {func(_ *testing.T, _ *hub, o *Order) { o.URL = "http://example.com/a" }, `nothing is pushed by "http"`, true},
		"a path that leads out":      {func(_ *testing.T, _ *hub, o *Order) { o.Path = "a/../../b" }, "leads out of the repository", true},
		"a path into .git":           {func(_ *testing.T, _ *hub, o *Order) { o.Path = ".git" }, "leads out of the repository", true},
		"a digest that is none":      {func(_ *testing.T, _ *hub, o *Order) { o.Pin.Digest = "latest" }, "no digest of a package", true},
		"a key that is none":         {func(_ *testing.T, _ *hub, o *Order) { o.SigningKey = []byte("hunter2") }, "neither an armored OpenPGP nor an SSH private key", true},
		"an authority that is none":  {func(_ *testing.T, _ *hub, o *Order) { o.Credentials["ca.crt"] = []byte("x") }, "ca.crt in the Secret holds no certificate", true},
		"SSH without a key":          {func(_ *testing.T, _ *hub, o *Order) { o.URL = "git@example.com:a/b.git" }, "SSH wants a private key", true},
		"a link in the way": {func(t *testing.T, h *hub, _ *Order) {
			if err := os.Symlink("/etc", filepath.Join(h.work, "environments", "prod", "etl")); err != nil {
				t.Fatal(err)
			}
			h.commit(t, "x", "x")
		}, `"etl" in the repository is no folder`, true},
		"a hook that refuses": {func(t *testing.T, h *hub, _ *Order) {
			put(t, filepath.Join(h.dir, "hooks", "pre-receive"), "#!/bin/sh\nexit 1\n")
			if err := os.Chmod(filepath.Join(h.dir, "hooks", "pre-receive"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "pre-receive hook declined", false},
		"an empty repository": {func(t *testing.T, h *hub, o *Order) {
			git(t, filepath.Dir(h.dir), "init", "-q", "--bare", "none.git")
			o.URL = strings.Replace(o.URL, "flows.git", "none.git", 1)
		}, "the repository is empty", true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			o := h.order("a")
			c.change(t, h, &o)
			_, err := Commit(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") || errors.Is(err, ErrWrong) != c.wrong {
				t.Errorf("got %v; want %s", err, c.want)
			}
		})
	}
}

// A pin that nobody can read is replaced.
func TestCommitMendsAPin(t *testing.T) {
	for name, text := range map[string]string{"broken": "digest: 1\n", "far too large": strings.Repeat("# x\n", 10_000)} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			h.commit(t, place, text)
			if r, err := Commit(t.Context(), h.order("a")); err != nil || r.Already {
				t.Errorf("%+v, %v", r, err)
			}
			if p := h.show("main", place); !strings.HasPrefix(p, comment) {
				t.Error(p)
			}
		})
	}
}
