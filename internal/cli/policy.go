package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// newPolicy is the group of the commands about policies.
func newPolicy(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "List, check, test and export policies",
		Long: "policy has what one needs to use and to write policies: files that say which rules\n" +
			"hold for which workflows, and what is written into workflows that say nothing.",
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			var have []string
			for _, sub := range c.Commands() {
				have = append(have, sub.Name())
			}
			return fmt.Errorf("unknown command %q%s; see tiphys policy --help", args[0], near.Hint(args[0], have))
		},
	}
	c.AddCommand(newPolicyList(s), newPolicyShow(s), newPolicyCheck(s), newPolicyTest(s), newPolicyEval(s), newPolicyExport(s))
	return c
}
