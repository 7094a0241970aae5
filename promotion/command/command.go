// Package command is the command line of tiphys-controller.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/tiphys-dev/tiphys/internal/version"
	"github.com/tiphys-dev/tiphys/promotion/controller"
)

// Exit codes, documented in docs/promotion.md.
const (
	exitOK     = 0 // told to end, and what was under way has ended
	exitUsage  = 2
	exitBroken = 3 // it could not start, or does not lead any more
)

// Streams are where the command writes. Its log goes to Err.
type Streams struct{ Out, Err io.Writer }

// Main runs the command until ctx ends and returns its exit code.
func Main(ctx context.Context, args []string, s Streams) int {
	if len(args) > 0 && args[0] == "check" {
		return check(ctx, args[1:], s)
	}
	f, err := parse(args, s)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintf(s.Err, "tiphys-controller: %v\n", err)
		return exitUsage
	case f.version:
		fmt.Fprintln(s.Out, version.Line("tiphys-controller"))
		return exitOK
	}
	log := slog.New(slog.NewJSONHandler(s.Err, &slog.HandlerOptions{Level: f.level}))
	controller.LogLibraries(log)
	log.Info("tiphys-controller starts", version.Attrs()...)
	if err := run(ctx, f, log); err != nil {
		log.Error("tiphys-controller ends", "error", err.Error())
		return exitBroken
	}
	return exitOK
}

// run carries out promotions and serves until ctx ends, or one of it fails.
func run(ctx context.Context, f *flags, log *slog.Logger) error {
	config, err := clientcmd.BuildConfigFromFlags("", f.kubeconfig)
	if err != nil {
		return fmt.Errorf("find the cluster: %w", err)
	}
	c, err := controller.New(controller.Options{
		Config: config, Namespace: f.namespace, Alone: !f.elect, Namespaces: f.namespaces, Concurrency: f.concurrency, Argo: f.argo, ArgoURL: f.argoURL,
		Prometheus: f.prometheus, Local: f.local, PlainHTTP: f.plainHTTP, Log: log,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	servers, err := f.servers(ctx, config, c, log)
	if err != nil {
		return err
	}
	parts := append(servers, c.Run)
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func() { ended <- part(ctx) }()
	}
	for range parts {
		err = errors.Join(err, <-ended)
		cancel() // all of it, or nothing
	}
	return err
}
