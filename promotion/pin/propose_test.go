package pin

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// both runs a test with each kind of forge.
func both(t *testing.T, do func(t *testing.T, s *standIn)) {
	for _, kind := range []string{"github", "gitlab"} {
		t.Run(kind, func(t *testing.T) { do(t, newStandIn(t, newHub(t), kind)) })
	}
}

func propose(t *testing.T, o Order) *Result {
	t.Helper()
	r, err := Propose(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func standing(t *testing.T, o Order) Standing {
	t.Helper()
	r, err := Look(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r.Standing
}

const branchA = "tiphys/prod/etl/aaaaaaaaaaaa"

func TestPropose(t *testing.T) {
	both(t, func(t *testing.T, s *standIn) {
		a := s.order("a")
		a.Evidence = "smoke: open: run ``` <!-- @everyone"
		if got := standing(t, a); got != Absent {
			t.Errorf("before: %s", got)
		}
		r := propose(t, a)
		if r.Standing != Proposed || r.Already || r.Branch != branchA || r.PullRequest != "https://forge.example/acme/flows/1" {
			t.Errorf("%+v", r)
		}
		if r.Commit != git(t, s.hub.dir, "rev-parse", branchA) || !strings.Contains(s.hub.show(branchA, place), a.Pin.Digest) || s.hub.show("main", place) != "" {
			t.Error("the pin is not where it belongs")
		}
		p := s.pulls[0]
		if p.title != "Promote etl 1.2.0 to prod" || p.base != "main" || !strings.Contains(p.body, "````text\nsmoke: open: run ``` <!-- @everyone\n````\n") || !strings.Contains(p.body, a.Pin.Digest) {
			t.Errorf("%+v", p)
		}

		// Found again, and nothing is pushed.
		pushes := s.hub.pushes()
		again := propose(t, a)
		if again.PullRequest != r.PullRequest || again.Commit != r.Commit || !again.Already || len(s.pulls) != 1 || s.hub.pushes() != pushes {
			t.Errorf("%+v", again)
		}
		if got := standing(t, a); got != Proposed {
			t.Errorf("proposed: %s", got)
		}

		s.merge(t, 1)
		if got := standing(t, a); got != Merged {
			t.Errorf("merged: %s", got)
		}
		if r := propose(t, a); r.Standing != Merged || !r.Already || len(s.pulls) != 1 {
			t.Errorf("%+v", r)
		}

		// On to b, and back to a: its branch is still there, and was merged.
		propose(t, s.order("b"))
		s.merge(t, 2)
		if got := standing(t, a); got != Absent {
			t.Errorf("replaced: %s", got)
		}
		if r := propose(t, a); r.Standing != Proposed || r.PullRequest != "https://forge.example/acme/flows/3" {
			t.Errorf("%+v", r)
		}
		s.merge(t, 3)
		if got := standing(t, a); got != Merged || !strings.Contains(s.hub.show("main", place), a.Pin.Digest) {
			t.Errorf("back: %s", got)
		}
	})
}

func TestProposeSupersedes(t *testing.T) {
	both(t, func(t *testing.T, s *standIn) {
		a := s.order("a")
		propose(t, a)
		other := s.order("a")
		other.Environment = "qa"
		propose(t, other)
		folder := s.order("a")
		folder.Path = "teams/data"
		propose(t, folder)
		s.pulls = append(s.pulls,
			&pull{number: 4, head: "tiphys/prod/etl/notadigest", base: "main", state: "open"},
			&pull{number: 5, head: branchA, base: "main", state: "open", stranger: true},
			&pull{number: 6, head: branchA, base: "live", state: "open"})

		r := propose(t, s.order("b"))
		if got := s.states(); got != "closed open open open open open open" {
			t.Errorf("states are %s", got)
		}
		if len(r.Superseded) != 1 || r.Superseded[0] != "https://forge.example/acme/flows/1" {
			t.Errorf("%+v", r)
		}
		if !strings.Contains(s.pulls[0].body, "Superseded: prod is to run `"+digest("b")+"`. See "+r.PullRequest) {
			t.Error(s.pulls[0].body)
		}
		if out, err := tryGit(s.hub.dir, "rev-parse", "--verify", "-q", "refs/heads/"+branchA); err == nil {
			t.Errorf("the branch is still there: %s", out)
		}
		// Nobody refused a, so it may come again.
		if got := standing(t, a); got != Absent {
			t.Errorf("a is %s", got)
		}
		if r := propose(t, a); r.Standing != Proposed || s.states() != "closed open open open open open closed open" {
			t.Errorf("%+v, %s", r, s.states())
		}
		// Once a is there, what is still proposed is not wanted.
		s.merge(t, 8)
		s.pulls = append(s.pulls, &pull{number: 9, head: "tiphys/prod/etl/cccccccccccc", base: "main", state: "open"})
		if r := propose(t, a); r.Standing != Merged || len(r.Superseded) != 1 {
			t.Errorf("%+v", r)
		}
	})
}

func TestProposeAfterARefusal(t *testing.T) {
	both(t, func(t *testing.T, s *standIn) {
		a := s.order("a")
		propose(t, a)
		s.pulls[0].state, s.pulls[0].closed = "closed", time.Now()
		if got := standing(t, a); got != Refused {
			t.Errorf("closed: %s", got)
		}
		if r := propose(t, a); r.Standing != Refused || r.PullRequest == "" || len(s.pulls) != 1 {
			t.Errorf("%+v", r)
		}
		a.Since = time.Now().Add(time.Hour) // asked for again since
		if r := propose(t, a); r.Standing != Proposed || len(s.pulls) != 2 {
			t.Errorf("%+v", r)
		}
	})
}

func TestProposeCutOff(t *testing.T) {
	both(t, func(t *testing.T, s *standIn) {
		a := s.order("a")
		// Killed between push and pull request.
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				s.before = nil
				panic(http.ErrAbortHandler)
			}
			return false
		}
		if _, err := Propose(t.Context(), a); err == nil || !strings.Contains(err.Error(), "open pull request") {
			t.Errorf("no error: %v", err)
		}
		r := propose(t, a)
		if r.Standing != Proposed || len(s.pulls) != 1 {
			t.Errorf("%+v", r)
		}
		// Another run opened it between looking and opening.
		b := s.order("b")
		s.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				s.before = nil
				s.pulls = append(s.pulls, &pull{number: 2, head: "tiphys/prod/etl/bbbbbbbbbbbb", base: "main", state: "open"})
			}
			return false
		}
		if r := propose(t, b); r.Standing != Proposed || r.PullRequest != "https://forge.example/acme/flows/2" {
			t.Errorf("%+v", r)
		}
	})
}

