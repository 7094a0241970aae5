package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tiphys-dev/tiphys/promotion/client"
)

// backFlags are those of rollback for a promotion. Where it is, the flags of a
// release say.
type backFlags struct {
	release           *releaseFlags
	candidate, reason string
}

func (f *backFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.candidate, "candidate", "", "of a promotion: candidate to go back to (default: the one that was there before)")
	c.Flags().StringVar(&f.reason, "reason", "", "of a promotion: why")
	completeCandidate(c, f.promotion)
}

func (f *backFlags) promotion() *promotionFlags {
	return &promotionFlags{namespace: f.release.namespace, cluster: f.release.cluster, dryRun: f.release.options.DryRun}
}

// unused refuses the flags of promotions for a release.
func (f *backFlags) unused(c *cobra.Command) error {
	for _, name := range []string{"candidate", "reason"} {
		if c.Flags().Changed(name) {
			return fmt.Errorf("--%s is for a promotion: %s", name, "tiphys rollback PROMOTION ENVIRONMENT")
		}
	}
	return nil
}

func (f *backFlags) run(c *cobra.Command, s Streams, name, environment string) error {
	var wrong error
	c.Flags().Visit(func(flag *pflag.Flag) {
		switch flag.Name {
		case "candidate", "reason", "namespace", "kubeconfig", "kube-context", "dry-run":
		default:
			if wrong == nil {
				wrong = fmt.Errorf("--%s is for a release, and %q is no revision: a revision is a number, as tiphys history shows it", flag.Name, environment)
			}
		}
	})
	if wrong != nil {
		return wrong
	}
	err := f.promotion().rollBack(c.Context(), s, name, environment, f.candidate, f.reason)
	if errors.Is(err, client.ErrNotFound) || errors.Is(err, client.ErrNotInstalled) {
		return fmt.Errorf("%q is no revision: it is a number, as tiphys history shows it; and for a promotion, %v", environment, err)
	}
	return err
}
