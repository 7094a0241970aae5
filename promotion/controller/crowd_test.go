package controller

import (
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// A server that does not answer has one look at it at a time, until it answers.
func TestCrowd(t *testing.T) {
	var c crowd
	now := time.Unix(1e9, 0)
	enter := func(server string, want bool) func(time.Time) {
		t.Helper()
		left, ok := c.enter(server, now)
		if ok != want {
			t.Errorf("a look at %s may begin: %v", server, ok)
		}
		return left
	}
	one, two := enter("slow", true), enter("slow", true)
	now = now.Add(90 * time.Second)
	one(now)
	two(now)
	one = enter("slow", true)
	enter("slow", false)
	enter("other", true)(now)
	now = now.Add(time.Second)
	one(now)
	one = enter("slow", true)
	enter("slow", true)(now)
	one(now)
	if len(c.all) > 0 || len(c.slow) > 0 {
		t.Errorf("it remembers %v and %v", c.all, c.slow)
	}
}

func TestServerOf(t *testing.T) {
	for address, want := range map[string]string{
		"https://ann:secret@git.example.com:8443/a.git": "git.example.com:8443", "ssh://git@git.example.com/a.git": "git.example.com",
		"git@git.example.com:team/a.git": "git.example.com", "/srv/git/a": "/srv/git/a",
	} {
		if got := serverOf(v1alpha1.Source{Git: &v1alpha1.GitSource{URL: address}}); got != want {
			t.Errorf("%s is at %q and not at %q", address, got, want)
		}
	}
}
