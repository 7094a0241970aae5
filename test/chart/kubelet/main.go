// Command kubelet runs the pods of an installed release of the chart beside an
// API server that runs none, for demonstrations: a replica of the webhook and one
// of the controller, each if the release has it. It prints where they listen, a
// line for each port, then "ready", runs the pods of helm test, and ends them when it is told to end or its
// standard input is closed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/tiphys-dev/tiphys/test/chart/pods"
)

func main() {
	var r pods.Release
	flag.StringVar(&r.Kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "the kubeconfig of an administrator")
	flag.StringVar(&r.Namespace, "namespace", "tiphys", "the namespace of the release")
	flag.StringVar(&r.Name, "release", "tiphys", "what the names of its Deployments begin with")
	flag.StringVar(&r.Dir, "dir", "", "a folder for kubeconfigs and logs")
	bin := flag.String("bin", "bin", "the folder of tiphys-webhook and tiphys-controller")
	stay := flag.Bool("stay", false, "run until a signal comes, whatever happens to standard input")
	local := flag.Bool("allow-local-sources", false, "let sources of Promotions be folders of this machine")
	flag.Parse()
	r.Webhook, r.Controller = filepath.Join(*bin, "tiphys-webhook"), filepath.Join(*bin, "tiphys-controller")
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if !*stay {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	if err := run(ctx, r, *local); err != nil {
		log.Fatal("kubelet: ", err)
	}
}

func run(ctx context.Context, r pods.Release, local bool) error {
	if r.Dir == "" {
		return errors.New("--dir is needed")
	}
	var all []*pods.Pod
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		for _, p := range all {
			if err := p.Stop(end); err != nil {
				log.Print("kubelet: ", err)
			}
		}
	}()
	webhook, err := start(ctx, r, "webhook", r.StartWebhook, []string{"--drain=0s"})
	if err != nil {
		return err
	}
	if webhook != nil {
		all = append(all, webhook)
		b, err := pods.NewBalancer("webhook")
		if err != nil {
			return err
		}
		defer b.Close()
		b.Add(webhook)
		if err := r.Route(ctx, b.Port()); err != nil {
			return err
		}
	}
	var more []string
	if local {
		more = []string{"--allow-local-sources"}
	}
	controller, err := start(ctx, r, "controller", r.StartController, more)
	if err != nil {
		return err
	}
	if controller != nil {
		all = append(all, controller)
	}
	for _, p := range all {
		if err := p.WaitReady(ctx); err != nil {
			return err
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(p.Name, r.Name+"-"), "-")
		for _, port := range slices.Sorted(maps.Keys(p.Ports)) {
			fmt.Printf("%s %s %s\n", name, port, p.Ports[port])
		}
	}
	services := map[string]string{}
	if controller != nil {
		services["tiphys-controller."+r.Namespace+":8080"] = controller.Ports["metrics"]
	}
	go func() {
		if err := r.RunTests(ctx, services); err != nil {
			log.Print("kubelet: ", err)
		}
	}()
	fmt.Println("ready")
	ended := make(chan string, len(all))
	for _, p := range all {
		go func() { <-p.Ended(); ended <- p.Name }()
	}
	select {
	case name := <-ended:
		return fmt.Errorf("%s has ended by itself: see its log in %s", name, r.Dir)
	case <-ctx.Done():
		return nil
	}
}

// start starts what the release has, with its log in a file; nil is for what it
// has not.
func start(ctx context.Context, r pods.Release, name string, f func(context.Context, pods.Options) (*pods.Pod, error), args []string) (*pods.Pod, error) {
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return nil, err
	}
	out, err := os.Create(filepath.Join(r.Dir, name+".log"))
	if err != nil {
		return nil, err
	}
	p, err := f(ctx, pods.Options{Log: out, Args: args})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return p, err
}
