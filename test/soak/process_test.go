package soak

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A process is one start of a program.
type process struct {
	name          string
	address, side string // where it serves, and where its metrics are
	cmd           *exec.Cmd
	born          time.Time
	done          chan struct{}

	mu    sync.Mutex
	asked bool // to end, by us
	ready bool
	leads bool // it has been elected
}

// A pod is a program that is started again when it ends, as a kubelet does.
type pod struct {
	*soak
	name    string
	program string
	args    func() []string

	mu      sync.Mutex
	current *process
	starts  int
	unasked []string // why it ended by itself
	over    bool
}

// start starts the program at addresses of its own.
func (p *pod) start() (*process, error) {
	c := &process{name: p.name, address: free(), side: free(), born: time.Now(), done: make(chan struct{})}
	args := append(p.args(), "--metrics-address="+c.side)
	if strings.HasPrefix(p.name, "webhook") {
		args = append(args, "--address="+c.address)
	} else {
		args = append(args, "--hook-address="+c.address)
	}
	log, err := os.OpenFile(filepath.Join(p.dir, p.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	c.cmd = exec.Command(p.program, args...)
	pipe, err := c.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.done)
		defer log.Close()
		c.read(io.TeeReader(pipe, log))
		c.cmd.Wait()
	}()
	p.mu.Lock()
	p.starts++
	p.mu.Unlock()
	p.started(c)
	return c, nil
}

// read looks in the log for who leads.
func (c *process) read(from io.Reader) {
	s := bufio.NewScanner(from)
	s.Buffer(nil, 4<<20)
	for s.Scan() {
		if strings.Contains(s.Text(), "acquired lease") {
			c.mu.Lock()
			c.leads = true
			c.mu.Unlock()
		}
	}
	io.Copy(io.Discard, from)
}

// run keeps a process of the pod going until the soak is over.
func (p *pod) run() {
	for {
		c, err := p.start()
		if err != nil {
			p.book.problem("start %s: %v", p.name, err)
			return
		}
		p.mu.Lock()
		p.current = c
		over := p.over
		p.mu.Unlock()
		if over {
			c.cmd.Process.Kill()
		}
		for c != nil {
			<-c.done
			c = p.after(c)
		}
		if p.isOver() {
			return
		}
	}
}

// after returns the process that has taken the place of one, nil for none.
func (p *pod) after(c *process) *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != c {
		return p.current
	}
	if !c.wasAsked() && !p.over {
		p.unasked = append(p.unasked, fmt.Sprintf("%s ended by itself with %d", c.name, c.cmd.ProcessState.ExitCode()))
	}
	p.current = nil
	return nil
}

func (p *pod) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

// now is the process that runs, nil for none.
func (p *pod) now() *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

// stop ends the pod for good.
func (p *pod) stop() {
	p.mu.Lock()
	p.over = true
	c := p.current
	p.mu.Unlock()
	if c != nil {
		c.kill()
	}
}

func (c *process) wasAsked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

func (c *process) ask() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = true
}

// kill ends it at once.
func (c *process) kill() {
	c.ask()
	c.cmd.Process.Kill()
	<-c.done
}

// terminate ends it as a kubelet does, and returns how.
func (c *process) terminate(grace time.Duration) error {
	c.ask()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-c.done:
	case <-time.After(grace):
		c.kill()
		return fmt.Errorf("%s does not end within %s", c.name, grace)
	}
	if code := c.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s was told to end, and ended with %d", c.name, code)
	}
	return nil
}

// replace puts a new process in the place of the one that runs, as a rollout
// does: first it is ready, then the other one is told to end.
func (p *pod) replace() error {
	fresh, err := p.start()
	if err != nil {
		return err
	}
	if p.balancer != nil {
		p.balancer.surge(fresh)
		defer p.balancer.surge(nil)
	}
	for end := time.Now().Add(time.Minute); !fresh.isReady(); {
		if time.Now().After(end) {
			fresh.kill()
			return fmt.Errorf("a new %s is not ready after a minute", p.name)
		}
		p.wait(50 * time.Millisecond)
	}
	p.mu.Lock()
	old := p.current
	p.current = fresh
	p.mu.Unlock()
	if old == nil {
		return nil
	}
	if p.balancer != nil {
		p.balancer.leave(old) // goes on being served until it is not ready
	}
	return old.terminate(70 * time.Second)
}

func (c *process) isReady() bool {
	status, _, err := c.get("/readyz")
	return err == nil && status == http.StatusOK
}

var client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// get asks the port of metrics.
func (c *process) get(path string) (int, string, error) {
	a, err := client.Get("http://" + c.side + path)
	if err != nil {
		return 0, "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	return a.StatusCode, string(text), err
}

// metrics returns those of the process without labels.
func (c *process) metrics() (map[string]float64, error) {
	_, text, err := c.get("/metrics")
	if err != nil {
		return nil, err
	}
	all := map[string]float64{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && key != "#" {
			if v, err := strconv.ParseFloat(value, 64); err == nil {
				all[key] = v
			}
		}
	}
	return all, nil
}

// free is an address of this machine that nobody listens at.
func free() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err) // a machine without ports
	}
	defer l.Close()
	return l.Addr().String()
}
