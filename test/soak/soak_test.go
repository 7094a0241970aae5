package soak

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/test/testbin"
	"github.com/tiphys-dev/tiphys/webhook/certs"
)

// A plan is how long a soak takes and what is in it.
type plan struct {
	total     time.Duration
	pace      time.Duration // between two steps of a client
	clients   int
	lifetimes certs.Lifetimes
	short     bool // only what fits into a minute
}

// page holds the last table.
const page = "docs/soak.md"

// TestSoak is as long as the environment variable SOAK says; without it, it is a
// short one that only shows that everything still plays together.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	p := plan{total: 40 * time.Second, pace: 100 * time.Millisecond, clients: 4, short: true,
		lifetimes: certs.Lifetimes{Leaf: 15 * time.Second, Authority: 45 * time.Second, Settle: 2 * time.Second}}
	if text := os.Getenv("SOAK"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < 2*time.Minute {
			t.Fatalf("SOAK is %q: it must be a duration of two minutes at least, like 10m: %v", text, err)
		}
		p = plan{total: d, pace: 40 * time.Millisecond, clients: 8,
			lifetimes: certs.Lifetimes{Leaf: 40 * time.Second, Authority: 2 * time.Minute, Settle: 5 * time.Second}}
	}
	ctx, cancel := context.WithCancel(t.Context())
	asking, enough := context.WithCancel(ctx)
	defer cancel()
	s := &soak{T: t, ctx: ctx, load: asking, dir: t.TempDir(), plan: p, book: &book{}, churn: &churn{states: []state{{}}}, pushing: make(chan struct{}), kubectl: testbin.Kubectl(t)}
	testbin.Webhook(t) // to build them is no part of it
	testbin.Controller(t)
	s.book.begin("warm up")
	s.install()
	leaks := leakBook{}
	load, promotions := s.begin()
	if p.short {
		s.brief(leaks)
	} else {
		s.long(leaks)
	}
	s.book.begin("the last arrive")
	close(s.pushing)
	promotions.Wait()
	enough()
	load.Wait()
	if !p.short {
		s.slots(ctx)
	}
	s.book.end()
	s.report(leaks)
}

// begin starts all that is asked and promoted, which ends with the soak, or when
// nothing more is pushed.
func (s *soak) begin() (load, promotions *sync.WaitGroup) {
	load, promotions = &sync.WaitGroup{}, &sync.WaitGroup{}
	for _, name := range []string{plain, filled, strict, limited, churning} {
		s.space(name)
	}
	s.trusted()
	s.apply(strings.TrimSpace(standing))
	s.apply(strings.TrimSpace(rights))
	s.recovers(fault{name: "the start"})
	load.Go(s.engine)
	teams := [][]string{{"dev", "qa"}, {"dev", "qa", "prod"}}
	if !s.plan.short {
		teams = append(teams, []string{"dev", "qa"}, []string{"dev", "qa"})
	}
	for i, environments := range teams {
		s.teams = append(s.teams, s.team(fmt.Sprint("team-", i+1), environments...))
	}
	for _, t := range s.teams {
		promotions.Go(t.work)
	}
	for i := range s.plan.clients {
		load.Go(func() { s.worker().work(i * 3) })
	}
	for range 2 {
		load.Go(func() { s.worker().runs() })
	}
	load.Go(s.counted)
	load.Go(s.certificates)
	load.Go(s.stalls)
	load.Go(func() { s.churn.run(s) })
	return load, promotions
}

// trusted waits until the API server calls the webhooks with success.
func (s *soak) trusted() {
	s.Helper()
	w := &worker{soak: s, client: s.admin}
	for end := time.Now().Add(30 * time.Second); ; s.wait(20 * time.Millisecond) {
		_, err := w.of(kinds[0], plain).Create(s.ctx, w.object(kinds[0], plain, circular), dryRun)
		switch {
		case err != nil && strings.Contains(err.Error(), "[dag-cycle]"):
			return
		case time.Now().After(end):
			s.Fatalf("the webhook does not answer: %v", err)
		}
	}
}

