package standin

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tiphys-dev/tiphys/test/chart/pods"
)

// Deployments runs those of a release of the chart until ctx ends, as soon as
// they are there and for as long as they are, and writes in their status that they
// are ready. It is in the place of kubelet, scheduler and controller manager.
type Deployments struct {
	Release pods.Release // what is to be run; logs are in its Dir, as webhook.log and controller.log
	Local   bool         // have the controller take sources that are folders of this machine

	// Address is told where a pod serves a port, as "page", "127.0.0.1:4711".
	Address func(port, address string)
	// Log gets what goes wrong.
	Log io.Writer

	client  kubernetes.Interface
	running map[string]*running
}

// running are the pods of one Deployment.
type running struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

// Run does it. When it returns, nothing that it started runs any more.
func (d *Deployments) Run(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", d.Release.Kubeconfig)
	if err != nil {
		return err
	}
	if d.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	if err := os.MkdirAll(d.Release.Dir, 0o700); err != nil {
		return err
	}
	d.running = map[string]*running{}
	follow(ctx, func() (watch.Interface, error) {
		return d.client.AppsV1().Deployments(d.Release.Namespace).Watch(ctx, metav1.ListOptions{})
	}, func(e watch.Event) {
		if o, ok := e.Object.(*apps.Deployment); ok {
			d.see(ctx, o, e.Type == watch.Deleted)
		}
	})
	for _, r := range d.running {
		<-r.ended
	}
	return nil
}

func (d *Deployments) see(ctx context.Context, o *apps.Deployment, gone bool) {
	r := d.running[o.Name]
	switch {
	case gone && r != nil:
		r.cancel()
		<-r.ended
		delete(d.running, o.Name)
	case !gone && r == nil:
		ctx, cancel := context.WithCancel(ctx)
		r = &running{cancel, make(chan struct{})}
		d.running[o.Name] = r
		go func() {
			defer close(r.ended)
			for ctx.Err() == nil {
				if err := d.run(ctx, o.Name); err != nil && ctx.Err() == nil {
					fmt.Fprintf(d.Log, "%s: %v\n", o.Name, err)
				}
				pause(ctx)
			}
		}()
	}
}

// run runs one replica of a Deployment until ctx ends, or it ends.
func (d *Deployments) run(ctx context.Context, name string) error {
	component := name[strings.LastIndexByte(name, '-')+1:]
	start, args := d.Release.StartController, []string(nil)
	switch {
	case component == "webhook":
		start, args = d.Release.StartWebhook, []string{"--drain=0s"}
	case d.Local:
		args = []string{"--allow-local-sources"}
	}
	log, err := os.OpenFile(filepath.Join(d.Release.Dir, component+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p, err := start(ctx, pods.Options{Log: log, Args: args})
	if err != nil {
		return err
	}
	defer stop(p)
	if d.Address != nil {
		for port, address := range p.Ports {
			d.Address(port, address)
		}
	}
	if component == "webhook" {
		b, err := pods.NewBalancer("webhook")
		if err != nil {
			return err
		}
		defer b.Close()
		b.Add(p)
		if err := d.route(ctx, b.Port()); err != nil {
			return err
		}
	}
	if err := p.WaitReady(ctx); err != nil {
		return err
	}
	if err := d.ready(ctx, name); err != nil {
		return fmt.Errorf("say that it is ready: %w", err)
	}
	select {
	case <-ctx.Done():
		return nil
	case <-p.Ended():
		return fmt.Errorf("it has ended by itself")
	}
}

// route waits for what Helm creates after the Deployment, for half a minute.
func (d *Deployments) route(ctx context.Context, port int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := d.Release.Route(ctx, port)
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause(ctx)
	}
}

// ready writes the status that a Deployment has when its pods are ready: one, as
// more than one is not run.
func (d *Deployments) ready(ctx context.Context, name string) error {
	client := d.client.AppsV1().Deployments(d.Release.Namespace)
	o, err := client.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	now := metav1.Now()
	o.Status = apps.DeploymentStatus{
		ObservedGeneration: o.Generation, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1,
		Conditions: []apps.DeploymentCondition{
			{Type: apps.DeploymentAvailable, Status: core.ConditionTrue, Reason: "MinimumReplicasAvailable", LastUpdateTime: now, LastTransitionTime: now},
			{Type: apps.DeploymentProgressing, Status: core.ConditionTrue, Reason: "NewReplicaSetAvailable", LastUpdateTime: now, LastTransitionTime: now},
		},
	}
	_, err = client.UpdateStatus(ctx, o, metav1.UpdateOptions{})
	return err
}

// stop ends a pod, at once where it does not end in time.
func stop(p *pods.Pod) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	p.Stop(ctx)
}
