package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
)

func newLint(s Streams) *cobra.Command {
	f := &flags{}
	c := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Report what is wrong with workflows",
		Long: "lint reports what is wrong with the workflows in files and folders. Of a folder, all\n" +
			".yaml, .yml and .json files are read, hidden ones left out; - reads standard input.\n" +
			"A Helm chart is rendered for each of its environments, and a finding leads back to the\n" +
			"line of the template, or of the values file that brought the wrong value.\n" +
			"Without a path, it lints the working directory.\n" +
			"Policies say what is denied, warned of or let be: those of --policy, of .tiphys.yaml and,\n" +
			"for charts, of each environment.\n\n" +
			"Exit codes: 0 clean, 1 findings at or over --fail-on, 2 usage or nothing to lint,\n" +
			"3 tiphys could not do its work, 130 interrupted.",
		Example: "  tiphys lint\n  tiphys lint workflows/ sensor.yaml\n  tiphys lint charts/etl -e prod\n  helm template . | tiphys lint -\n" +
			"  tiphys lint --rule image-unpinned=off --fail-on warning\n  tiphys lint --policy production",
		RunE: func(c *cobra.Command, paths []string) error {
			config, err := readConfig(f.config)
			if err != nil {
				return err
			}
			p, err := f.plan(c, config)
			if err != nil {
				return err
			}
			if p.report.Color, err = colors(f.color, f.output == "", s.Out); err != nil {
				return err
			}
			return runLint(c.Context(), s, p, f.output, paths)
		},
	}
	f.add(c)
	return c
}

func runLint(ctx context.Context, s Streams, p *plan, output string, paths []string) error {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	in, err := gather(ctx, paths, p.exclude)
	if err != nil {
		return err
	}
	if s := p.policies; s != nil && s.defaults && len(s.always) == 0 && len(in.charts) == 0 {
		return errors.New("--defaults shows what policies write, and there is no policy: name one with --policy, or in " + configName)
	}
	slices.Sort(in.notes)
	for _, n := range in.notes {
		fmt.Fprintln(s.Err, "tiphys:", printable(n))
	}
	run, err := lintOrFix(ctx, s, in.all, p)
	if err != nil {
		return err
	}
	run.troubles = append(run.troubles, in.troubles...)
	if !p.repair.diff {
		if err := deploy.Until(ctx, func() error { return lintCharts(ctx, s, in.charts, p, run) }); err != nil {
			return err
		}
	}

	for _, f := range p.policies.findings() {
		run.Findings = append(run.Findings, f)
		run.names = insert(run.names, f.Span.File.Name)
	}
	lint.Sort(run.Findings)

	verdict := run.verdict(p, paths)
	shown := run.Objects > 0 || len(run.Findings) > 0 || p.format != report.Text
	if p.repair.diff { // standard output is for the patch
		shown = false
	}
	if shown || output != "" {
		if err := write(s, output, p, run); err != nil {
			if errors.Is(err, syscall.EPIPE) { // the reader has seen enough
				return verdict
			}
			return broken(fmt.Errorf("write report: %w", err))
		}
	}
	run.complain(s.Err)
	return verdict
}

// verdict is the exit code, and why when the report does not tell.
func (r *run) verdict(p *plan, paths []string) error {
	fails := slices.ContainsFunc(r.Findings, func(f lint.Finding) bool { return f.Severity >= p.report.FailOn })
	var nothing error
	if r.Objects == 0 && (len(r.names) > 0 || len(r.troubles) == 0) {
		nothing = nothingLinted(r, paths)
	}
	switch {
	case len(r.troubles) > 0 || len(r.Failures) > 0:
		return &exit{exitBroken, nothing}
	case fails: // nothing was linted, because nothing can be read: the findings say so
		return &exit{exitFindings, nil}
	case r.unfixed:
		return &exit{exitFindings, nothing}
	case nothing != nil:
		return &exit{exitUsage, nothing}
	}
	return nil
}

func nothingLinted(r *run, paths []string) error {
	if len(r.names) == 0 {
		return fmt.Errorf("nothing was linted: there is no .yaml, .yml or .json file in %s", printable(strings.Join(paths, ", ")))
	}
	return fmt.Errorf("nothing was linted: no Workflow, WorkflowTemplate, ClusterWorkflowTemplate, CronWorkflow or Sensor in %s",
		report.Count(len(r.names), "file"))
}

// complain says what went wrong with us rather than with the manifests.
func (r *run) complain(w io.Writer) {
	slices.Sort(r.troubles)
	for _, t := range r.troubles {
		fmt.Fprintln(w, "tiphys:", printable(t))
	}
	const enough = 3
	for i, err := range r.Failures {
		if i == enough {
			fmt.Fprintf(w, "tiphys: and %s like these\n", report.Count(len(r.Failures)-enough, "internal error"))
			break
		}
		internalError(w, err)
	}
}

func write(s Streams, output string, p *plan, r *run) error {
	out := s.Out
	var file *os.File
	if output != "" {
		f, err := os.Create(output)
		if err != nil {
			return err
		}
		file, out = f, f
	}
	err := report.Write(out, p.format, report.Report{
		Findings: r.Findings, Files: r.names, Documents: r.Documents,
		Rules: allRules(), Version: Version(),
	}, p.report)
	if file != nil {
		err = errors.Join(err, file.Close())
	}
	return err
}
