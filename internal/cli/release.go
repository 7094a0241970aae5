package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/release"
)

// releaseFlags say which release of which cluster, for the commands that need
// no chart.
type releaseFlags struct {
	environment, namespace string
	cluster                clusterFlags
	options                release.Options
}

func (f *releaseFlags) add(c *cobra.Command) {
	set := c.Flags()
	set.StringVarP(&f.environment, "environment", "e", "", "environment whose namespace and context to use")
	set.StringVarP(&f.namespace, "namespace", "n", "", "namespace of the release (default: that of the environment, then that of the context)")
	f.cluster.add(c)
	c.ValidArgsFunction = cobra.NoFileCompletions
	completeEnvironment(c, func(args []string) (*environment.Set, error) {
		set, _, err := whichRelease(strings.Join(args, ""))
		return set, err
	})
}

// change adds the flags of commands that change something.
func (f *releaseFlags) change(c *cobra.Command) {
	set, o := c.Flags(), &f.options
	set.BoolVar(&o.DryRun, "dry-run", false, "tell what would be done, and change nothing")
	set.BoolVar(&o.Wait, "wait", false, "wait until it is done")
	set.DurationVar(&o.Timeout, "timeout", release.DefaultTimeout, "how long hooks and waiting may take")
	set.BoolVar(&o.NoHooks, "no-hooks", false, "run no hooks")
	set.BoolVar(&o.Unlock, "unlock", false, "take over from an operation that was left pending: make sure first that nobody is at it")
}

func oneRelease(c *cobra.Command, args []string) error {
	most := 1
	if c.Name() == "rollback" {
		most = 2
	}
	switch {
	case len(args) == 0:
		return fmt.Errorf("%s needs a release: %s", c.Name(), c.UseLine())
	case len(args) > most:
		return fmt.Errorf("%s takes one release, and %d arguments are given", c.Name(), len(args))
	case args[0] == "":
		return errors.New("the name of the release is empty")
	}
	return nil
}

