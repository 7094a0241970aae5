package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// valuesFlags are those of values and environments.
type valuesFlags struct {
	environment, format, show, color string

	report report.Options // what show and color come to
}

func newValues(s Streams) *cobra.Command {
	f := &valuesFlags{}
	c := &cobra.Command{
		Use:   "values [CHART]",
		Short: "Show the values of a chart in an environment, and where each comes from",
		Long: "values merges the values of a chart in an environment and prints them, each with the file\n" +
			"and line that it came from; secrets are masked, and nothing is decrypted. What is wrong\n" +
			"with the values is told on standard error. Without a CHART, it is the working directory.\n\n" +
			"Exit codes: 0 clean or warnings, 1 errors in the values, 2 usage, such as an unknown\n" +
			"environment, 3 tiphys could not do its work.",
		Example: "  tiphys values charts/etl -e prod\n  tiphys values charts/etl -e prod --format json",
		Args:    oneFolder,
		RunE: func(c *cobra.Command, args []string) error {
			return f.values(c.Context(), s, folderOf(args))
		},
	}
	c.Flags().StringVarP(&f.environment, "environment", "e", "", "environment whose values to show")
	f.add(s, c, "yaml", "json")
	completeEnvironment(c, func(args []string) (*environment.Set, error) { return environment.Open(folderOf(args)) })
	return c
}

// completeEnvironment completes the flag by what the folder that the arguments
// name has.
func completeEnvironment(c *cobra.Command, open func(args []string) (*environment.Set, error)) {
	complete := func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		set, err := open(args)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return set.Names(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
	if err := c.RegisterFlagCompletionFunc("environment", complete); err != nil {
		panic(err) // no such flag
	}
}

func newEnvironments(s Streams) *cobra.Command {
	f := &valuesFlags{}
	c := &cobra.Command{
		Use:     "environments [CHART]",
		Short:   "List the environments of a chart in the order of promotion",
		Example: "  tiphys environments\n  tiphys environments charts/etl --format json",
		Args:    oneFolder,
		RunE: func(c *cobra.Command, args []string) error {
			return f.environments(c.Context(), s, folderOf(args))
		},
	}
	f.add(s, c, "text", "json")
	return c
}

func (f *valuesFlags) add(s Streams, c *cobra.Command, formats ...string) {
	set := c.Flags()
	set.StringVarP(&f.format, "format", "f", formats[0], "how to print: "+strings.Join(formats, ", "))
	set.StringVar(&f.show, "show", "warning", "least severity of findings to show: error, warning, info")
	set.StringVar(&f.color, "color", "auto", "colours of findings: auto, always, never")
	c.PreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(formats, f.format) {
			return fmt.Errorf("--format %q is none of %s%s", f.format, strings.Join(formats, ", "), near.Hint(f.format, formats))
		}
		var err error
		if f.report.Show, err = threshold(f.show); err != nil {
			return fmt.Errorf("--show %w", err)
		}
		f.report.Terse = true
		f.report.Color, err = colors(f.color, true, s.Err)
		return err
	}
	for name, values := range map[string][]string{
		"format": formats, "show": {"error", "warning", "info"}, "color": {"auto", "always", "never"},
	} {
		if err := c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
			panic(err) // a name above is not a flag
		}
	}
}

func oneFolder(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%s takes the folder of one chart, and %d are given", c.Name(), len(args))
	}
	if slices.Contains(args, "") {
		return errors.New("the folder of the chart is empty; without one, it is the working directory")
	}
	return nil
}

func folderOf(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

func (f *valuesFlags) values(ctx context.Context, s Streams, dir string) error {
	set, err := openSet(dir)
	if err != nil {
		return err
	}
	if f.environment == "" {
		return fmt.Errorf("values needs an environment: -e NAME; %s", have(set))
	}
	e := set.Find(f.environment)
	if e == nil {
		for _, finding := range set.Findings { // a folder of this name that is not read
			if at := finding.Span.File; at != nil && filepath.Base(at.Name) == f.environment {
				return f.tell(s, []lint.Finding{finding}, nil)
			}
		}
		return fmt.Errorf("there is no environment %q%s; %s", f.environment, near.Hint(f.environment, set.Names()), have(set))
	}
	var v *environment.Values
	chart, broke := render.Load(dir)
	if broke == nil {
		v, err = deploy.Values(set, chart, e)
	} else { // its own values can be told all the same
		v, err = set.Values(e)
	}
	switch {
	case errors.Is(err, environment.ErrNoChart):
		return err
	case err != nil:
		return broken(err)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	switch {
	case v.Root == nil: // a part of the values is no answer
	case f.format == "json":
		err = set.WriteJSON(s.Out, v)
	default:
		err = v.WriteYAML(s.Out)
	}
	if err != nil {
		return failed(err)
	}
	return f.tell(s, v.Findings, v.Files)
}

func (f *valuesFlags) environments(ctx context.Context, s Streams, dir string) error {
	set, err := openSet(dir)
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case len(set.Environments) == 0:
		return errors.New(have(set))
	}
	if f.format == "json" {
		err = set.WriteEnvironments(s.Out)
	} else {
		t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "NAME\tNAMESPACE\tCONTEXT\tPROMOTED FROM")
		for _, e := range set.Environments {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", printable(e.Name), orDash(e.Namespace), orDash(e.Context), orDash(e.PromotedFrom))
		}
		err = t.Flush()
	}
	if err != nil {
		return failed(err)
	}
	return f.tell(s, set.Findings, nil)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return printable(s)
}

// openSet reads the environments of a chart. A folder that is not there is a
// mistake of usage.
func openSet(dir string) (*environment.Set, error) {
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, missing(dir)
	} else if err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s is a file: name the folder of the chart", dir)
	}
	set, err := environment.Open(dir)
	if err != nil {
		return nil, broken(err)
	}
	return set, nil
}

// have says which environments there are.
func have(set *environment.Set) string {
	if len(set.Environments) == 0 {
		return fmt.Sprintf("there are no environments: no folder environments/NAME in %s, nor above it as far as the root of the repository", set.Chart)
	}
	return "the environments are " + strings.Join(set.Names(), ", ")
}

// tell prints findings to standard error; the exit code says whether there
// are errors among them.
func (f *valuesFlags) tell(s Streams, findings []lint.Finding, files []string) error {
	for _, finding := range findings { // also files that were not merged
		if at := finding.Span.File; at != nil && !slices.Contains(files, at.Name) {
			files = append(files, at.Name)
		}
	}
	r := report.Report{Findings: findings, Files: files, Documents: len(files), Rules: environment.Rules(), Version: Version()}
	if err := report.Write(s.Err, report.Text, r, f.report); err != nil {
		return broken(fmt.Errorf("write report: %w", err))
	}
	if slices.ContainsFunc(findings, func(f lint.Finding) bool { return f.Severity == lint.Error }) {
		return &exit{exitFindings, nil}
	}
	return nil
}
