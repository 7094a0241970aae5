package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/packaging/rollout"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// deployFlags are those of upgrade and diff.
type deployFlags struct {
	chartFlags
	cluster clusterFlags
	lint    flags
	noLint  bool
	release release.Options
}

func (f *deployFlags) add(c *cobra.Command) {
	f.chartFlags.add(c)
	f.cluster.add(c)
	set := c.Flags()
	set.StringVar(&f.lint.failOn, "fail-on", "error", "least severity of a finding that stops the upgrade: error, warning, info")
	set.StringVar(&f.lint.show, "show", "warning", "least severity of findings to show: error, warning, info")
	set.StringArrayVar(&f.lint.rule, "rule", nil, "NAME=off|info|warning|error: change the severity of a rule; may be repeated")
	addPolicy(c, &f.lint.policy)
	set.StringVar(&f.lint.config, "config", "", "configuration file (default: "+configName+", from the working directory upwards)")
	set.StringVar(&f.lint.color, "color", "auto", "colours: auto, always, never")
}

// clusterFlags say which cluster.
type clusterFlags struct{ kubeconfig, context string }

func (f *clusterFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig file (default: as kubectl finds it)")
	c.Flags().StringVar(&f.context, "kube-context", "", "context of the kubeconfig (default: that of the environment, then the current one)")
}

func newUpgrade(s Streams) *cobra.Command {
	f := &deployFlags{}
	c := &cobra.Command{
		Use:   "upgrade [RELEASE] CHART",
		Short: "Install or upgrade a release: rendered, linted, decrypted in memory, applied, recorded without secrets",
		Long: "upgrade deploys a chart to an environment. It decrypts in memory, renders, lints what comes\n" +
			"out, and checks that no secret ends up outside of a Secret, before anything happens. Helm's\n" +
			"record of the release holds encrypted values only; Secrets are applied beside it. Any\n" +
			"stock helm can list, show and roll back such a release.\n\n" +
			"Exit codes: 0 deployed, 1 refused: findings, a missing key, a lock, or what the cluster\n" +
			"would not have, 2 usage, 3 the cluster cannot be reached or tiphys broke, 130 interrupted.",
		Example: "  tiphys upgrade charts/etl -e prod\n  tiphys upgrade etl charts/etl --namespace prod -f secrets.prod.yaml --set image.tag=2",
		Args:    releaseAndChart,
		RunE: func(c *cobra.Command, args []string) error {
			return f.upgrade(c, s, args)
		},
	}
	f.add(c)
	set, o := c.Flags(), &f.release
	set.BoolVar(&o.DryRun, "dry-run", false, "have the cluster check everything, and change nothing")
	set.BoolVar(&o.Wait, "wait", false, "wait until what was applied is ready")
	set.BoolVar(&o.WaitJobs, "wait-for-jobs", false, "with --wait, also until Jobs are done")
	set.DurationVar(&o.Timeout, "timeout", release.DefaultTimeout, "how long hooks and waiting may take")
	set.BoolVar(&o.RollbackOnFailure, "rollback-on-failure", false, "go back to the last good revision when it fails")
	set.BoolVar(&o.RollbackOnFailure, "atomic", false, "as --rollback-on-failure")
	set.IntVar(&o.HistoryMax, "history-max", release.DefaultHistoryMax, "how many revisions to keep; 0 for all")
	set.BoolVar(&o.CreateNamespace, "create-namespace", false, "make the namespace if it is not there")
	set.BoolVar(&o.NoHooks, "no-hooks", false, "run no hooks")
	set.BoolVar(&o.Force, "force", false, "replace objects that cannot be patched")
	set.BoolVar(&o.Unlock, "unlock", false, "take over from an operation that was left pending: make sure first that nobody is at it")
	set.StringVar(&o.Description, "description", "", "what to say of this revision in the history")
	set.BoolVar(&f.noLint, "no-lint", false, "deploy whatever lint says; secrets outside of Secrets stop it all the same")
	install := true
	set.BoolVarP(&install, "install", "i", true, "install if there is no release (always so; accepted for Helm's sake)")
	return c
}

func newDiff(s Streams) *cobra.Command {
	f := &deployFlags{}
	c := &cobra.Command{
		Use:   "diff [RELEASE] CHART",
		Short: "Show what an upgrade would change in the cluster",
		Long: "diff renders the chart as upgrade does, lets the cluster work out the result, and shows how it\n" +
			"differs from what is there now. Values of Secrets are masked.\n\n" +
			"Exit codes: 0 shown, 1 the chart or its values are wrong, 2 usage, 3 the cluster cannot be\n" +
			"reached or tiphys broke.",
		Example: "  tiphys diff charts/etl -e prod",
		Args:    releaseAndChart,
		RunE: func(c *cobra.Command, args []string) error {
			return f.diff(c, s, args)
		},
	}
	f.add(c)
	return c
}

func releaseAndChart(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return fmt.Errorf("%s needs a chart: %s", c.Name(), c.UseLine())
	case len(args) > 2:
		return fmt.Errorf("%s takes a release and a chart, and %d arguments are given", c.Name(), len(args))
	case slices.Contains(args, ""):
		return errors.New("an argument is empty")
	}
	return nil
}

