package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/policies"
)

func newPolicyList(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the policies that come with tiphys",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			for _, name := range policies.Names() {
				if _, err := fmt.Fprintln(s.Out, name); err != nil {
					return failed(err)
				}
			}
			return nil
		},
	}
}
