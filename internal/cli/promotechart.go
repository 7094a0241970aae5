package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// promoteFlags are those of promote, for a chart and for a Promotion.
type promoteFlags struct {
	to string

	// Of a Promotion.
	candidate, reason, namespace string
	cluster                      clusterFlags

	// Of a chart.
	from, digest, promotion, signKey string
	push, noCommit, dryRun           bool
	lint                             flags
}

func newPromote(s Streams) *cobra.Command {
	f := &promoteFlags{}
	c := &cobra.Command{
		Use:   "promote CHART|PROMOTION --to ENV",
		Short: "Bring a package to the next environment: by a pin in git, or by the controller",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if isChart(args[0]) {
				return f.chart(c, s, args[0])
			}
			return promotePromotion(c, s, f, args[0])
		},
	}
	set := c.Flags()
	set.StringVar(&f.to, "to", "", "environment to promote to")
	set.StringVar(&f.candidate, "candidate", "", "of a Promotion: which candidate (default: the newest that is verified in the environment before)")
	set.StringVar(&f.reason, "reason", "", "of a Promotion: why")
	set.StringVarP(&f.namespace, "namespace", "n", "", "of a Promotion: its namespace")
	set.StringVar(&f.cluster.kubeconfig, "kubeconfig", "", "of a Promotion: kubeconfig file (default: as kubectl finds it)")
	set.StringVar(&f.cluster.context, "kube-context", "", "of a Promotion: context of the kubeconfig")
	if err := c.MarkFlagRequired("to"); err != nil {
		panic(err) // no such flag
	}
	return c
}

// isChart tells the folder of a chart from the name of a Promotion.
func isChart(arg string) bool {
	if arg == "." || strings.ContainsAny(arg, `/\`) {
		return true
	}
	_, err := os.Stat(filepath.Join(arg, "Chart.yaml"))
	return err == nil
}

func (f *promoteFlags) chart(c *cobra.Command, s Streams, dir string) error {
	return fmt.Errorf("promote %s: %w", dir, errors.New("not there yet"))
}
