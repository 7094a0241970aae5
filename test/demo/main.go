// Command demo plays docs/demo.md: it runs the commands of that page on an API
// server of its own, shows each with what it answered, and fails if anything is
// not as the page says. Run it as: make demo
//
// It takes nothing but a temporary folder and free ports of this machine, and
// gives them back however it ends: what runs beside it belongs to a second process,
// which cleans up as soon as the first is gone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	if filepath.Base(os.Args[0]) == browser {
		os.Exit(look(os.Stdin, os.Stdout, os.Args[1:]))
	}
	var o options
	stage := flag.Bool("stage", false, "be the process beside: run the API server, and what runs in its cluster, until standard input is closed")
	flag.StringVar(&o.root, "root", ".", "the `folder` of the project")
	flag.StringVar(&o.bin, "bin", "bin", "the `folder` of tiphys, tiphys-webhook and tiphys-controller")
	flag.StringVar(&o.color, "color", "auto", "print in colour: auto, always or never")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	role := demonstrate
	if *stage {
		role = beside
	}
	err := role(ctx, o)
	switch {
	case ctx.Err() != nil:
		os.Exit(130)
	case err != nil:
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

type options struct {
	root, bin, color string
}

// absolute has relative folders begin at the working directory.
func (o *options) absolute() (err error) {
	if o.root, err = filepath.Abs(o.root); err != nil {
		return err
	}
	o.bin, err = filepath.Abs(o.bin)
	return err
}

// tool is the path of a program that make has built for tests.
func (o *options) tool(name string) string { return filepath.Join(o.root, "bin", "test", name) }

// demonstrate plays the page.
func demonstrate(ctx context.Context, o options) error {
	if err := o.absolute(); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(o.root, "docs", "demo.md"))
	if err != nil {
		return err
	}
	p, err := parse(string(text))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go orphaned(ctx, cancel)
	s, err := startStage(o)
	if err != nil {
		return err
	}
	player := &player{options: o, stage: s, out: os.Stdout, in: lines(os.Stdin), began: time.Now(), paint: painter(o.color), secret: p.secret}
	err = player.play(ctx, p)
	if err != nil && ctx.Err() == nil {
		s.logs(os.Stderr)
	}
	if ctx.Err() != nil {
		err = errors.Join(err, context.Cause(ctx))
	}
	return errors.Join(err, s.stop())
}

// orphaned ends the demonstration when whoever started it is gone, as make is
// after it was killed: nobody looks on any more.
func orphaned(ctx context.Context, cancel context.CancelCauseFunc) {
	parent := os.Getppid()
	for ctx.Err() == nil {
		if os.Getppid() != parent {
			cancel(errors.New("whoever started it is gone"))
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// lines hands out what is typed, line by line, and ends with the input.
func lines(in io.Reader) <-chan struct{} {
	typed := make(chan struct{})
	if os.Getenv("DEMO_PAUSE") == "" {
		return typed
	}
	go func() {
		defer close(typed)
		b := make([]byte, 1)
		for {
			n, err := in.Read(b)
			if n == 1 && b[0] == '\n' {
				typed <- struct{}{}
			}
			if err != nil {
				return
			}
		}
	}()
	return typed
}
