package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/lint/rules"
)

func newPostRender(s Streams) *cobra.Command {
	f := &flags{format: string(report.Text)}
	toParent := false
	c := &cobra.Command{
		Use:   "post-render",
		Short: "Lint what helm is about to apply: a post-renderer",
		Long: "post-render reads the manifests that helm rendered from standard input, lints them, and\n" +
			"prints them unchanged, byte for byte; what it finds goes to standard error. With findings\n" +
			"at or over --fail-on it prints no manifests and fails, and helm applies nothing.\n\n" +
			"Exit codes: 0 go on, 1 findings at or over --fail-on, 2 usage, 3 tiphys could not do its\n" +
			"work, 130 interrupted.",
		Example: "  helm upgrade etl . --post-renderer tiphys --post-renderer-args post-render    # Helm 3\n" +
			"  helm upgrade etl . --post-renderer tiphys-lint                                # Helm 4, with the plugin",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if toParent {
				if w, err := stderrOfParent(); err == nil {
					defer w.Close()
					s.Err = w
				}
			}
			config, err := readConfig(f.config)
			if err != nil {
				return err
			}
			p, err := f.plan(c, config)
			if err != nil {
				return err
			}
			p.report.Terse = true
			if p.report.Color, err = colors(f.color, true, s.Err); err != nil {
				return err
			}
			return postRender(c.Context(), s, p)
		},
	}
	set := c.Flags()
	set.StringVar(&f.failOn, "fail-on", "error", "least severity that stops helm: error, warning, info")
	set.StringVar(&f.show, "show", "warning", "least severity to show: error, warning, info")
	set.StringArrayVar(&f.rule, "rule", nil, "NAME=off|info|warning|error: change the severity of a rule; may be repeated")
	set.StringVar(&f.argoVersion, "argo-version", "", fmt.Sprintf("Argo Workflows version to check for, %s to %s (default the newest)", lint.Oldest, lint.Newest))
	set.StringVar(&f.color, "color", "auto", "colours of findings: auto, always, never")
	set.StringVar(&f.config, "config", "", "configuration file (default: "+configName+", from the working directory upwards)")
	set.BoolVarP(&f.quiet, "quiet", "q", false, "show only findings that stop helm")
	set.BoolVar(&toParent, "stderr-of-helm", false, "write findings to the standard error of helm itself, as helm keeps to itself what a post-renderer says")
	c.MarkFlagsMutuallyExclusive("quiet", "show")
	return c
}

// postRender lints standard input and copies it to standard output.
func postRender(ctx context.Context, s Streams, p *plan) error {
	text, rest, err := readHead(ctx, s.In)
	if err != nil {
		return err
	}
	if rest != nil {
		fmt.Fprintf(s.Err, "tiphys: not linted: the manifests are larger than the %d MiB that we read at once\n", readLimit>>20)
	} else if err := lintRendered(ctx, s, p, text); err != nil {
		return err
	}
	if _, err := s.Out.Write(text); err != nil {
		return broken(fmt.Errorf("write manifests: %w", err))
	}
	if rest == nil {
		return nil
	}
	if _, err := io.Copy(s.Out, rest); err != nil {
		return broken(fmt.Errorf("copy manifests: %w", err))
	}
	return nil
}

// readHead reads all of r, or as much as is linted at once: then rest is what
// comes after it.
func readHead(ctx context.Context, r io.Reader) (text []byte, rest io.Reader, err error) {
	var b bytes.Buffer
	done := make(chan error, 1)
	go func() { // left behind when ctx ends first: a read cannot be called off
		_, err := b.ReadFrom(io.LimitReader(r, readLimit+1))
		done <- err
	}()
	select {
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	case err := <-done:
		if err != nil {
			return nil, nil, broken(fmt.Errorf("read manifests: %w", err))
		}
	}
	if b.Len() > readLimit {
		rest = r
	}
	return b.Bytes(), rest, nil
}

// lintRendered reports on what helm rendered. There is no error when there is
// nothing to say, or nothing of Argo in it.
func lintRendered(ctx context.Context, s Streams, p *plan, text []byte) error {
	all, texts := []input{{stdinName, stdin}}, map[string][]byte{stdinName: text}
	r, err := lintAll(ctx, s, all, texts, p.lint)
	if err != nil {
		return err
	}
	err = report.Write(s.Err, report.Text, report.Report{
		Findings: r.Findings, Files: r.names, Documents: r.Documents, Rules: rules.All(), Version: Version(),
	}, p.report)
	if err != nil {
		return broken(fmt.Errorf("write report: %w", err))
	}
	r.complain(s.Err)
	switch {
	case len(r.Failures) > 0:
		return &exit{exitBroken, nil}
	case slices.ContainsFunc(r.Findings, func(f lint.Finding) bool { return f.Severity >= p.report.FailOn }):
		return &exit{exitFindings, nil}
	}
	return nil
}

// stderrOfParent opens the standard error of the process that started us, or
// the terminal: helm throws away what a post-renderer writes to its own.
func stderrOfParent() (*os.File, error) {
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/2", os.Getppid()), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		f, err = os.OpenFile("/dev/tty", os.O_WRONLY, 0)
	}
	return f, err
}
