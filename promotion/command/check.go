package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// exitNotReady is for a check that finds no controller that is ready.
const exitNotReady = 1

const checkUsage = `tiphys-controller check asks a controller whether it is ready.

Usage:
  tiphys-controller check --ready URL [flags]

Flags:
`

// check is the command by that name.
func check(ctx context.Context, args []string, s Streams) int {
	set := flag.NewFlagSet("tiphys-controller check", flag.ContinueOnError)
	set.SetOutput(s.Err)
	set.Usage = func() {
		set.SetOutput(s.Out)
		fmt.Fprint(s.Out, checkUsage)
		set.PrintDefaults()
	}
	url := set.String("ready", "http://localhost:8080/readyz", "the `URL` to ask")
	wait := set.Duration("wait", time.Minute, "how long to try again until it is ready")
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	case set.NArg() > 0:
		fmt.Fprintf(s.Err, "tiphys-controller check: argument %q is not expected: there are only flags\n", set.Arg(0))
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	if err := ready(ctx, *url); err != nil {
		fmt.Fprintf(s.Err, "tiphys-controller check: %v\n", err)
		return exitNotReady
	}
	fmt.Fprintln(s.Out, "the controller is ready: it has read all promotions")
	return exitOK
}

// ready asks until the answer is yes, or ctx is over.
func ready(ctx context.Context, url string) error {
	for {
		err := ask(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second): // nothing tells when it is
		}
	}
}

func ask(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s says that it is not ready: %s", url, strings.TrimSpace(string(text)))
	}
	return nil
}
