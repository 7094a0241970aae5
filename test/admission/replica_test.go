package admission

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// A replica is a process of the webhook, or of the controller.
type replica struct {
	address, side string // where it serves
	process       *exec.Cmd
	done          chan struct{}

	mu       sync.Mutex
	log      []string
	refused  []string          // lines about rights that are missing
	policies map[string]string // the generation that is enforced
	ready    bool
}

// start starts the program with the arguments of the chart, but for the ports,
// and with the token of its service account.
func (n *installation) start(t *testing.T) *replica {
	t.Helper()
	r := &replica{address: free(t), side: free(t), done: make(chan struct{}), policies: map[string]string{}}
	args := append(n.chart.Arguments(t, name), "--address="+r.address, "--metrics-address="+r.side, "--kubeconfig="+n.proxy.Kubeconfig(t, n.api, chart.Token(t, n.api, name)))
	r.run(t, testbin.Webhook(t), args)
	return r
}

// runController starts the controller with these arguments, but for the ports.
func runController(t *testing.T, args []string) *replica {
	t.Helper()
	r := &replica{address: free(t), side: free(t), done: make(chan struct{}), policies: map[string]string{}}
	r.run(t, testbin.Controller(t), append(args, "--hook-address="+r.address, "--metrics-address="+r.side, "--page-address="+free(t)))
	return r
}

// run runs a program until it is terminated, or the test is over.
func (r *replica) run(t *testing.T, program string, args []string) {
	t.Helper()
	r.process = exec.Command(program, args...)
	stderr, err := r.process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.done)
		r.read(stderr)
		r.process.Wait()
	}()
	t.Cleanup(func() {
		r.process.Process.Kill()
		<-r.done
		if t.Failed() {
			log, _ := r.lines()
			t.Logf("the end of the log of replica %s:\n%s", r.address, strings.Join(log, "\n"))
		}
	})
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// read keeps the end of the log, and what it says of policies.
func (r *replica) read(from io.Reader) {
	s := bufio.NewScanner(from)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var line struct {
			Msg, Policy string
			Generation  int64
		}
		_ = json.Unmarshal(s.Bytes(), &line)
		r.mu.Lock()
		if strings.Contains(s.Text(), "forbidden") {
			r.refused = append(r.refused, s.Text())
		}
		if line.Msg == "policy is enforced" {
			r.policies[line.Policy] = strconv.FormatInt(line.Generation, 10)
		}
		if r.log = append(r.log, s.Text()); len(r.log) > 60 {
			r.log = r.log[1:]
		}
		r.mu.Unlock()
	}
}

func (r *replica) lines() (log, refused []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.log...), append([]string(nil), r.refused...)
}

// knows returns nil once the replica goes by a generation of a policy.
func (r *replica) knows(policy, generation string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := r.policies[policy]; got != generation {
		return fmt.Errorf("replica %s enforces generation %q of policy %s, not %s", r.address, got, policy, generation)
	}
	return nil
}

var client = &http.Client{Timeout: 3 * time.Second}

// get asks the port of metrics.
func (r *replica) get(path string) (int, string, error) {
	a, err := client.Get("http://" + r.side + path)
	if err != nil {
		return 0, "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	return a.StatusCode, string(text), err
}

// metric sums the values of a metric whose labels have a text in them.
func (r *replica) metric(t testing.TB, name, labels string) (sum float64) {
	t.Helper()
	_, text, err := r.get("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || !(key == name || strings.HasPrefix(key, name+"{")) || !strings.Contains(key, labels) {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += v
	}
	return sum
}

// A balancer passes connections on to replicas that are ready, as kube-proxy does.
type balancer struct {
	port int

	mu   sync.Mutex
	all  []*replica
	next int
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{port: l.Addr().(*net.TCPAddr).Port}
	end := make(chan struct{})
	t.Cleanup(func() { l.Close(); close(end) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go b.pass(c)
		}
	}()
	go func() {
		for {
			for _, r := range b.replicas() {
				status, _, err := r.get("/readyz")
				r.mu.Lock()
				r.ready = err == nil && status == http.StatusOK
				r.mu.Unlock()
			}
			select {
			case <-end:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return b
}

func (b *balancer) add(r *replica) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, r)
}

func (b *balancer) remove(r *replica) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.all {
		if b.all[i] == r {
			b.all = append(b.all[:i:i], b.all[i+1:]...)
			return
		}
	}
}

func (b *balancer) replicas() []*replica {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*replica(nil), b.all...)
}

func (b *balancer) ready() (out []*replica) {
	for _, r := range b.replicas() {
		r.mu.Lock()
		if r.ready {
			out = append(out, r)
		}
		r.mu.Unlock()
	}
	return out
}

// wait waits until so many replicas are ready.
func (b *balancer) wait(t *testing.T, count int) {
	t.Helper()
	cluster.Until(t, func() error {
		if n := len(b.ready()); n != count {
			why := ""
			for _, r := range b.replicas() {
				_, text, err := r.get("/readyz")
				why += fmt.Sprintf("\n%s: %s, %v", r.address, text, err)
			}
			return fmt.Errorf("%d of %d replicas are ready:%s", n, count, why)
		}
		return nil
	})
}

func (b *balancer) pass(c net.Conn) {
	defer c.Close()
	ready := b.ready()
	if len(ready) == 0 {
		return
	}
	b.mu.Lock()
	b.next++
	r := ready[b.next%len(ready)]
	b.mu.Unlock()
	up, err := net.Dial("tcp", r.address)
	if err != nil {
		return
	}
	defer up.Close()
	done := make(chan struct{}, 2)
	go func() { io.Copy(up, c); done <- struct{}{} }()
	go func() { io.Copy(c, up); done <- struct{}{} }()
	<-done
}

// terminate tells a replica to end, as the kubelet does, and waits until it has.
func (r *replica) terminate(t *testing.T) {
	t.Helper()
	if err := r.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	select {
	case <-r.done:
	case <-time.After(40 * time.Second):
		t.Error("the replica does not end")
	}
	if code := r.process.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the replica ended with %d", code)
	}
}
