package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/internal/version"
)

// Version returns the version of the program.
func Version() string { return version.String() }

func newVersion(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version, as --version does",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(s.Out, version.Line("tiphys"))
			return failed(err)
		},
	}
}
