package bench

import (
	"fmt"
	"os"
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
)

// sizes are how many promotions there are, each with three environments.
var sizes = []int{250, 500, 1000}

// BenchmarkPromotions measures the controller with up to 1,000 promotions of
// three environments on a real API server: until all are settled, while nothing
// changes, and when one of them changes.
func BenchmarkPromotions(b *testing.B) {
	if testing.Short() {
		b.Skip("starts an API server")
	}
	if text := os.Getenv("TIPHYS_BENCH_PROMOTIONS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			b.Fatalf("TIPHYS_BENCH_PROMOTIONS is %q: it is how many promotions there are", text)
		}
		sizes = []int{max(1, n/4), max(1, n/2), n}
	}
	for b.Loop() {
		measure(newStage(b))
	}
	b.ReportMetric(0, "ns/op")
}

func measure(s *stage) {
	empty := memory()
	stop := s.start()
	fmt.Printf("\n  %-34s %10s %14s %12s %16s %10s\n", "to settle", "took", "per promotion", "CPU each", "requests each", "CPU of API")
	for i, n := range sizes {
		was := 0
		if i > 0 {
			was = sizes[i-1]
		}
		label := fmt.Sprintf("%d promotions, %d are there", n-was, was)
		requests := s.row(label, n-was, func() { s.promote(n); s.settled() })
		if os.Getenv("TIPHYS_BENCH_REQUESTS") != "" {
			fmt.Printf("    %s\n", most(requests, n-was, 40))
		}
	}
	n := sizes[len(sizes)-1]
	s.quiet(n)
	full := memory()
	fmt.Printf("  memory: %.0f KiB of heap for each promotion, %.0f MiB resident in all\n", (full.heap-empty.heap)/float64(n)/1024, full.resident/(1<<20))
	s.pushes(n)
	stop()
	s.asked.take()
	var again func()
	s.row(fmt.Sprintf("a restart, with %d settled", n), n, func() { again = s.start(); s.calm() })
	s.quiet(n)
	again()
}

// row prints what something cost.
func (s *stage) row(label string, n int, f func()) map[string]int {
	s.asked.take()
	began, used, api := time.Now(), cpu(), children()
	f()
	took, used, api := time.Since(began), cpu()-used, children()-api
	all := s.asked.take()
	requests, _ := sum(all)
	each := func(d time.Duration) string { return fmt.Sprintf("%.1fms", d.Seconds()*1000/float64(n)) }
	fmt.Printf("  %-34s %10s %14s %12s %16.1f %10s\n", label, took.Round(100*time.Millisecond), each(took), each(used), float64(requests)/float64(n), each(api))
	return all
}

// calm waits until the controller has asked nothing for a second.
func (s *stage) calm() {
	for quiet := 0; quiet < 4; {
		time.Sleep(250 * time.Millisecond)
		s.asked.mu.Lock()
		n, _ := sum(s.asked.all)
		s.asked.mu.Unlock()
		if n == s.asked.seen {
			quiet++
		} else {
			quiet, s.asked.seen = 0, n
		}
	}
}

// still is how long is looked at what is done while nothing changes.
const still = 3 * time.Second

// quiet measures what is done while nothing changes.
func (s *stage) quiet(n int) {
	s.calm()
	s.asked.take()
	used := cpu()
	time.Sleep(still)
	used = cpu() - used
	all := s.asked.take()
	requests, watches := sum(all)
	minutes := still.Minutes()
	fmt.Printf("  while nothing changes: %.0f requests and %.0f watches a minute, %.2f%% of one core", float64(requests)/minutes, float64(watches)/minutes, 100*used.Seconds()/still.Seconds())
	if requests+watches > 0 {
		fmt.Printf(" (in all: %s)", most(all, 1, 10))
	}
	fmt.Println()
}

// pushes measures how long it takes from a push, of which a hook tells, until it
// is deployed in dev.
func (s *stage) pushes(n int) {
	s.repository("own")
	s.promotion("team-0", "own", "own", false)
	s.settled()
	var all []time.Duration
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
		all = append(all, time.Since(began))
		s.settled()
	}
	slices.Sort(all)
	fmt.Printf("  from a push to deployed in dev, among %d: %s (median of %d, the slowest %s)\n", n, all[len(all)/2].Round(time.Millisecond), len(all), all[len(all)-1].Round(time.Millisecond))
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
