// Package command is the command line of tiphys-webhook.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strconv"

	"k8s.io/klog/v2"

	"github.com/tiphys-dev/tiphys/internal/version"
	"github.com/tiphys-dev/tiphys/webhook/server"
)

// Exit codes, documented in docs/webhook.md.
const (
	exitOK     = 0 // told to end, and all requests were answered
	exitUsage  = 2
	exitBroken = 3 // it could not start, or could not go on
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
		fmt.Fprintf(s.Err, "tiphys-webhook: %v\n", err)
		return exitUsage
	case f.version:
		fmt.Fprintln(s.Out, version.Line("tiphys-webhook"))
		return exitOK
	}
	log := slog.New(slog.NewJSONHandler(s.Err, &slog.HandlerOptions{Level: f.level}))
	klog.SetSlogLogger(log) // what the libraries of Kubernetes say
	log.Info("tiphys-webhook starts", version.Attrs()...)
	if os.Getenv("GOGC") == "" {
		// Little is alive here and much passes through, so that collecting at twice
		// of what is alive costs a quarter of all time. The limit of memory still bounds it.
		debug.SetGCPercent(400)
	}
	if n, err := strconv.ParseInt(os.Getenv("MEMORY_LIMIT"), 10, 64); err == nil && n > 0 && os.Getenv("GOMEMLIMIT") == "" {
		// Of what the container may have; Go does not count all that it takes.
		debug.SetMemoryLimit(n / 5 * 4)
	}
	if err := run(ctx, f, log); err != nil {
		log.Error("tiphys-webhook ends", "error", err.Error())
		return exitBroken
	}
	return exitOK
}

// run serves until ctx ends, and ends what it has begun.
func run(ctx context.Context, f *flags, log *slog.Logger) error {
	p, err := partsOf(ctx, f, log)
	if err != nil {
		return err
	}
	o := p.Options
	o.Deadline, o.Drain, o.Body, o.Reviews, o.Log = f.deadline, f.drain, f.body, f.reviews, log
	if f.drain == 0 {
		o.Drain = -1
	}
	if o.Listener, err = net.Listen("tcp", f.address); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if f.metrics != "" {
		if o.Metrics, err = net.Listen("tcp", f.metrics); err != nil {
			return fmt.Errorf("listen for metrics: %w", err)
		}
	}
	// What a review depends on goes on until the last request is answered, so it
	// does not end with ctx but after the server.
	behind, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	serving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan error, len(p.run))
	for _, r := range p.run {
		go func() {
			err := r(behind)
			if err != nil {
				stop(err)
			}
			ended <- err
		}()
	}
	err = server.Run(serving, o)
	cancel(nil)
	for range p.run {
		err = errors.Join(err, <-ended)
	}
	return err
}

// parts are what a server serves by, and what keeps that up to date.
type parts struct {
	server.Options
	run []func(context.Context) error
}