func TestProposeKeepsWhatOthersAdd(t *testing.T) {
	both(t, func(t *testing.T, s *standIn) {
		a := s.order("a")
		propose(t, a)
		// The pin of the branch has changed, so the proposal could not be merged.
		h := s.hub
		if _, err := Commit(t.Context(), h.order("c")); err != nil {
			t.Fatal(err)
		}
		before := git(t, h.dir, "rev-parse", branchA)
		r := propose(t, a)
		if r.Already || r.Commit == before || git(t, h.dir, "rev-parse", branchA+"^") != git(t, h.dir, "rev-parse", "main") || s.states() != "open" {
			t.Errorf("%+v, %s", r, s.states())
		}
		// But not when somebody works on it.
		git(t, h.work, "fetch", "-q", "origin")
		git(t, h.work, "checkout", "-q", "-B", "work", "origin/"+branchA)
		put(t, h.work+"/note.txt", "mine\n")
		git(t, h.work, "add", "-A")
		git(t, h.work, "commit", "-q", "-m", "a note")
		git(t, h.work, "push", "-q", "origin", "HEAD:"+branchA)
		if _, err := Commit(t.Context(), h.order("d")); err != nil {
			t.Fatal(err)
		}
		if r := propose(t, a); !r.Already || h.show(branchA, "note.txt") == "" {
			t.Errorf("%+v", r)
		}
		// Closed for another one, its branch stays.
		propose(t, s.order("b"))
		if s.states() != "closed open" || h.show(branchA, "note.txt") == "" {
			t.Error("a commit of somebody is lost")
		}
	})
}

func TestForgeRefuses(t *testing.T) {
	answer := func(code int, text string) func(*standIn, *Order) {
		return func(s *standIn, _ *Order) {
			s.before = func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Location", "https://elsewhere.example/x")
				w.WriteHeader(code)
				_, _ = w.Write([]byte(text))
				return true
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*standIn, *Order)
		want   string
		wrong  bool
	}{
		"a token that is wrong":         {func(_ *standIn, o *Order) { o.Forge.Token = "hunter2-bad" }, "does not know the token", false},
		"a token that is repeated":      {answer(500, `{"message":"`+token+` is odd"}`), "500 Internal Server Error: *** is odd", false},
		"a server that sends elsewhere": {answer(307, ""), "the repository has moved, name its new URL", false},
		"a page":                        {answer(200, "<html>"), "does not answer as a forge does", false},
		"no such repository":            {answer(404, "{}"), "has no such repository", false},
		"too much":                      {answer(200, "["+strings.Repeat(" ", mostAnswer)+"]"), "answers with more than 8 MiB", false},
		"too often":                     {answer(429, `{"message":"slow down"}`), "429 Too Many Requests: slow down", false},
		"what it cannot do":             {answer(422, `{"message":"Validation Failed","errors":[{"message":"no commits between main and main"}]}`), "Validation Failed; no commits between", true},
		"no forge":                      {func(_ *standIn, o *Order) { o.Forge.Kind = "gitea" }, `"gitea" is none of github and gitlab`, true},
		"no address":                    {func(_ *standIn, o *Order) { o.Forge.API = "" }, "and github is on github.com: name the address of its API", true},
		"an address in the clear":       {func(_ *standIn, o *Order) { o.Forge.API = "http://example.com" }, "must begin with https://", true},
		"no token":                      {func(_ *standIn, o *Order) { o.Forge.Token = "" }, "the token of the forge is empty", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStandIn(t, newHub(t), "github")
			o := s.order("a")
			c.change(s, &o)
			_, err := Propose(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") || errors.Is(err, ErrWrong) != c.wrong {
				t.Errorf("got %v; want %s", err, c.want)
			}
			if len(s.pulls) > 0 {
				t.Error("one was opened")
			}
		})
	}
}

// While the branch is where it was, nothing is fetched.
func TestLookFetchesOnce(t *testing.T) {
	h := newHub(t)
	o := h.order("a")
	r, err := Look(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	fetched := func() int { return strings.Count(strings.Join(h.asked, "\n"), "POST /acme/flows.git/git-upload-pack") }
	if o.Seen = r.Head; fetched() != 1 {
		t.Errorf("fetched %d times", fetched())
	}
	if r, err = Look(t.Context(), o); err != nil || r.Standing != Absent || fetched() != 1 {
		t.Errorf("%+v, %v, fetched %d times", r, err, fetched())
	}
	if _, err := Commit(t.Context(), h.order("a")); err != nil {
		t.Fatal(err)
	}
	if r, err = Look(t.Context(), o); err != nil || r.Standing != Merged {
		t.Errorf("%+v, %v", r, err)
	}
}
