package bench

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
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

// httpsSections measures tiphys-webhook as API servers use it: a process of its
// own, asked over one HTTP/2 connection by this one, both on the same machine;
// beside a server that reads the request and lets everything through.
func httpsSections(b *testing.B) []section {
	s := section{
		title:  "The webhook over HTTPS, asked by a second process",
		header: []string{"workflow", "who answers", "most, req/s", "p50 at 500/s", "p99 at 500/s", "CPU of the server", "CPU / bare server"},
	}
	ours, none := startWebhook(b), startBare(b)
	for _, one := range []struct{ name, text string }{{"3 steps", typical}, {"20 tasks", string(Manifest(0))}} {
		body := webhooktest.Request{Object: one.text}.Body()
		var bare float64
		for _, p := range []struct {
			name string
			*process
		}{{"a bare server", none}, {"tiphys-webhook", ours}} {
			most := p.most(b, body, 5000)
			took, cpu := p.paced(b, body, 500, 5*time.Second)
			if bare == 0 {
				bare = cpu.Seconds()
			}
			at := func(percent int) string { return fmt.Sprintf("%.2f ms", took[len(took)*percent/100].Seconds()*1e3) }
			s.row(one.name, p.name, fmt.Sprintf("%.0f", most), at(50), at(99), microseconds(cpu), times(cpu.Seconds(), bare))
		}
	}
	body := webhooktest.Request{Object: string(Manifest(0))}.Body()
	ours.most(b, body, 10_000)
	alive, resident := ours.memory(b)
	ours.most(b, body, 100_000)
	after, residentAfter := ours.memory(b)
	s.note("Memory: %.1f MB alive and %.0f MB resident after 10,000 requests, %.1f MB and %.0f MB after 100,000 more: %s times as much alive.",
		alive, resident, after, residentAfter, times(after, alive))
	return []section{s}
}

// bareServer is the variable that has this program be the server to compare with,
// at the address that it holds, with the certificate in the folder after it.
const bareServer = "TIPHYS_BENCH_BARE_SERVER"

func TestMain(m *testing.M) {
	if text := os.Getenv(bareServer); text != "" {
		address, dir, _ := strings.Cut(text, " ")
		fmt.Fprintln(os.Stderr, serveBare(address, dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func serveBare(address, dir string) error {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			Request struct {
				UID    string
				Object any
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":%q,"allowed":true}}`, review.Request.UID)
	})
	return http.ListenAndServeTLS(address, filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"), nil)
}

// A process is a running tiphys-webhook and a client of it.
type process struct {
	*http.Client
	pid           int
	address, side string
}

func startWebhook(b *testing.B) *process {
	b.Helper()
	dir, pool := certificate(b)
	p := &process{address: free(b), side: free(b)}
	c := exec.Command(testbin.Webhook(b), "--standalone", "--cert-dir", dir, "--address", p.address, "--metrics-address", p.side, "--drain", "0s")
	p.start(b, c, pool)
	b.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			b.Errorf("end the webhook: %v", err)
		}
	})
	return p
}

func startBare(b *testing.B) *process {
	b.Helper()
	dir, pool := certificate(b)
	p := &process{address: free(b)}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), bareServer+"="+p.address+" "+dir)
	p.start(b, c, pool)
	b.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	return p
}

// certificate makes one for localhost, in a folder.
func certificate(b *testing.B) (dir string, trust *x509.CertPool) {
	b.Helper()
	dir = b.TempDir()
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
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM(bundle.Trust())
	return dir, trust
}

// start starts a server and waits until it can be reached.
func (p *process) start(b *testing.B, c *exec.Cmd, trust *x509.CertPool) {
	b.Helper()
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	p.pid = c.Process.Pid
	p.Client = &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{ServerName: "localhost", RootCAs: trust}}}
	deadline := time.Now().Add(time.Minute)
	for {
		resp, err := p.Get("https://" + p.address + "/")
		if err == nil {
			resp.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("a server does not come up: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
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
