package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/promotion/client"
)

// promotionFlags say in which cluster and namespace promotions are.
type promotionFlags struct {
	namespace string
	cluster   clusterFlags
	format    string
	dryRun    bool
}

func (f *promotionFlags) add(c *cobra.Command) {
	c.Flags().StringVarP(&f.namespace, "namespace", "n", "", "namespace of the promotion (default: that of the context)")
	c.Flags().StringVar(&f.cluster.kubeconfig, "kubeconfig", "", "kubeconfig file (default: as kubectl finds it)")
	c.Flags().StringVar(&f.cluster.context, "kube-context", "", "context of the kubeconfig (default: the current one)")
	c.ValidArgsFunction = f.complete
}

// show adds the flags of commands that only look.
func (f *promotionFlags) show(c *cobra.Command) {
	f.add(c)
	formats := []string{"text", "json"}
	c.Flags().StringVarP(&f.format, "format", "o", "text", "how to print: text, json")
	c.PreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(formats, f.format) {
			return fmt.Errorf("--format %q is none of %s%s", f.format, strings.Join(formats, ", "), near.Hint(f.format, formats))
		}
		return nil
	}
	if err := c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // no such flag
	}
}

// change adds the flags of commands that change something.
func (f *promotionFlags) change(c *cobra.Command) {
	f.add(c)
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "ask the cluster whether it would do it, and change nothing")
}

func (f *promotionFlags) open() (*client.Client, error) {
	cl, err := client.Open(client.Target{Kubeconfig: f.cluster.kubeconfig, Context: f.cluster.context, Namespace: f.namespace})
	return cl, promotionError(err)
}

// command is what to type next, with the flags that led here.
func (f *promotionFlags) command(args ...string) string {
	line := "tiphys " + strings.Join(args, " ")
	for _, flag := range [][2]string{{"-n", f.namespace}, {"--kube-context", f.cluster.context}, {"--kubeconfig", f.cluster.kubeconfig}} {
		if flag[1] != "" {
			line += " " + flag[0] + " " + flag[1]
		}
	}
	return line
}

// promotionError is clusterError, but that a name that is not there is a mistake
// of usage.
func promotionError(err error) error {
	if err == nil || errors.Is(err, client.ErrNotFound) {
		return err
	}
	return clusterError(err)
}

// promotionAndEnvironment checks the arguments of most of these commands.
func promotionAndEnvironment(c *cobra.Command, args []string) error {
	switch {
	case len(args) < 2:
		return fmt.Errorf("%s needs a promotion and an environment: %s", c.Name(), c.UseLine())
	case len(args) > 2:
		return fmt.Errorf("%s takes a promotion and an environment, and %d arguments are given", c.Name(), len(args))
	case slices.Contains(args, ""):
		return errors.New("an argument is empty")
	}
	return nil
}

// completing bounds what a shell waits for.
const completing = 3 * time.Second

// complete offers names of promotions, then those of their environments.
func (f *promotionFlags) complete(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	const plain = cobra.ShellCompDirectiveNoFileComp
	ctx, cancel := context.WithTimeout(c.Context(), completing)
	defer cancel()
	cl, err := f.open()
	if err != nil {
		return nil, plain
	}
	var names []string
	switch len(args) {
	case 0:
		all, err := cl.Promotions(ctx, false)
		if err != nil {
			return nil, plain
		}
		for i := range all {
			names = append(names, all[i].Name)
		}
	case 1:
		p, err := cl.Promotion(ctx, args[0])
		if err != nil || c.Name() == "promotions" {
			return nil, plain
		}
		for i := range p.Spec.Environments {
			names = append(names, p.Spec.Environments[i].Name)
		}
	}
	return names, plain | cobra.ShellCompDirectiveKeepOrder
}

// completeCandidate offers the candidates of the promotion for --candidate.
func completeCandidate(c *cobra.Command, flags func() *promotionFlags) {
	complete := func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		const plain = cobra.ShellCompDirectiveNoFileComp
		ctx, cancel := context.WithTimeout(c.Context(), completing)
		defer cancel()
		cl, err := flags().open()
		if err != nil || len(args) == 0 {
			return nil, plain
		}
		v, err := cl.Get(ctx, args[0])
		if err != nil {
			return nil, plain
		}
		var names []string
		for i := range v.Candidates {
			names = append(names, v.Candidates[i].Name)
		}
		return names, plain | cobra.ShellCompDirectiveKeepOrder
	}
	if err := c.RegisterFlagCompletionFunc("candidate", complete); err != nil {
		panic(err) // no such flag
	}
}
