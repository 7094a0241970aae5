package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/packaging/helmsecrets"
)

// newHelmSecrets is what the Helm plugin in plugin/ runs for helm secrets.
func newHelmSecrets(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:                "helm-secrets",
		Short:              "Run helm with encrypted values files: helm secrets",
		Hidden:             true,
		DisableFlagParsing: true, // they are those of helm
		RunE: func(c *cobra.Command, args []string) error {
			err := helmsecrets.Run(c.Context(), args, helmsecrets.Options{
				In: s.In, Out: s.Out, Err: s.Err, Version: Version(),
				Secrets: func(ctx context.Context, args []string) int {
					return Main(ctx, append([]string{"secrets"}, args...), s)
				},
			})
			var code *helmsecrets.ExitError
			switch {
			case errors.As(err, &code):
				return &exit{code.Code, nil}
			case err != nil:
				return &exit{1, err} // as helm has it, for whom all errors are 1
			}
			return nil
		},
	}
}
