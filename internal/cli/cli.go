// Package cli is the command line of tiphys: arguments, streams and exit codes
// in, nothing else.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tiphys-dev/tiphys/internal/version"
	"github.com/tiphys-dev/tiphys/lint/near"
)

// Exit codes, documented in docs/cli.md.
const (
	exitClean       = 0
	exitFindings    = 1
	exitUsage       = 2
	exitBroken      = 3
	exitInterrupted = 130
)

// issues is where to report what must not happen.
const issues = "https://github.com/tiphys-dev/tiphys/issues"

// Streams are what a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// An exit is an error that knows its code. With a nil error nothing is said.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func broken(err error) error { return &exit{exitBroken, err} }

// Main runs tiphys with args and returns the exit code.
func Main(ctx context.Context, args []string, s Streams) (code int) {
	defer func() {
		if e := recover(); e != nil {
			internalError(s.Err, fmt.Errorf("%v\n%s", e, debug.Stack()))
			code = exitBroken
		}
	}()
	log.SetOutput(io.Discard) // Helm's library logs values there, which may be secrets
	root := newRoot(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch e, wrong := (*exit)(nil), (*wrongPolicy)(nil); {
	case ctx.Err() != nil:
		fmt.Fprintln(s.Err, "tiphys: interrupted")
		return exitInterrupted
	case err == nil:
		return exitClean
	case errors.Is(err, syscall.EPIPE): // the reader has seen enough
		return exitClean
	case errors.As(err, &wrong):
		return wrong.tell(s)
	case errors.As(err, &e):
		if e.err != nil {
			fmt.Fprintln(s.Err, "tiphys:", printable(e.err.Error()))
		}
		return e.code
	}
	fmt.Fprintln(s.Err, "tiphys:", printable(oneLine(err)))
	return exitUsage
}

// oneLine makes one line of what cobra says about unknown commands.
func oneLine(err error) string {
	text, hint, found := strings.Cut(err.Error(), "\n\nDid you mean this?\n")
	if !found {
		return text
	}
	return text + "; did you mean " + strings.Join(strings.Fields(hint), " or ") + "?"
}

func internalError(w io.Writer, err error) {
	fmt.Fprintf(w, "tiphys: internal error: %v\ntiphys: this is a bug in tiphys, not in your manifests; please report it at %s\n",
		strings.TrimSpace(err.Error()), issues)
}

func newRoot(s Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "tiphys",
		Short: "Steer Argo workflows: find what is wrong with them before they run",
		Long: "tiphys finds what is wrong with Argo workflows before they run: cycles, misspelt\n" +
			"tags, missing arguments, secrets in the clear. It needs no cluster.",
		Example:       "  tiphys lint workflows/\n  helm template . | tiphys lint -\n  tiphys explain dag-cycle",
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       Version(),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return unknownCommand(c, args[0])
		},
	}
	root.SetVersionTemplate(version.Line("tiphys") + "\n")
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		newLint(s), newRules(s), newExplain(s), newGraph(s), newLSP(s),
		newNew(s), newImport(s), newValues(s), newEnvironments(s), newRender(s), newSecrets(s),
		newUpgrade(s), newDiff(s),
		newHistory(s), newStatus(s), newRollback(s), newUninstall(s),
		newPackage(s), newPush(s), newPull(s), newVerify(s, inCluster),
		newHelmSecrets(s), newPostRender(s), newPolicy(s),
		newPromote(s), newPromotions(s), newWhy(s), newApprove(s), newReject(s), newFreeze(s),
		newVersion(s),
	)
	return root
}

func unknownCommand(c *cobra.Command, name string) error {
	var have []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			have = append(have, sub.Name())
		}
	}
	return fmt.Errorf("unknown command %q%s; see tiphys --help", name, near.Hint(name, have))
}

// flagError adds the nearest flag to the complaint about one that is unknown.
func flagError(c *cobra.Command, err error) error {
	name, found := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !found {
		return fmt.Errorf("%w; see %s --help", err, c.CommandPath())
	}
	var have []string
	c.Flags().VisitAll(func(f *pflag.Flag) { have = append(have, f.Name) })
	hint := ""
	if n, ok := near.Name(name, have); ok {
		hint = "; did you mean --" + n + "?"
	}
	return fmt.Errorf("%w%s; see %s --help", err, hint, c.CommandPath())
}
