// Package helmsecrets is the plugin behind "helm secrets COMMAND": it opens the
// encrypted files of a helm command line in memory, and runs helm with them.
//
// It promises that no decrypted value is written to a disk, to a command line
// or to an environment, and that helm is not started before all files were
// opened.
package helmsecrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// Options are what the plugin is run with.
type Options struct {
	In       io.Reader
	Out, Err io.Writer

	// Secrets runs "tiphys secrets" with these arguments, and returns its exit
	// code: encrypt and edit are left to it.
	Secrets func(ctx context.Context, args []string) int
	// Version is printed for --version.
	Version string

	// pipes hands files over through pipes even where there is better.
	pipes bool
}

// An ExitError is the exit code of what was run; it has told why itself.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// plugin is one run.
type plugin struct {
	Options
	settings
}

// Run runs the plugin with the arguments after "helm secrets".
func Run(ctx context.Context, args []string, o Options) error {
	s, err := fromEnvironment(os.Getenv)
	if err != nil {
		return err
	}
	p := &plugin{Options: o, settings: s}
	if args, err = p.options(args); err != nil {
		return err
	}
	if len(args) == 0 {
		io.WriteString(o.Out, usage)
		return &ExitError{1}
	}
	switch command, rest := args[0], args[1:]; command {
	case "help", "--help", "-h":
		return p.print(usage)
	case "--version", "-v":
		return p.print("tiphys " + o.Version + "\n")
	case "dir":
		return p.dir()
	case "decrypt", "dec":
		return p.decrypt(ctx, rest)
	case "encrypt", "enc", "edit":
		return p.secrets(ctx, command, rest)
	case "downloader":
		return p.download(ctx, rest)
	default:
		return p.helm(ctx, args)
	}
}

func (p *plugin) print(text string) error {
	_, err := io.WriteString(p.Out, text)
	return err
}

func (p *plugin) dir() error {
	dir := os.Getenv("HELM_PLUGIN_DIR")
	if dir == "" {
		return errors.New("HELM_PLUGIN_DIR is not set: run it as helm secrets dir")
	}
	return p.print(dir + "\n")
}

// note says something that does not stop the run, unless it is to be quiet.
func (p *plugin) note(format string, args ...any) {
	if !p.quiet {
		fmt.Fprintf(p.Err, "helm secrets: note: "+format+"\n", args...)
	}
}

// options reads the options before the command, and returns what comes after
// them.
func (p *plugin) options(args []string) ([]string, error) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		name, value, hasValue := strings.Cut(args[0], "=")
		switch name {
		case "-h", "--help", "-v", "--version":
			return args, nil
		case "-q", "--quiet":
			p.quiet = true
			args = args[1:]
			continue
		}
		takesBool := slices.Contains(boolOptions(), name)
		if !takesBool && !slices.Contains(valueOptions(), name) {
			have := slices.Concat(boolOptions(), valueOptions(), []string{"--quiet", "--help", "--version"})
			return nil, fmt.Errorf("there is no option %q before the command%s; options of helm come after it", name, near.Hint(name, have))
		}
		args = args[1:]
		if !hasValue && len(args) > 0 && (!takesBool || args[0] == "true" || args[0] == "false") {
			value, hasValue, args = args[0], true, args[1:]
		}
		if !hasValue && takesBool {
			value, hasValue = "true", true
		}
		if !hasValue {
			return nil, fmt.Errorf("%s needs a value", name)
		}
		if err := p.option(name, value); err != nil {
			return nil, err
		}
	}
	return args, nil
}

func boolOptions() []string {
	return []string{"--ignore-missing-values", "--evaluate-templates", "--evaluate-templates-decode-secrets", "--decrypt-secrets-in-tmp-dir"}
}

func valueOptions() []string {
	return []string{"-b", "--backend", "-a", "--backend-args"}
}

func (p *plugin) option(name, value string) error {
	switch name {
	case "-b", "--backend":
		return checkBackend(name, value)
	case "-a", "--backend-args":
		return checkArguments(name, value)
	}
	on, err := parseBool(name, value)
	switch {
	case err != nil:
		return err
	case name == "--ignore-missing-values":
		p.ignoreMissing = on
	case strings.HasPrefix(name, "--evaluate-templates") && on:
		return noTemplates(name)
	}
	return nil // --decrypt-secrets-in-tmp-dir: nothing is written, there or elsewhere
}
