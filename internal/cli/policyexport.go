package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/policies/export"
)

func newPolicyExport(s Streams) *cobra.Command {
	var gatekeeper bool
	c := &cobra.Command{
		Use:   "export POLICY --gatekeeper",
		Short: "Write the modules of a policy for another tool",
		Long: "export writes the Rego modules of a policy file, or of a policy that comes with tiphys, as\n" +
			"a ConstraintTemplate and a Constraint of Gatekeeper each. What is not the same there is\n" +
			"told on standard error; a module that needs what only tiphys knows is refused.\n\n" +
			"Exit codes: 0 written; 1 the policy is wrong, or a module was refused; 2 usage, or a policy\n" +
			"without modules; 3 tiphys could not do its work.",
		Example: "  tiphys policy export policy.yaml --gatekeeper | kubectl apply -f -",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("export takes one policy: a file, or the name of one that comes with tiphys")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if !gatekeeper {
				return errors.New("say for which tool: --gatekeeper")
			}
			all, err := readPolicies(c.Context(), s, args[0])
			if err != nil {
				return err
			}
			return exportAll(s, args[0], all)
		},
	}
	c.Flags().BoolVar(&gatekeeper, "gatekeeper", false, "write for Gatekeeper")
	return c
}

func exportAll(s Streams, arg string, all []*policies.Policy) error {
	written, refused := false, false
	for _, p := range all {
		out, err := export.Gatekeeper(p)
		if err != nil {
			return broken(err)
		}
		for _, n := range out.Notes {
			fmt.Fprintf(s.Err, "tiphys: note: %s\n", printable(n))
		}
		for _, r := range out.Refused {
			fmt.Fprintf(s.Err, "tiphys: %s\n", printable(r))
			refused = true
		}
		written = written || len(out.Text) > 0
		if _, err := s.Out.Write(out.Text); err != nil {
			return failed(err)
		}
	}
	switch {
	case refused:
		return &exit{exitFindings, nil}
	case !written:
		return fmt.Errorf("%s has no modules that are on: there is nothing to export", arg)
	}
	return nil
}
