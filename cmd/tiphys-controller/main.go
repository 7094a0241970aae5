// Command tiphys-controller takes packages from environment to environment.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tiphys-dev/tiphys/promotion/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	os.Exit(command.Main(ctx, os.Args[1:], command.Streams{Out: os.Stdout, Err: os.Stderr}))
}
