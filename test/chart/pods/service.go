package pods

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A Balancer passes connections on to the pods that are ready, as kube-proxy does
// for a Service.
type Balancer struct {
	listener net.Listener
	port     string // the name of the port of the pods
	end      chan struct{}

	mu    sync.Mutex
	all   []*Pod
	ready map[*Pod]bool
	next  int
}

// NewBalancer listens on a port of this machine, for a port of pods by its name.
func NewBalancer(port string) (*Balancer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &Balancer{listener: l, port: port, end: make(chan struct{}), ready: map[*Pod]bool{}}
	go b.accept()
	go b.probe()
	return b, nil
}

// Port is where it listens.
func (b *Balancer) Port() int { return b.listener.Addr().(*net.TCPAddr).Port }

// Close ends it.
func (b *Balancer) Close() error {
	close(b.end)
	return b.listener.Close()
}

// Add has it pass connections on to a pod once that is ready.
func (b *Balancer) Add(p *Pod) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, p)
}

// Remove has it forget a pod.
func (b *Balancer) Remove(p *Pod) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = slices.DeleteFunc(b.all, func(o *Pod) bool { return o == p })
}

// Pods are those that were added, whether they are ready or not.
func (b *Balancer) Pods() []*Pod {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.all)
}

// Ready are those that connections go to.
func (b *Balancer) Ready() (all []*Pod) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.all {
		if b.ready[p] {
			all = append(all, p)
		}
	}
	return all
}

// probe asks pods whether they are ready, as a kubelet does, but more often.
func (b *Balancer) probe() {
	for {
		for _, p := range b.Pods() {
			ready := p.Ready() == nil
			b.mu.Lock()
			b.ready[p] = ready
			b.mu.Unlock()
		}
		select {
		case <-b.end:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (b *Balancer) accept() {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.pass(c)
	}
}

func (b *Balancer) pass(c net.Conn) {
	defer c.Close()
	ready := b.Ready()
	if len(ready) == 0 {
		return
	}
	b.mu.Lock()
	b.next++
	p := ready[b.next%len(ready)]
	b.mu.Unlock()
	up, err := net.Dial("tcp", p.Ports[b.port])
	if err != nil {
		return
	}
	defer up.Close()
	done := make(chan struct{}, 2)
	go func() { io.Copy(up, c); done <- struct{}{} }()
	go func() { io.Copy(c, up); done <- struct{}{} }()
	<-done
}

// Route has the API server call the webhook at a port of this machine: the
// Service becomes a name for it, as no cluster IP can be reached, and the webhook
// configurations get the port. An upgrade by Helm takes the port back.
func (r Release) Route(ctx context.Context, port int) error {
	set, _, err := r.client()
	if err != nil {
		return err
	}
	name := r.component("webhook")
	toHere := `{"spec":{"type":"ExternalName","externalName":"localhost","selector":null,"clusterIP":null,"clusterIPs":null,"ipFamilies":null,"ipFamilyPolicy":null,"internalTrafficPolicy":null}}`
	if _, err := set.CoreV1().Services(r.namespace()).Patch(ctx, name, types.MergePatchType, []byte(toHere), metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("have the Service name this machine: %w", err)
	}
	hooks := set.AdmissionregistrationV1()
	v, err := hooks.ValidatingWebhookConfigurations().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if _, err := hooks.ValidatingWebhookConfigurations().Patch(ctx, name, types.JSONPatchType, ports(len(v.Webhooks), port), metav1.PatchOptions{}); err != nil {
		return err
	}
	m, err := hooks.MutatingWebhookConfigurations().List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil || len(m.Items) == 0 {
		return err // nothing mutates
	}
	_, err = hooks.MutatingWebhookConfigurations().Patch(ctx, name, types.JSONPatchType, ports(len(m.Items[0].Webhooks), port), metav1.PatchOptions{})
	return err
}

func ports(webhooks, port int) []byte {
	var all []map[string]any
	for i := range webhooks {
		all = append(all, map[string]any{"op": "replace", "path": fmt.Sprintf("/webhooks/%d/clientConfig/service/port", i), "value": port})
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(err) // texts and numbers
	}
	return text
}