// prepare reads, renders, checks. The Spec is nil when findings forbid going on;
// they are told then.
func (f *deployFlags) prepare(c *cobra.Command, s Streams, args []string) (*release.Client, *release.Spec, error) {
	ctx := c.Context()
	dir := args[len(args)-1]
	config, err := readConfig(f.lint.config)
	if err != nil {
		return nil, nil, err
	}
	f.lint.format = string(report.Text)
	plan, err := f.lint.plan(c, config)
	if err != nil {
		return nil, nil, err
	}
	if plan.report.Color, err = colors(f.lint.color, true, s.Err); err != nil {
		return nil, nil, err
	}
	in, err := f.read(ctx, dir, secrets.Open) // a missing key is told before anything else happens
	if err != nil {
		return nil, nil, err
	}
	name := in.Chart.Name
	if len(args) == 2 {
		name = args[0]
	}
	context := f.cluster.context
	if context == "" {
		context = in.Values.Environment.Context
	}
	client, err := release.Open(release.Target{Kubeconfig: f.cluster.kubeconfig, Context: context, Namespace: f.namespace})
	if err != nil {
		return nil, nil, clusterError(err)
	}
	state, err := client.Prepare(ctx, name)
	if err != nil {
		return nil, nil, clusterError(err)
	}
	held, err := plan.policies.of(in.Set, in.Values.Environment, client.Namespace())
	if err != nil {
		return nil, nil, err
	}
	o := plan.lint
	o.Policies = held
	check, err := in.Check(ctx, state, o)
	if err != nil {
		return nil, nil, err
	}
	if err := f.judge(s, check, plan); err != nil {
		return nil, nil, err
	}
	spec := in.Spec(check, state)
	spec.Environment = f.environment
	if f.asPackaged() {
		if spec.Digest, err = bundle.Digest(in.Set, in.Chart); err != nil {
			return nil, nil, deployError(err)
		}
	}
	return client, spec, nil
}

// judge prints findings, and says whether they stop the upgrade.
func (f *deployFlags) judge(s Streams, check *deploy.Check, p *plan) error {
	failOn := p.report.FailOn
	if f.noLint {
		failOn = rollout.Lenient
	}
	found, stop := rollout.Judge(append(check.Findings, p.policies.findings()...), p.lint, failOn)
	p.report.Terse = true
	r := report.Report{Findings: found, Files: check.Values.Files, Documents: len(check.Values.Files), Rules: p.lint.Rules, Version: Version()}
	if err := report.Write(s.Err, report.Text, r, p.report); err != nil {
		return broken(fmt.Errorf("write report: %w", err))
	}
	if stop {
		return &exit{exitFindings, errors.New("nothing was changed in the cluster: mend the findings above")}
	}
	return nil
}

func (f *deployFlags) upgrade(c *cobra.Command, s Streams, args []string) error {
	client, spec, err := f.prepare(c, s, args)
	if err != nil {
		return err
	}
	o := f.release
	o.Log = func(line string) { fmt.Fprintln(s.Err, "tiphys:", printable(line)) }
	if o.HistoryMax == 0 && c.Flags().Changed("history-max") {
		o.HistoryMax = -1
	}
	start := time.Now()
	result, err := client.Upgrade(c.Context(), *spec, o)
	if result != nil {
		tellUpgrade(s, result, time.Since(start))
	}
	if err != nil {
		return clusterError(err)
	}
	return nil
}

// tellUpgrade says how far an upgrade got.
func tellUpgrade(s Streams, r *release.Result, took time.Duration) {
	for _, w := range r.Warnings {
		fmt.Fprintln(s.Err, "tiphys: warning:", printable(w))
	}
	if r.Recovered > 0 {
		fmt.Fprintf(s.Err, "tiphys: revision %d was left pending by a run that is gone; it is marked failed\n", r.Recovered)
	}
	verb := "upgraded"
	if r.Installed {
		verb = "installed"
	}
	switch {
	case r.DryRun:
		fmt.Fprintf(s.Out, "release %q in namespace %q would be %s: revision %d\n", r.Name, r.Namespace, verb, r.Revision)
	case r.Uninstalled:
		fmt.Fprintf(s.Out, "release %q in namespace %q failed, and was removed again\n", r.Name, r.Namespace)
	case r.RolledBack > 0:
		fmt.Fprintf(s.Out, "release %q in namespace %q failed, and was rolled back to revision %d\n", r.Name, r.Namespace, r.RolledBack)
	case r.Status == "deployed":
		fmt.Fprintf(s.Out, "release %q in namespace %q was %s: revision %d, %s\n", r.Name, r.Namespace, verb, r.Revision, took.Round(100*time.Millisecond))
	}
	if len(r.Applied) > 0 {
		fmt.Fprintf(s.Out, "secrets beside the record: %s\n", printable(strings.Join(r.Applied, ", ")))
	}
	if len(r.Pruned) > 0 {
		fmt.Fprintf(s.Out, "secrets removed: %s\n", printable(strings.Join(r.Pruned, ", ")))
	}
	if r.Notes != "" && r.Status == "deployed" {
		fmt.Fprintln(s.Out)
		for line := range strings.Lines(strings.TrimSpace(r.Notes)) {
			fmt.Fprintln(s.Out, printable(strings.TrimRight(line, "\r\n")))
		}
	}
}

func (f *deployFlags) diff(c *cobra.Command, s Streams, args []string) error {
	f.noLint = true
	client, spec, err := f.prepare(c, s, args)
	if err != nil {
		return err
	}
	changes, err := client.Diff(c.Context(), *spec)
	if err != nil {
		return clusterError(err)
	}
	color, err := colors(f.lint.color, true, s.Out)
	if err != nil {
		return err
	}
	if err := release.WriteDiff(s.Out, changes, color); err != nil {
		return failed(err)
	}
	return nil
}

// clusterError tells what was refused from a cluster that cannot be used.
func clusterError(err error) error {
	var refused *release.Refused
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &refused), errors.Is(err, os.ErrNotExist):
		return &exit{exitFindings, err}
	}
	return broken(err)
}
