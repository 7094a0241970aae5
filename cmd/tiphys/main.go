// Command tiphys checks Argo workflows before they run.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tiphys-dev/tiphys/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	os.Exit(cli.Main(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
