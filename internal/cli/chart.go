package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// lintCharts lints what charts become, and adds it to the run.
func lintCharts(ctx context.Context, s Streams, charts []string, p *plan, r *run) error {
	known := map[string]bool{}
	for _, dir := range charts {
		set, err := environment.Open(dir)
		if err != nil {
			return broken(err)
		}
		if library, err := render.Library(dir); err == nil && library {
			continue // it becomes nothing by itself
		}
		for _, name := range p.environments {
			if set.Find(name) == nil && len(charts) == 1 {
				return fmt.Errorf("there is no environment %q%s; %s", name, near.Hint(name, set.Names()), have(set))
			}
			known[name] = known[name] || set.Find(name) != nil
		}
		if err := lintChart(ctx, dir, set, p, r); err != nil {
			return err
		}
	}
	for _, name := range p.environments {
		if len(charts) == 0 {
			return errors.New("--environment is for charts, and there is none here")
		}
		if !known[name] {
			return fmt.Errorf("no chart here has an environment %q", name)
		}
	}
	lint.Sort(r.Findings)
	return nil
}

func lintChart(ctx context.Context, dir string, set *environment.Set, p *plan, r *run) error {
	chart, err := render.Load(dir)
	if err != nil { // nothing of it can be deployed as it is
		r.Findings = append(r.Findings, lint.Finding{
			Rule: deploy.RuleBroken, Severity: deploy.RuleBroken.Severity, Message: err.Error(),
			Span: source.Span{File: source.NewFile(filepath.Join(dir, "Chart.yaml"), nil)},
		})
		r.names = insert(r.names, filepath.Join(dir, "Chart.yaml"))
		return nil
	}
	held, err := p.policies.ofChart(set, p.environments)
	if err != nil {
		return err
	}
	found, err := deploy.LintChart(ctx, chart, set, deploy.Options{Lint: p.lint, Policies: held, Environments: p.environments, Decrypt: p.decrypt})
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return deployError(err)
	}
	plain := map[string]bool{} // what was found in files of the chart as they are
	for _, f := range r.Findings {
		plain[identity(f)] = true
	}
	for _, f := range found.Findings {
		if s, ok := p.lint.Severity[f.Rule.Name]; ok && f.Policy == "" {
			f.Severity = s
		}
		if f.Severity != lint.Off && !plain[identity(f)] {
			r.Findings = append(r.Findings, f)
		}
	}
	r.Objects += found.Objects
	r.Documents += found.Documents
	r.Failures = append(r.Failures, found.Failures...)
	for _, name := range found.Files {
		r.names = insert(r.names, name)
	}
	return nil
}

// identity tells findings apart by what they say of which text.
func identity(f lint.Finding) string {
	if !f.Span.Known() {
		return f.Rule.Name + "\x00" + f.Path + "\x00" + f.Message + "\x00" + f.Policy
	}
	return fmt.Sprintf("%s\x00%s\x00%d\x00%s\x00%s", f.Rule.Name, f.Span.File.Name, f.Span.Offset(), f.Message, f.Policy)
}

// insert adds a name to a sorted list once.
func insert(sorted []string, name string) []string {
	i, known := slices.BinarySearch(sorted, name)
	if known {
		return sorted
	}
	return slices.Insert(sorted, i, name)
}

// deployError sorts an error of packaging by whose fault it is: that of a file
// or a key is no fault of ours, and not a wrong command line either.
func deployError(err error) error { return &exit{exitFindings, err} }

// addDecrypt adds the flag that says whether true values are used.
func addDecrypt(c *cobra.Command, to *string) {
	modes := []string{"auto", "always", "never"}
	c.Flags().StringVar(to, "decrypt", "auto", "use the true values of encrypted files: auto (if an age key for them is here), always, never")
	if err := c.RegisterFlagCompletionFunc("decrypt", cobra.FixedCompletions(modes, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // no such flag
	}
}

// decryption is what the flag means.
func decryption(mode string) (deploy.Decrypt, error) {
	switch mode {
	case "always":
		return secrets.Open, nil
	case "auto":
		return deploy.Auto, nil
	case "never", "": // or nothing said
		return nil, nil
	}
	return nil, fmt.Errorf("--decrypt %q is none of auto, always, never%s", mode, near.Hint(mode, []string{"auto", "always", "never"}))
}