// whichRelease finds out what an argument means: the folder of a chart, whose
// release has its name, or the name of a release.
func whichRelease(arg string) (set *environment.Set, name string, err error) {
	dir, name := ".", arg
	isChart := func() bool {
		_, err := os.Stat(filepath.Join(arg, "Chart.yaml"))
		return err == nil
	}
	if strings.ContainsAny(arg, `/\`) || arg == "." || isChart() {
		dir, name = arg, ""
	}
	if set, err = openSet(dir); err != nil {
		return nil, "", err
	}
	if name == "" {
		if name = set.Name; name == "" {
			return nil, "", fmt.Errorf("%s is no chart: there is no Chart.yaml with a name in it", dir)
		}
	}
	return set, name, nil
}

// open finds the release and its cluster. Without an environment, the name of a
// release is just that, whatever lies in the working directory.
func (f *releaseFlags) open(arg string) (*release.Client, string, error) {
	name, e := arg, &environment.Environment{}
	if f.environment != "" || strings.ContainsAny(arg, `/\`) || arg == "." {
		set, its, err := whichRelease(arg)
		if err != nil {
			return nil, "", err
		}
		if name = its; f.environment != "" {
			if e = set.Find(f.environment); e == nil {
				return nil, "", fmt.Errorf("there is no environment %q%s; %s", f.environment, near.Hint(f.environment, set.Names()), have(set))
			}
		}
	}
	t := release.Target{Kubeconfig: f.cluster.kubeconfig, Context: f.cluster.context, Namespace: f.namespace}
	if t.Context == "" {
		t.Context = e.Context
	}
	if t.Namespace == "" {
		t.Namespace = e.Namespace
	}
	client, err := release.Open(t)
	if err != nil {
		return nil, "", releaseError(err)
	}
	return client, name, nil
}

// releaseError is clusterError, but that a release that is not there is a
// mistake of usage.
func releaseError(err error) error {
	if errors.Is(err, release.ErrNotFound) {
		return err
	}
	return clusterError(err)
}

func newRollback(s Streams) *cobra.Command {
	f := &releaseFlags{}
	back := &backFlags{release: f}
	c := &cobra.Command{
		Use:   "rollback RELEASE [REVISION] | PROMOTION ENVIRONMENT",
		Short: "Make a release like one of its older revisions, or hold an environment at an older candidate",
		Long: "rollback makes a new revision that is like an older one: by default the newest one before it\n" +
			"that was deployed. Secrets beside Helm's record stay as they are, so old credentials do not\n" +
			"come back; to have those too, upgrade with the chart and values of that time.\n\n" +
			"RELEASE is the name of a release, or the folder of its chart.\n\n" +
			"Of a promotion, it holds an environment at the candidate that was there before, which goes in\n" +
			"past all gates but lint. promote --to lets it go on again.\n\n" +
			"Exit codes: 0 done, 1 refused, 2 usage, such as an unknown release, 3 the cluster cannot be\n" +
			"reached or tiphys broke, 130 interrupted.",
		Example: "  tiphys rollback charts/etl -e prod\n  tiphys rollback etl 4 --namespace prod\n  tiphys rollback etl prod --reason 'wrong totals'",
		Args:    oneRelease,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 2 {
				if _, err := strconv.Atoi(args[1]); err != nil {
					return back.run(c, s, args[0], args[1])
				}
			}
			if err := back.unused(c); err != nil {
				return err
			}
			return f.rollback(c.Context(), s, args)
		},
	}
	f.add(c)
	f.change(c)
	c.Flags().BoolVar(&f.options.Force, "force", false, "replace objects that cannot be patched")
	c.Flags().IntVar(&f.options.HistoryMax, "history-max", release.DefaultHistoryMax, "how many revisions to keep; 0 for all")
	back.add(c)
	return c
}

func (f *releaseFlags) rollback(ctx context.Context, s Streams, args []string) error {
	revision := 0
	if len(args) == 2 {
		var err error
		if revision, err = strconv.Atoi(args[1]); err != nil || revision < 0 {
			return fmt.Errorf("%q is no revision: it is a number, as tiphys history shows it", args[1])
		}
	}
	client, name, err := f.open(args[0])
	if err != nil {
		return err
	}
	if f.options.HistoryMax == 0 {
		f.options.HistoryMax = -1
	}
	f.options.Log = s.step
	r, err := client.Rollback(ctx, name, revision, f.options)
	for _, w := range r.Warnings {
		s.step("warning: " + w)
	}
	if r.Recovered > 0 {
		s.step(fmt.Sprintf("revision %d was left pending by a run that is gone; it is marked failed", r.Recovered))
	}
	switch {
	case err != nil:
		return releaseError(err)
	case r.DryRun:
		fmt.Fprintf(s.Out, "release %q in namespace %q would be rolled back to revision %d, as revision %d\n", r.Name, r.Namespace, r.RolledBack, r.Revision)
	default:
		fmt.Fprintf(s.Out, "release %q in namespace %q was rolled back to revision %d: revision %d\n", r.Name, r.Namespace, r.RolledBack, r.Revision)
		fmt.Fprintln(s.Out, "secrets beside the record stay as they are")
	}
	return nil
}

// step tells what is being done, on standard error.
func (s Streams) step(line string) { fmt.Fprintln(s.Err, "tiphys:", printable(line)) }

func newUninstall(s Streams) *cobra.Command {
	f := &releaseFlags{}
	c := &cobra.Command{
		Use:   "uninstall RELEASE",
		Short: "Remove a release, and the Secrets beside its record",
		Long: "uninstall removes the objects of a release, its Secrets beside Helm's record, and the record.\n" +
			"After a helm uninstall it removes what that left: the Secrets.\n\n" +
			"RELEASE is the name of a release, or the folder of its chart.\n\n" +
			"Exit codes: 0 done, 1 refused, 2 usage, such as an unknown release, 3 the cluster cannot be\n" +
			"reached or tiphys broke, 130 interrupted.",
		Example: "  tiphys uninstall charts/etl -e dev\n  tiphys uninstall etl --namespace etl-dev",
		Args:    oneRelease,
		RunE: func(c *cobra.Command, args []string) error {
			return f.uninstall(c.Context(), s, args[0])
		},
	}
	f.add(c)
	f.change(c)
	c.Flags().BoolVar(&f.options.KeepHistory, "keep-history", false, "keep the records of Helm")
	c.Flags().StringVar(&f.options.Description, "description", "", "what to say of it in the history that is kept")
	return c
}

func (f *releaseFlags) uninstall(ctx context.Context, s Streams, arg string) error {
	client, name, err := f.open(arg)
	if err != nil {
		return err
	}
	f.options.Log = s.step
	u, err := client.Uninstall(ctx, name, f.options)
	if err != nil {
		return releaseError(err)
	}
	verb, removed := "was", "removed"
	if u.DryRun {
		verb, removed = "would be", "to be removed"
	}
	if u.NoRecord {
		fmt.Fprintf(s.Out, "release %q in namespace %q has no record any more; what was left beside it %s removed\n", u.Name, u.Namespace, verb)
	} else {
		fmt.Fprintf(s.Out, "release %q in namespace %q %s uninstalled\n", u.Name, u.Namespace, verb)
	}
	if len(u.Secrets) > 0 {
		fmt.Fprintf(s.Out, "secrets %s: %s\n", removed, printable(strings.Join(u.Secrets, ", ")))
	}
	if u.Kept != "" {
		fmt.Fprintln(s.Out, printable(strings.TrimSpace(strings.ReplaceAll(u.Kept, "\n", " "))))
	}
	return nil
}
