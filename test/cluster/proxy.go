package cluster

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Config tells how to reach the API server as its administrator.
func (c *Cluster) Config(t testing.TB) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// A Proxy stands between an API server and some of its clients, and can make
// the API server vanish for them.
type Proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	mode  mode
	conns map[net.Conn]bool
}

type mode int

const (
	pass  mode = iota
	cut        // connections are closed at once
	stall      // connections are taken, and nothing comes through
)

// Proxy starts a proxy. It ends with the test.
func (c *Cluster) Proxy(t testing.TB) *Proxy {
	t.Helper()
	target, err := url.Parse(c.Config(t).Host)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, target: target.Host, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { l.Close(); p.Cut() })
	go p.accept()
	return p
}

// Through returns a copy of a configuration that goes through the proxy.
func (p *Proxy) Through(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Host = "https://" + p.listener.Addr().String()
	return config
}

// Kubeconfig writes a kubeconfig that goes through the proxy with a token.
func (p *Proxy) Kubeconfig(t testing.TB, c *Cluster, token string) string {
	t.Helper()
	k, err := clientcmd.LoadFromFile(c.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range k.Clusters {
		one.Server = "https://" + p.listener.Addr().String()
	}
	for _, one := range k.AuthInfos {
		one.Token = token
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*k, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// Cut closes all connections and every new one: nobody is there.
func (p *Proxy) Cut() { p.set(cut) }

// Stall lets nothing through any more, without saying so: the API server hangs.
func (p *Proxy) Stall() { p.set(stall) }

// Pass lets everything through again.
func (p *Proxy) Pass() { p.set(pass) }

func (p *Proxy) set(m mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.mode
	p.mode = m
	if m == cut || was == stall {
		for c := range p.conns {
			c.Close()
		}
	}
}

func (p *Proxy) now() mode {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.serve(c)
	}
}

func (p *Proxy) serve(c net.Conn) {
	defer c.Close()
	if !p.keep(c) {
		return
	}
	defer p.forget(c)
	up, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer up.Close()
	if !p.keep(up) {
		return
	}
	defer p.forget(up)
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{c, up}, {up, c}} {
		go func() {
			p.copy(pair[0], pair[1])
			done <- struct{}{}
		}()
	}
	<-done
}

func (p *Proxy) copy(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if p.now() != stall && n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == cut {
		return false
	}
	p.conns[c] = true
	return true
}

func (p *Proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// String is where the proxy listens.
func (p *Proxy) String() string { return fmt.Sprint(p.listener.Addr()) }
