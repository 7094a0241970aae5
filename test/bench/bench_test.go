package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	yaml "go.yaml.in/yaml/v3"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
)

const files = 2000

// BenchmarkLint prints what linting costs in units of parsing the same bytes
// with go.yaml.in/yaml/v3 on one core, and how memory grows with the number of
// files.
func BenchmarkLint(b *testing.B) {
	texts := make([][]byte, files)
	size := 0
	for i := range texts {
		texts[i] = Manifest(i)
		size += len(texts[i])
	}
	for b.Loop() {
		bare := best(func() { bareParse(b, texts) })
		ours := best(func() { ownParse(texts) })
		all := best(func() { lintAll(texts) })
		fmt.Printf("\n%d WorkflowTemplates, %.1f KB each, %d rules, %d cores\n\n", files, float64(size)/files/1024, len(rules.All()), runtime.GOMAXPROCS(0))
		fmt.Printf("  %-42s %9s %9s %9s %9s\n", "", "wall", "CPU", "wall/bare", "CPU/bare")
		for _, r := range []struct {
			what string
			cost
		}{{"bare parse, yaml/v3, one core", bare}, {"manifest.Parse, one core", ours}, {"lint, all rules, all cores", all}} {
			fmt.Printf("  %-42s %8.0fms %8.0fms %9.2f %9.2f\n", r.what, r.wall.Seconds()*1e3, r.cpu.Seconds()*1e3,
				r.wall.Seconds()/bare.wall.Seconds(), r.cpu.Seconds()/bare.cpu.Seconds())
		}
		few, many := peak(files), peak(4*files)
		fmt.Printf("\n  peak heap: %.1f MB at %d files, %.1f MB at %d files, ratio %.2f\n", few, files, many, 4*files, many/few)
		b.ReportMetric(all.cpu.Seconds()/bare.cpu.Seconds(), "CPU/bare")
		b.ReportMetric(all.wall.Seconds()/bare.wall.Seconds(), "wall/bare")
		b.ReportMetric(many/few, "heap-4x/heap")
	}
}

// BenchmarkStart measures the whole command on one small file.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	bin, file := filepath.Join(dir, "tiphys"), filepath.Join(dir, "wf.yaml")
	if out, err := exec.Command("go", "build", "-o", bin, "../../cmd/tiphys").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	if err := os.WriteFile(file, Manifest(0), 0o644); err != nil {
		b.Fatal(err)
	}
	var least time.Duration
	for b.Loop() {
		for range 20 {
			start := time.Now()
			if out, err := exec.Command(bin, "lint", file).CombinedOutput(); err != nil {
				b.Fatalf("lint: %v\n%s", err, out)
			}
			if d := time.Since(start); least == 0 || d < least {
				least = d
			}
		}
	}
	fmt.Printf("\n  start-up, lint of one small file: %.0f ms\n", least.Seconds()*1e3)
	b.ReportMetric(least.Seconds()*1e3, "ms/start")
}

type cost struct{ wall, cpu time.Duration }

// best returns the least cost of three runs: noise only ever adds.
func best(f func()) cost {
	var least cost
	for i := range 3 {
		runtime.GC()
		start, before := time.Now(), cpu()
		f()
		c := cost{time.Since(start), cpu() - before}
		if i == 0 || c.cpu < least.cpu {
			least = c
		}
	}
	return least
}

// cpu returns the processor time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func bareParse(b *testing.B, texts [][]byte) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, t := range texts {
		var n yaml.Node
		if err := yaml.Unmarshal(t, &n); err != nil {
			b.Fatal(err)
		}
	}
}

func ownParse(texts [][]byte) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for i, t := range texts {
		manifest.Parse(source.NewFile(fmt.Sprintf("%05d.yaml", i), t))
	}
}

// lintAll lints as the command does: one worker for each core.
func lintAll(texts [][]byte) lint.Result {
	l := lint.New(lint.Options{Rules: rules.All()})
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(texts) {
					return
				}
				l.Add(source.NewFile(fmt.Sprintf("%05d.yaml", i), texts[i]))
			}
		})
	}
	workers.Wait()
	return l.Finish()
}

// peak returns the most heap, in MB, that linting n files holds. The files are
// made as they are read, as from a disk.
func peak(n int) float64 {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	runtime.GC()
	var before, m runtime.MemStats
	runtime.ReadMemStats(&before)
	most := uint64(0)
	l := lint.New(lint.Options{Rules: rules.All()})
	for i := range n {
		l.Add(source.NewFile(fmt.Sprintf("%05d.yaml", i), Manifest(i)))
		if i%50 == 0 {
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	l.Finish()
	runtime.ReadMemStats(&m)
	most = max(most, m.HeapAlloc)
	return float64(most-min(most, before.HeapAlloc)) / (1 << 20)
}
