package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/bundle/oci"
	"github.com/tiphys-dev/tiphys/packaging/release"
)

type verifyFlags struct {
	environment, release, namespace string
	cluster                         clusterFlags
	packageFlags
	registryFlags
}

func newVerify(s Streams, open recorderOf) *cobra.Command {
	f := &verifyFlags{}
	c := &cobra.Command{
		Use:   "verify CHART|FILE|" + oci.Scheme + "HOST/REPOSITORY[:TAG|@DIGEST] -e ENVIRONMENT",
		Short: "Tell whether a package is what runs in an environment",
		Long: "verify compares the digest of a package with the one that was recorded when the release\n" +
			"in an environment was deployed.\n\n" +
			"Exit codes: 0 this package runs, 1 another one, none, or it was not recorded, 2 usage,\n" +
			"3 tiphys could not do its work, such as reach the cluster.",
		Example: "  tiphys verify charts/etl -e prod\n  tiphys verify oci://registry.example.com/data/etl:1.0.0 -e prod",
		Args:    exactly("verify", "a chart, an archive or a reference", 1),
		RunE: func(c *cobra.Command, args []string) error {
			return f.verify(c.Context(), s, open, args[0])
		},
	}
	c.Flags().StringVarP(&f.environment, "environment", "e", "", "environment to look into")
	c.Flags().StringVar(&f.release, "release", "", "name of the release (default: the name of the chart)")
	c.Flags().StringVarP(&f.namespace, "namespace", "n", "", "namespace of the release (default: that of the environment, then that of the context)")
	f.cluster.add(c)
	f.registryFlags.add(c)
	f.addFormat(c)
	return c
}

func (f *verifyFlags) verify(ctx context.Context, s Streams, open recorderOf, from string) (err error) {
	in, err := openSource(ctx, from, &f.registryFlags)
	if err != nil {
		return err
	}
	defer func() {
		if failed := in.remove(); failed != nil && err == nil {
			err = broken(failed)
		}
	}()
	if f.environment == "" {
		return fmt.Errorf("verify needs an environment: -e NAME; %s", have(in.set))
	}
	e := in.set.Find(f.environment)
	if e == nil {
		return fmt.Errorf("there is no environment %q%s; %s", f.environment, near.Hint(f.environment, in.set.Names()), have(in.set))
	}
	to := release.Target{
		Kubeconfig: f.cluster.kubeconfig, Context: cmp.Or(f.cluster.context, e.Context), Namespace: cmp.Or(f.namespace, e.Namespace),
	}
	r, namespace, err := open(to)
	if err != nil {
		return clusterError(err)
	}
	v, err := bundle.Verify(ctx, r, in.digest, bundle.Target{Environment: e.Name, Release: cmp.Or(f.release, in.chart.Name), Namespace: namespace})
	if err != nil {
		return clusterError(err)
	}
	if err := f.tell(s.Out, v); err != nil {
		return err
	}
	if !v.Same() {
		return &exit{exitFindings, nil}
	}
	return nil
}

func (f *verifyFlags) tell(w io.Writer, v bundle.Verdict) error {
	if f.format != "json" {
		_, err := fmt.Fprintln(w, printable(v.String()))
		return failed(err)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return failed(e.Encode(struct {
		Environment string `json:"environment"`
		Namespace   string `json:"namespace"`
		Release     string `json:"release"`
		Digest      string `json:"digest"`
		Revision    int    `json:"revision"`
		Failed      int    `json:"failed,omitempty"`
		Recorded    string `json:"recorded"`
		RecordedFor string `json:"recordedFor"`
		Same        bool   `json:"same"`
	}{v.Environment, v.Namespace, v.Release, v.Digest, v.Runs.Revision, v.Runs.Failed, v.Runs.Digest, v.Runs.Environment, v.Same()}))
}