func (s *soak) brief(leaks leakBook) {
	s.wait(2 * time.Second)
	s.steady("steady 1", 5*time.Second, leaks)
	s.breaks("API server killed", time.Millisecond, killed)
	s.breaks("webhooks rolled out", time.Millisecond, replaced)
	s.breaks("controller killed", time.Millisecond, controllerKilled)
	s.steady("steady 2", 5*time.Second, leaks)
}

// long goes through all faults, and through phases that are equal. The webhook
// that nothing kills lives through all of them, and both controllers from the
// second to the third, doing what they do: they must not have grown.
func (s *soak) long(leaks leakBook) {
	part := s.plan.total / 22
	s.wait(2 * part)
	s.steady("steady 1", 2*part, leaks)
	s.breaks(killed.name, 2*part, killed)
	s.breaks(hangs.name, part, hangs)
	s.breaks(cut.name, 2*part, cut)
	s.steady("steady 2", 2*part, leaks)
	s.rotates(2 * part)
	s.breaks(replaced.name, part, replaced)
	s.breaks(webhookKilled.name, part, webhookKilled)
	s.steady("steady 3", 2*part, leaks)
	s.breaks(controllerKilled.name+" or rolled out", 2*part, controllerKilled, controllerReplaced)
	s.breaks("any of it", part, killed, hangs, cut, replaced, webhookKilled, controllerKilled)
	s.steady("steady 4", 2*part, leaks)
}

// report prints the tables, and fails where anything in them is amiss.
func (s *soak) report(leaks leakBook) {
	requests, amiss := s.book.table()
	packages, more := s.promoted()
	memory, leaked := leaks.table()
	text := fmt.Sprintf("%s, %d processors, %d clients beside 2 that count runs, 1 that changes policies and %d teams.\n\n%s\n%s\n%s",
		s.book.phases[len(s.book.phases)-1].to.Sub(s.book.phases[0].from).Round(time.Second), runtime.NumCPU(), s.plan.clients, len(s.teams), requests, packages, memory)
	fmt.Println(text)
	for _, p := range append(append([]*pod(nil), s.webhooks...), s.controllers...) {
		fmt.Printf("%s was started %d times; %s\n", p.name, p.starts, strings.Join(append(p.unasked, "that is all"), ", "))
	}
	for _, p := range s.book.problems {
		s.Log(p)
	}
	if s.book.more > 0 {
		s.Logf("and %d more", s.book.more)
	}
	if !s.plan.short && !leaks.compared("controller") {
		s.Error("no controller led all the while between two steady phases, so nothing is known of its leaks: run it again")
	}
	for _, l := range leaked {
		s.Errorf("leaked: %s", l)
	}
	if amiss += more; amiss > 0 {
		s.Errorf("%d answers or packages are amiss", amiss)
	}
	if s.Failed() || os.Getenv("SOAK_LOGS") != "" {
		s.keepLogs()
	}
	if os.Getenv("UPDATE") != "" && !s.plan.short && !s.Failed() {
		s.publish(text)
	}
}

// keepLogs copies the logs to where they outlive the test.
func (s *soak) keepLogs() {
	dir := os.Getenv("SOAK_LOGS")
	if dir == "" {
		return
	}
	logs, _ := filepath.Glob(s.path("*.log"))
	for _, from := range logs {
		if text, err := os.ReadFile(from); err == nil {
			os.WriteFile(filepath.Join(dir, filepath.Base(from)), text, 0o600)
		}
	}
}

// publish puts the tables into the page.
func (s *soak) publish(tables string) {
	file := filepath.Join(testbin.Root(), page)
	text, err := os.ReadFile(file)
	s.must(nil, err)
	head, rest, ok := strings.Cut(string(text), "<!-- soak -->\n")
	_, tail, closed := strings.Cut(rest, "<!-- end -->\n")
	if !ok || !closed {
		s.Fatalf("%s has no <!-- soak --> and <!-- end -->", page)
	}
	s.must(nil, os.WriteFile(file, []byte(head+"<!-- soak -->\n"+tables+"<!-- end -->\n"+tail), 0o644))
}
