package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// How many promotions there are, each with three environments: deployed are
// brought through all of them, as many more are there as make all.
const (
	deployed = 80
	all      = 1000
)

// promotionSections measures the controller with 1,000 promotions of three
// environments on a real API server: what it costs to bring some of them through,
// to begin with all of them settled, while nothing changes, and when one changes.
// The unit is the program helm that deploys the same chart three times.
// TIPHYS_BENCH_DEPLOYED has more of them brought through.
func promotionSections(b *testing.B) []section {
	n := deployed
	if text := os.Getenv("TIPHYS_BENCH_DEPLOYED"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 4 || n > all {
			b.Fatalf("TIPHYS_BENCH_DEPLOYED is %q: it is how many of %d promotions are brought through", text, all)
		}
	}
	s := newStage(b)
	s.section = section{
		title:  fmt.Sprintf("Promotions of 3 environments, %d of them deployed, %d in all", n, all),
		header: []string{"", "took", "each", "CPU each", "requests each", "CPU of the API server each", "CPU / helm"},
	}
	measure(s, n)
	return []section{s.section}
}

func measure(s *stage, n int) {
	s.helm()
	stop := s.start()
	was := 0
	for _, size := range []int{n / 4, n / 2, n} {
		requests := s.cost(fmt.Sprintf("%d settle, when %d are settled", size-was, was), size-was, func() time.Time { s.promote(size); s.settled(); return time.Now() })
		if os.Getenv("TIPHYS_BENCH_REQUESTS") != "" {
			fmt.Printf("    %s\n", most(requests, size-was, 40))
		}
		was = size
	}
	stop()
	s.copies(all)
	empty := memory()
	s.cost(fmt.Sprintf("a controller begins, %d are settled", all), all, func() time.Time { stop = s.start(); return s.calm() })
	s.quiet()
	full := memory()
	s.note("Memory: %.0f KiB of heap for each promotion; %.0f MiB resident, this benchmark included.", (full.heap-empty.heap)/all/1024, full.resident/(1<<20))
	s.pushes()
	stop()
}

// helm deploys three times what the controller will, as a script would. That is
// the unit of what the others cost.
func (s *stage) helm() {
	const n = 5
	s.team("by-hand")
	began, api := time.Now(), children()
	var used time.Duration
	for i := range n {
		for _, env := range []string{"dev", "qa", "prod"} {
			c := exec.Command(testbin.Helm3(s), "upgrade", "--install", fmt.Sprintf("etl-%d", i), filepath.Join(s.root, "shared", "etl"), "--namespace", "by-hand-"+env)
			c.Env = append(os.Environ(), "KUBECONFIG="+s.kubeconfig, "HOME="+s.root)
			if out, err := c.CombinedOutput(); err != nil {
				s.Fatalf("helm: %v\n%s", err, out)
			}
			used += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		}
	}
	s.unit = used.Seconds() / n
	s.cells("`helm upgrade --install`, 3 times, no gates", n, time.Since(began), used, children()-api, "")
}

// cost adds a row of what something costs.
func (s *stage) cost(label string, n int, f func() time.Time) map[string]int {
	s.asked.take()
	began, used, api := time.Now(), cpu(), children()
	took, used, api := f().Sub(began), cpu()-used, children()-api
	all := s.asked.take()
	requests, _ := sum(all)
	s.cells(label, n, took, used, api, fmt.Sprintf("%.1f", float64(requests)/float64(n)))
	return all
}

func (s *stage) cells(label string, n int, took, used, api time.Duration, requests string) {
	each := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000/float64(n)) }
	s.row(label, fmt.Sprintf("%.1f s", took.Seconds()), each(took), each(used), requests, each(api), times(used.Seconds()/float64(n), s.unit))
}

// pause is how long nothing is asked, and next to nothing done, before that counts
// as quiet: most of what is settled is found to be so without asking.
const pause = 3 * time.Second

// calm waits until the controller has done nothing for a while, and tells when it
// did something last.
func (s *stage) calm() (last time.Time) {
	last = time.Now()
	used := cpu()
	for time.Since(last) < pause {
		time.Sleep(250 * time.Millisecond)
		s.asked.mu.Lock()
		n, _ := sum(s.asked.all)
		s.asked.mu.Unlock()
		now := cpu()
		if n != s.asked.seen || now-used > 25*time.Millisecond {
			last, s.asked.seen = time.Now(), n
		}
		used = now
	}
	return last
}

// still is how long is looked at what is done while nothing changes.
const still = 30 * time.Second

// quiet measures what is done while nothing changes.
func (s *stage) quiet() {
	used := cpu()
	time.Sleep(still)
	used = cpu() - used
	all := s.asked.take()
	requests, watches := sum(all)
	minutes := still.Minutes()
	text := fmt.Sprintf("While nothing changes: %.0f requests and %.0f watches a minute, %.2f%% of one core", float64(requests)/minutes, float64(watches)/minutes, 100*used.Seconds()/still.Seconds())
	if requests+watches > 0 {
		text += " (in all: " + most(all, 1, 10) + ")"
	}
	s.note("%s.", text)
}

// pushes measures how long it takes from a push, of which a hook tells, until it
// is deployed in dev.
func (s *stage) pushes() {
	s.repository("own")
	s.promotion("team-0", "own", "own", false)
	s.settled()
	var took []time.Duration
	for i := range 5 {
		s.push("own", map[string]string{"etl/values.yaml": fmt.Sprintf("image: registry.example.com/etl:1.0.%d\n", i+1)})
		began := time.Now()
		patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.RequestedAnnotation, began.Format(time.RFC3339Nano))
		p := &v1alpha1.Promotion{ObjectMeta: metav1.ObjectMeta{Name: "own", Namespace: "team-0"}}
		was := s.inDev()
		if err := s.Patch(s.Context(), p, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
			s.Fatal(err)
		}
		for now := was; now == was || now == ""; now = s.inDev() {
			time.Sleep(5 * time.Millisecond)
		}
		took = append(took, time.Since(began))
		s.settled()
	}
	slices.Sort(took)
	s.note("From a push to deployed in dev, among %d: %s (median of %d, the slowest %s).", all, took[len(took)/2].Round(time.Millisecond), len(took), took[len(took)-1].Round(time.Millisecond))
}

// inDev is the candidate that is deployed in dev.
func (s *stage) inDev() string {
	var p v1alpha1.Promotion
	if err := s.Get(s.Context(), types.NamespacedName{Namespace: "team-0", Name: "own"}, &p); err != nil {
		s.Fatal(err)
	}
	if len(p.Status.Environments) == 0 {
		return ""
	}
	if e := p.Status.Environments[0]; e.State == v1alpha1.Verified || e.State == v1alpha1.Verifying {
		return e.Candidate
	}
	return "" // being deployed
}

type used struct{ heap, resident float64 }

// memory tells what this process uses: the controller, and a little more.
func memory() used {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return used{float64(m.HeapAlloc), float64(resident())}
}

// resident is how much memory this process has of the machine, 0 where it does
// not tell.
func resident() int {
	text, err := os.ReadFile("/proc/self/statm")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 1 {
		pages, _ := strconv.Atoi(fields[1])
		return pages * os.Getpagesize()
	}
	return 0
}

// children is the processor time of the programs that this process started, the
// API server, 0 where the machine does not tell.
func children() (all time.Duration) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, e := range entries {
		text, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest) // from the third on
		if len(fields) < 13 || fields[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		all += time.Duration(user+system) * 10 * time.Millisecond
	}
	return all
}
