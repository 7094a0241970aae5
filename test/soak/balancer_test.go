package soak

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"time"
)

// A balancer passes connections on to the replicas of the webhook that are ready,
// as a Service does.
type balancer struct {
	listener net.Listener
	pods     []*pod

	mu      sync.Mutex
	extra   *process   // beside the pods, while one is replaced
	leaving []*process // told to end, and not done yet
	next    int
}

func newBalancer() (*balancer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &balancer{listener: l}, nil
}

func (b *balancer) port() int { return b.listener.Addr().(*net.TCPAddr).Port }

func (b *balancer) surge(c *process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.extra = c
}

func (b *balancer) leave(c *process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.leaving = append(b.leaving, c)
}

// all are the processes that exist.
func (b *balancer) all() (out []*process) {
	for _, p := range b.pods {
		if c := p.now(); c != nil {
			out = append(out, c)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.extra != nil {
		out = append(out, b.extra)
	}
	kept := b.leaving[:0]
	for _, c := range b.leaving {
		select {
		case <-c.done:
		default:
			kept, out = append(kept, c), append(out, c)
		}
	}
	b.leaving = kept
	return out
}

// ready are those that were ready when they were last looked at.
func (b *balancer) ready() (out []*process) {
	for _, c := range b.all() {
		c.mu.Lock()
		if c.ready {
			out = append(out, c)
		}
		c.mu.Unlock()
	}
	return out
}

// run takes connections and looks who is ready until the soak is over.
func (b *balancer) run(s *soak) {
	go func() {
		for {
			c, err := b.listener.Accept()
			if err != nil {
				return
			}
			go b.pass(c)
		}
	}()
	for s.ctx.Err() == nil {
		for _, c := range b.all() {
			ready := c.isReady()
			c.mu.Lock()
			c.ready = ready
			c.mu.Unlock()
		}
		select {
		case <-s.ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	b.listener.Close()
}

func (b *balancer) pass(c net.Conn) {
	defer c.Close()
	ready := b.ready()
	if len(ready) == 0 {
		return
	}
	b.mu.Lock()
	b.next++
	to := ready[b.next%len(ready)]
	b.mu.Unlock()
	up, err := net.Dial("tcp", to.address)
	if err != nil {
		return
	}
	defer up.Close()
	done := make(chan struct{}, 2)
	go func() { io.Copy(up, c); done <- struct{}{} }()
	go func() { io.Copy(c, up); done <- struct{}{} }()
	<-done
}

// certificates notes which ones are served, until the soak is over.
func (s *soak) certificates() {
	leaves, signers := map[string]bool{}, map[string]bool{}
	for s.load.Err() == nil {
		for _, c := range s.balancer.ready() {
			conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 3 * time.Second}, "tcp", c.address, &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				continue // the door tells
			}
			leaf := conn.ConnectionState().PeerCertificates[0]
			conn.Close()
			s.book.count(s.book.now(), func(p *phase) {
				if n := leaf.SerialNumber.String(); !leaves[n] {
					leaves[n] = true
					p.leaves++
				}
				if n := string(leaf.AuthorityKeyId); !signers[n] {
					signers[n] = true
					p.signers++
				}
			})
		}
		s.wait(500 * time.Millisecond)
	}
}
