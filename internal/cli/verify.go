package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/bundle/oci"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// A recorderOf reaches the cluster of an environment and returns what tells
// what runs there, and the namespace to ask for.
type recorderOf func(context.Context, *environment.Environment) (bundle.Recorder, string, error)

type verifyFlags struct {
	environment, release string
	packageFlags
	registryFlags
}

// newVerify asks the cluster of the environment when open is nil.
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
	cluster := &clusterFlags{}
	cluster.add(c)
	if open == nil {
		open = recorderIn(cluster)
	}
	c.Flags().StringVarP(&f.environment, "environment", "e", "", "environment to look into")
	c.Flags().StringVar(&f.release, "release", "", "name of the release (default: the name of the chart)")
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
	r, namespace, err := open(ctx, e)
	if err != nil {
		return broken(err)
	}
	at := bundle.Target{Environment: e.Name, Release: f.release, Namespace: namespace}
	if at.Release == "" {
		at.Release = in.chart.Name
	}
	v, err := bundle.Verify(ctx, r, in.digest, at)
	if err != nil {
		return broken(err)
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
		Revision    int    `json:"revision"`
		Digest      string `json:"digest"`
		Recorded    string `json:"recorded"`
		Same        bool   `json:"same"`
	}{v.Environment, v.Namespace, v.Release, v.Revision, v.Want, v.Got, v.Same()}))
}

// A chartSource is a chart with its environments and its digest, wherever it
// came from.
type chartSource struct {
	dir    string // of the chart
	set    *environment.Set
	chart  *render.Chart
	digest string
	temp   string // what was unpacked, "" for a folder of the user
}

// remove removes what was unpacked.
func (c *chartSource) remove() error {
	if c.temp == "" {
		return nil
	}
	return os.RemoveAll(c.temp)
}

// openSource opens a folder, an archive or a reference of a command line. The
// latter two are unpacked into a private folder, secrets still encrypted, until
// they are removed.
func openSource(ctx context.Context, from string, r *registryFlags) (*chartSource, error) {
	var p *bundle.Package
	var err error
	info, statErr := os.Stat(from)
	switch {
	case strings.HasPrefix(from, oci.Scheme):
		p, err = pullPackage(ctx, from, r)
	case errors.Is(statErr, os.ErrNotExist):
		return nil, missing(from)
	case statErr != nil:
		return nil, broken(statErr)
	case info.IsDir():
		return openFolder(&chartSource{dir: from})
	default:
		if p, err = bundle.Open(from); err != nil {
			err = contentError(err)
		}
	}
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "tiphys-")
	if err != nil {
		return nil, broken(err)
	}
	c := &chartSource{temp: temp, dir: p.ChartDir(filepath.Join(temp, "package"))}
	if err = p.Extract(filepath.Join(temp, "package")); err != nil {
		err = broken(err)
	} else {
		c, err = openFolder(c)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(temp))
	}
	return c, nil
}

func openFolder(c *chartSource) (_ *chartSource, err error) {
	if c.set, c.chart, err = openChart(c.dir); err != nil {
		return nil, err
	}
	if c.digest, err = bundle.Digest(c.set, c.chart); err != nil {
		return nil, contentError(err)
	}
	return c, nil
}

func pullPackage(ctx context.Context, from string, r *registryFlags) (*bundle.Package, error) {
	ref, err := oci.Parse(from)
	if err != nil {
		return nil, err
	}
	limited, cancel := r.limit(ctx)
	defer cancel()
	p, _, _, err := oci.Pull(limited, ref, r.options())
	if err != nil {
		return nil, registryError(err)
	}
	return p, nil
}
