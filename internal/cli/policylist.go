package cli

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/policies"
)

func newPolicyList(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the policies that come with tiphys",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
			for _, name := range policies.Names() {
				fmt.Fprintf(t, "%s\t%s\n", name, purpose(name))
			}
			return failed(t.Flush())
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

// purpose is the first sentence of the file of a policy.
func purpose(name string) string {
	line, _, _ := strings.Cut(string(policies.Shipped(name).Bytes), "\n")
	sentence, _, _ := strings.Cut(strings.TrimPrefix(line, "# "+name+": "), ".")
	return sentence
}

func newPolicyShow(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Print a policy that comes with tiphys",
		Long: "show prints the file of a policy that comes with tiphys: to read, to change, or to give\n" +
			"to a cluster.",
		Example: "  tiphys policy show production\n  tiphys policy show baseline | kubectl apply -f -",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("show takes the name of one policy: " + strings.Join(policies.Names(), ", "))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			f := policies.Shipped(args[0])
			if f == nil {
				return fmt.Errorf("no policy %q comes with tiphys%s; there are %s", args[0], near.Hint(args[0], policies.Names()), strings.Join(policies.Names(), ", "))
			}
			_, err := s.Out.Write(f.Bytes)
			return failed(err)
		},
		ValidArgsFunction: cobra.FixedCompletions(policies.Names(), cobra.ShellCompDirectiveNoFileComp),
	}
}
