// Command controlplane runs etcd and kube-apiserver in one process, for tests
// and demonstrations: a real API server that is ready in seconds. There is no
// scheduler, no kubelet and no controller manager: objects are stored, checked
// and watched, and nothing runs.
//
// It writes DIR/kubeconfig as soon as the API server is ready and the CRDs of
// Argo are served, and ends when its standard input is closed, so that it never
// outlives whoever started it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	dir := flag.String("dir", "", "folder for data, certificates and kubeconfig")
	stay := flag.Bool("stay", false, "run until a signal comes, whatever happens to standard input")
	verbose := flag.Bool("verbose", false, "let the API server log to standard error")
	flag.Parse()
	if *dir == "" {
		log.Fatal("controlplane: --dir is needed")
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if !*stay {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	if err := run(ctx, *dir, *verbose); err != nil {
		log.Fatal("controlplane: ", err)
	}
}

func run(ctx context.Context, dir string, verbose bool) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	store, err := startEtcd(filepath.Join(dir, "etcd"))
	if err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	c, err := newConfig(dir)
	if err != nil {
		return fmt.Errorf("prepare the API server: %w", err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- c.serve(store.url, verbose) }()
	ready := make(chan error, 1)
	go func() { ready <- c.settle(ctx) }()
	for {
		select {
		case <-ctx.Done():
			return nil // nothing is closed in order: the process ends, and its clients go with it
		case err := <-stopped:
			if err == nil {
				err = errors.New("it ended")
			}
			return fmt.Errorf("run the API server: %w", err)
		case err := <-ready:
			if err != nil {
				return err
			}
			if err := c.writeKubeconfig(); err != nil {
				return err
			}
			fmt.Println(c.kubeconfig())
			ready = nil
		}
	}
}
