// Command release makes all that a release consists of, and publishes it:
//
//	release build   [-root DIR] [-out DIR] [-version VERSION] [-platforms OS/ARCH,...]
//	release publish [-out DIR] -registry HOST/PATH [-trial]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/tiphys-dev/tiphys/tools/release/dist"
	"github.com/tiphys-dev/tiphys/tools/release/publish"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("release", flag.ContinueOnError)
	root := set.String("root", ".", "the repository")
	folder := set.String("out", "dist", "the folder of the release")
	version := set.String("version", "", "try this version, which is no tag")
	platforms := set.String("platforms", "", "build only these, like linux/amd64")
	registry := set.String("registry", "", "publish to this registry, like ghcr.io/tiphys-dev")
	trial := set.Bool("trial", false, "publish even what is no release")
	if len(args) == 0 {
		return errors.New("say build or publish")
	}
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "build":
		return build(ctx, *root, *folder, *version, *platforms, out)
	case "publish":
		if *registry == "" {
			return errors.New("publish: there is no -registry, like ghcr.io/tiphys-dev")
		}
		return publish.All(ctx, publish.Options{Dist: *folder, Registry: *registry, Trial: *trial, Log: out})
	}
	return fmt.Errorf("%q is none of build, publish", args[0])
}

func build(ctx context.Context, root, folder, version, platforms string, out io.Writer) error {
	source, err := dist.Find(root, version)
	if err != nil {
		return err
	}
	o := dist.Options{Source: source, Out: folder, Log: out}
	if platforms != "" {
		o.Platforms = strings.Split(platforms, ",")
	}
	r, err := dist.Build(ctx, dist.Tiphys, o)
	if err != nil {
		return err
	}
	what := "release"
	if r.Trial {
		what = "trial, not a release,"
	}
	fmt.Fprintf(out, "%s holds the %s %s of commit %.12s, built with %s: %d files, SHA256SUMS of all\n", folder, what, r.Version, r.Commit, r.Go, len(r.Files)+1)
	return nil
}
