package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/packaging/rollout"
)

// chartFlags say which values a chart gets, in Helm's words and ours.
type chartFlags struct {
	environment string
	namespace   string
	files       []string
	sets        render.Sets
}

func (f *chartFlags) add(c *cobra.Command) {
	set := c.Flags()
	set.StringVarP(&f.environment, "environment", "e", "", "environment whose values, secrets and target to use")
	set.StringVarP(&f.namespace, "namespace", "n", "", "namespace of the release (default: that of the environment, then that of the context)")
	set.StringSliceVarP(&f.files, "values", "f", nil, "file of values, possibly encrypted; may be repeated, later wins")
	set.StringArrayVar(&f.sets.Set, "set", nil, "set a value: key=value, as Helm has it")
	set.StringArrayVar(&f.sets.String, "set-string", nil, "set a value that is a string")
	set.StringArrayVar(&f.sets.JSON, "set-json", nil, "set a value from JSON")
	set.StringArrayVar(&f.sets.File, "set-file", nil, "set a value from a file: key=path")
	set.StringArrayVar(&f.sets.Literal, "set-literal", nil, "set a value that is a string, taken literally")
	completeEnvironment(c, func(args []string) (*environment.Set, error) {
		return environment.Open(folderOf(args[max(0, len(args)-1):])) // a release may stand before the chart
	})
}

// read reads the chart and its values. With decrypt nil, encrypted values
// stay closed.
func (f *chartFlags) read(ctx context.Context, dir string, decrypt deploy.Decrypt) (*rollout.Subject, error) {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil, missing(dir)
	}
	chart, err := render.Load(dir)
	if err != nil {
		return nil, deployError(err)
	}
	set, err := environment.Open(dir)
	if err != nil {
		return nil, broken(err)
	}
	e := &environment.Environment{}
	if f.environment != "" {
		if e = set.Find(f.environment); e == nil {
			return nil, fmt.Errorf("there is no environment %q%s; %s", f.environment, near.Hint(f.environment, set.Names()), have(set))
		}
	}
	values, err := deploy.Values(set, chart, e)
	if err != nil {
		return nil, broken(err)
	}
	var files []deploy.Layer
	for _, name := range f.files {
		text, err := readRegular(name, readLimit)
		if errors.Is(err, os.ErrNotExist) {
			return nil, missing(name)
		}
		if err != nil {
			return nil, broken(errors.New(trouble(name, err)))
		}
		files = append(files, deploy.Layer{Name: name, Text: text})
	}
	s := &rollout.Subject{Chart: chart, Set: set, Values: values}
	layers := append(deploy.Layers(values), files...)
	s.Inputs, err = deploy.Read(ctx, layers, f.sets, decrypt, func(name string) ([]byte, error) {
		text, err := readRegular(name, readLimit)
		if err != nil {
			return nil, errors.New(trouble(name, err))
		}
		return text, nil
	})
	if err != nil {
		return nil, deployError(err)
	}
	more, err := s.Inputs.Extra(files)
	if err != nil {
		return nil, deployError(err)
	}
	if len(more) > 0 {
		if s.Values, err = deploy.Values(set, chart, e, more...); err != nil {
			return nil, broken(err)
		}
	}
	if f.namespace == "" {
		f.namespace = e.Namespace
	}
	return s, nil
}

func newRender(s Streams) *cobra.Command {
	f, o := &chartFlags{}, render.Options{}
	decrypt := "never"
	c := &cobra.Command{
		Use:   "render [CHART]",
		Short: "Render a chart for an environment",
		Long: "render prints the manifests that a chart becomes in an environment, as helm template\n" +
			"does. It needs no cluster. Encrypted values are printed as placeholders, unless\n" +
			"--decrypt=always asks for the true ones.\n\n" +
			"Exit codes: 0 rendered, 1 the chart or its values are wrong, 2 usage, such as an\n" +
			"unknown environment, 3 tiphys could not do its work.",
		Example: "  tiphys render charts/etl -e prod\n  tiphys render charts/etl -f values.yaml --set image.tag=2",
		Args:    oneFolder,
		RunE: func(c *cobra.Command, args []string) error {
			open, err := decryption(decrypt)
			if err != nil {
				return err
			}
			return runRender(c.Context(), s, f, o, folderOf(args), open)
		},
	}
	f.add(c)
	c.Flags().StringVar(&o.Name, "name", "", "name of the release (default: the name of the chart)")
	c.Flags().BoolVar(&o.Upgrade, "is-upgrade", false, "render for an upgrade instead of a first install")
	c.Flags().StringVar(&o.KubeVersion, "kube-version", "", "Kubernetes version to render for")
	c.Flags().StringArrayVar(&o.APIVersions, "api-versions", nil, "API version that the cluster has; may be repeated")
	c.Flags().StringVar(&decrypt, "decrypt", decrypt, "print the true values of encrypted files: never, always")
	return c
}

func runRender(ctx context.Context, s Streams, f *chartFlags, o render.Options, dir string, decrypt deploy.Decrypt) error {
	in, err := f.read(ctx, dir, decrypt)
	if err != nil {
		return err
	}
	o.SkipSchema = true // told here, with positions
	if slices.ContainsFunc(in.Values.Findings, func(f lint.Finding) bool { return f.Severity == lint.Error }) {
		return tellFindings(s, in.Values.Findings, in.Values.Files)
	}
	values := in.Inputs.Open
	if values == nil {
		values = deploy.Placeholders(in.Inputs.Sealed)
	}
	o.Namespace = f.namespace
	var out *render.Output
	err = deploy.Until(ctx, func() error {
		var err error
		out, err = in.Chart.Render(values, o)
		return err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		check := deploy.NewCheck(in.Chart, in.Values, in.Inputs, deploy.Options{Release: o})
		check.Failed(err)
		return tellFindings(s, check.Findings, nil)
	}
	if len(out.Lookups) > 0 {
		fmt.Fprintf(s.Err, "tiphys: lookup of %v gives nothing here, since no cluster is asked\n", out.Lookups)
	}
	if err := out.Write(s.Out); err != nil {
		return failed(err)
	}
	return nil
}

// tellFindings prints findings on standard error; errors make the exit code 1.
func tellFindings(s Streams, found []lint.Finding, files []string) error {
	color, err := colors("auto", true, s.Err)
	if err != nil {
		return err
	}
	f := &valuesFlags{report: report.Options{Show: lint.Warning, Terse: true, Color: color}}
	return f.tell(s, found, clean(files))
}

func clean(files []string) []string {
	var out []string
	for _, f := range files {
		out = append(out, filepath.Clean(f))
	}
	return out
}
