package bench

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/test/testbin"
	"github.com/tiphys-dev/tiphys/webhook/certs"
	"github.com/tiphys-dev/tiphys/webhook/webhooktest"
)

// BenchmarkHTTPS measures tiphys-webhook as API servers use it: a process of its
// own, asked over one HTTP/2 connection by this one, both on the same machine.
func BenchmarkHTTPS(b *testing.B) {
	w := startWebhook(b)
	bodies := map[string][]byte{"3-steps": webhooktest.Request{Object: typical}.Body(), "20-tasks": webhooktest.Request{Object: string(Manifest(0))}.Body()}
	for b.Loop() {
		fmt.Printf("\n  %-10s %14s %12s %12s %14s\n", "workflow", "most, req/s", "p50 at 500/s", "p99 at 500/s", "CPU of webhook")
		for _, name := range []string{"3-steps", "20-tasks"} {
			most := w.most(b, bodies[name], 5000)
			took, cpu := w.paced(b, bodies[name], 500, 5*time.Second)
			p50, p99 := took[len(took)/2], took[len(took)*99/100]
			fmt.Printf("  %-10s %14.0f %10.2fms %10.2fms %12dµs\n", name, most, p50.Seconds()*1e3, p99.Seconds()*1e3, cpu.Microseconds())
			b.ReportMetric(most, name+"-req/s")
			b.ReportMetric(p99.Seconds()*1e3, name+"-p99-ms")
		}
		w.most(b, bodies["20-tasks"], 10_000)
		alive, resident := w.memory(b)
		w.most(b, bodies["20-tasks"], 100_000)
		aliveAfter, residentAfter := w.memory(b)
		fmt.Printf("\n  memory: %.1f MB alive, %.0f MB resident after 10,000 requests; %.1f MB and %.0f MB after 100,000 more\n", alive, resident, aliveAfter, residentAfter)
		b.ReportMetric(aliveAfter/alive, "alive-after/before")
	}
}

// A process is a running tiphys-webhook and a client of it.
type process struct {
	*http.Client
	pid           int
	address, side string
}

func startWebhook(b *testing.B) *process {
	b.Helper()
	dir := b.TempDir()
	bundle, err := certs.Apply(&certs.Bundle{}, certs.Step{Action: certs.Begin}, certs.Observation{Now: time.Now(), Names: []string{"localhost"}}, certs.Lifetimes{})
	if err != nil {
		b.Fatal(err)
	}
	data, err := bundle.Encode()
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range data {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	p := &process{address: free(b), side: free(b)}
	c := exec.Command(testbin.Webhook(b), "--standalone", "--cert-dir", dir, "--address", p.address, "--metrics-address", p.side, "--drain", "0s")
	stderr, err := c.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	p.pid = c.Process.Pid
	b.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			b.Errorf("end the webhook: %v", err)
		}
	})
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), `"serving"`) {
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(bundle.Trust())
	p.Client = &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{ServerName: "localhost", RootCAs: pool}}}
	return p
}

func free(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (p *process) ask(b *testing.B, body []byte) time.Duration {
	start := time.Now()
	resp, err := p.Post("https://"+p.address+"/validate?timeout=10s", "application/json", bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return 0
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Contains(text, []byte(`"allowed":true`)) {
		b.Errorf("%s %s: %v", resp.Status, text, err)
	}
	return time.Since(start)
}

// most returns how many requests a second are answered when eight at a time
// wait for their answers.
func (p *process) most(b *testing.B, body []byte, n int) float64 {
	start := time.Now()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range n / 8 {
				if b.Failed() {
					return
				}
				p.ask(b, body)
			}
		})
	}
	all.Wait()
	return float64(n/8*8) / time.Since(start).Seconds()
}

// paced asks so many times a second and returns how long the answers took,
// sorted, and what each cost the webhook.
func (p *process) paced(b *testing.B, body []byte, rate int, during time.Duration) ([]time.Duration, time.Duration) {
	n := int(math.Round(float64(rate) * during.Seconds()))
	took := make([]time.Duration, n)
	before := cpuOf(b, p.pid)
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	var all sync.WaitGroup
	for i := range n {
		<-tick.C
		all.Go(func() { took[i] = p.ask(b, body) })
	}
	all.Wait()
	cost := (cpuOf(b, p.pid) - before) / time.Duration(n)
	slices.Sort(took)
	return took, cost
}

// cpuOf returns the processor time that the threads of a process have used, 0
// where the system does not tell.
func cpuOf(b *testing.B, pid int) time.Duration {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	var total time.Duration
	for _, t := range threads {
		var ns int64
		if text, err := os.ReadFile(t); err == nil {
			if _, err := fmt.Sscan(string(text), &ns); err != nil {
				b.Fatal(err)
			}
			total += time.Duration(ns)
		}
	}
	return total
}

// memory returns what was alive at the last collection, and what the process
// takes, in MB. The next collection begins when that has grown by so many percent.
func (p *process) memory(b *testing.B) (alive, resident float64) {
	resp, err := http.Get("http://" + p.side + "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	percent := 100.0
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "go_memstats_next_gc_bytes %g", &alive)
		_, _ = fmt.Sscanf(lines.Text(), "go_gc_gogc_percent %g", &percent)
		_, _ = fmt.Sscanf(lines.Text(), "process_resident_memory_bytes %g", &resident)
	}
	return alive / (1 + percent/100) / (1 << 20), resident / (1 << 20)
}
