package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lsp"
)

// typingPause is how long the text must have been left alone before it is
// linted: shorter than a look at what was typed takes.
const typingPause = 150 * time.Millisecond

func newLSP(s Streams) *cobra.Command {
	var config string
	c := &cobra.Command{
		Use:   "lsp",
		Short: "Serve an editor over the Language Server Protocol",
		Long: "lsp speaks the Language Server Protocol on standard input and output, for an editor that\n" +
			"starts it. Standard error is its log. docs/editors.md shows how to set editors up.\n\n" +
			"Exit codes: 0 the editor said goodbye, 1 it left without, 2 usage.",
		Example: "  tiphys lsp",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return errors.New("lsp takes no arguments: it is started by an editor")
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			err := lsp.Serve(c.Context(), s.In, s.Out, lsp.Options{
				Version: Version(), Delay: typingPause, Log: s.Err,
				Settings: func(dir string) (lsp.Settings, error) { return editor(c, dir, config) },
			})
			if errors.Is(err, lsp.ErrAbandoned) {
				return &exit{exitFindings, err}
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().StringVar(&config, "config", "", "configuration file (default: "+configName+", from the workspace folder upwards)")
	c.Flags().Bool("stdio", true, "accepted because editors pass it: there is no other way to talk")
	if err := c.Flags().MarkHidden("stdio"); err != nil {
		panic(err) // no such flag
	}
	return c
}

// editor returns the settings that hold in a folder. When they cannot be read,
// the defaults come with the error: a slip in them must not blind the editor.
func editor(c *cobra.Command, dir, file string) (lsp.Settings, error) {
	if file == "" && dir != "" {
		file = findConfig(dir)
	}
	read := &config{}
	var wrong error
	if file != "" {
		found, err := readConfig(file)
		if err != nil {
			wrong = fmt.Errorf("%w; the defaults hold until this is mended", err)
		} else {
			read = found
		}
	}
	defaults := &flags{format: "text", settings: settings{failOn: "error", show: "warning"}}
	p, err := defaults.plan(c, read)
	if err != nil && len(read.policies) > 0 {
		wrong = fmt.Errorf("%w; no policy holds until this is mended", err)
		read.policies = nil
		p, err = defaults.plan(c, read)
	}
	if err != nil {
		return lsp.Settings{}, err // what readConfig has checked
	}
	return lsp.Settings{Lint: p.lint, Show: p.report.Show, Excluded: func(path string) bool {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		return slices.ContainsFunc(p.exclude, func(g glob) bool { return g.match(path) })
	}}, wrong
}
