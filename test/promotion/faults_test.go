package promotion

import (
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/test/cluster"
)

var quiet = log.New(io.Discard, "", 0)

const twoEnvironments = `
    - {name: dev, ACCOUNT, gates: [{smoke: {template: smoke}}]}
    - {name: qa, ACCOUNT}
`

// A controller that is killed at any write goes on where it was: what is there
// in the end is the same, and Helm has one revision that is deployed, and none
// that is pending, for each package and environment.
func TestKilledAtEveryWrite(t *testing.T) {
	s := newStage(t)
	c := s.counter()
	p := s.start(c.kubeconfig)
	last := 0
	for n := 1; ; n++ {
		running := p
		killed := make(chan struct{})
		c.arm(n, func() { running.kill(); close(killed) })
		team := s.team(twoEnvironments)
		all := 0
		select {
		case <-killed:
			p = s.start(c.kubeconfig)
			team.reaches("dev 1 Verified, qa 1 Verified")
		case <-reached(team):
			all = c.writes()
		}
		c.arm(0, nil)
		for _, env := range []string{"dev", "qa"} {
			if got, want := team.revisions(env), map[string]int{"deployed": 1}; !maps.Equal(got, want) {
				t.Errorf("killed at write %d, %s has the revisions %v", n, env, got)
			}
		}
		runs, err := s.objects.Resource(workflows).Namespace(team.in("dev")).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(runs.Items) != 1 {
			t.Errorf("killed at write %d, there are %d smoke runs", n, len(runs.Items))
		}
		if err := s.objects.Resource(promotions).Namespace(team.space).Delete(t.Context(), "etl", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		if all > 0 {
			last = n - 1
			break
		}
	}
	t.Logf("killed at each of %d writes", last)
	if last < 15 {
		t.Errorf("there were only %d writes: some are not seen", last)
	}
}

// reached is closed when a promotion has come to its end undisturbed.
func reached(t *team) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		for t.Context().Err() == nil {
			o, err := t.objects.Resource(promotions).Namespace(t.space).Get(t.Context(), "etl", metav1.GetOptions{})
			if err == nil {
				if text := fmt.Sprint(o.Object["status"]); countVerified(text) == 2 {
					close(done)
					return
				}
			}
			pause()
		}
	}()
	return done
}

// Two controllers that both act make one revision of each package in each
// environment.
func TestTwoControllers(t *testing.T) {
	s := newStage(t)
	for range 2 {
		s.start(s.kubeconfig)
	}
	var teams []*team
	for range 4 {
		teams = append(teams, s.team(twoEnvironments))
	}
	for _, v := range []string{"1", "2"} {
		for _, team := range teams {
			if v != "1" {
				team.value(v)
			}
		}
		for _, team := range teams {
			team.reaches(fmt.Sprintf("dev %s Verified, qa %[1]s Verified", v))
		}
	}
	for _, team := range teams {
		for _, env := range []string{"dev", "qa"} {
			if got, want := team.revisions(env), map[string]int{"deployed": 1, "superseded": 1}; !maps.Equal(got, want) {
				t.Errorf("%s of %s has the revisions %v", env, team.space, got)
			}
		}
		runs, err := s.objects.Resource(workflows).Namespace(team.in("dev")).List(t.Context(), metav1.ListOptions{})
		if err != nil || len(runs.Items) != 2 {
			t.Errorf("there are %d smoke runs of 2 candidates: %v", len(runs.Items), err)
		}
	}
}

// An API server that is gone for a while, and comes back, finds the controller
// where it was; so does a repository.
func TestAPIServerAndRepositoryGone(t *testing.T) {
	s := newStage(t)
	s.start(s.kubeconfig)
	team := s.team(twoEnvironments)
	team.reaches("dev 1 Verified, qa 1 Verified")
	team.value("2")
	s.api.Restart(t)
	team.reaches("dev 2 Verified, qa 2 Verified")

	away := team.tree + ".away"
	if err := os.Rename(team.tree, away); err != nil {
		t.Fatal(err)
	}
	cluster.Until(t, func() error { return team.condition("Ready", "False", "SourceUnreachable") })
	if got := team.live("qa"); got != "2" {
		t.Errorf("qa runs %s while the repository is away", got)
	}
	if err := os.Rename(away, team.tree); err != nil {
		t.Fatal(err)
	}
	team.value("3")
	team.reaches("dev 3 Verified, qa 3 Verified")
	for _, env := range []string{"dev", "qa"} {
		if got, want := team.revisions(env), map[string]int{"deployed": 1, "superseded": 2}; !maps.Equal(got, want) {
			t.Errorf("%s has the revisions %v", env, got)
		}
	}
}
