package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/scaffold"
)

// newFlags are those of new.
type newFlags struct {
	dir string
	age []string
}

func newNew(s Streams) *cobra.Command {
	f := &newFlags{}
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Make a new chart, with a first workflow and environments",
		Long: "new makes a chart in the folder NAME: a first workflow as a plain file, the library that\n" +
			"emits it, environments dev, qa and prod, .sops.yaml and a pre-commit hook. It writes no\n" +
			"file that is there already.\n\n" +
			"Where there are folders charts and environments, and no --dir is given, the chart is made\n" +
			"in charts/NAME, and gets values in each of the environments that are there.\n\n" +
			"Exit codes: 0 made, 2 usage, such as a file that is there already, 3 tiphys could not\n" +
			"do its work.",
		Example: "  tiphys new nightly-etl\n  tiphys new nightly-etl --dir charts/nightly-etl --age dev=age1... --age prod=age1...",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("new takes the name of one chart, and %d are given", len(args))
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c.Context(), s, args[0]) },
	}
	c.Flags().StringVar(&f.dir, "dir", "", "folder to make the chart in (default: NAME)")
	c.Flags().StringArrayVar(&f.age, "age", nil, "who can read the secrets of an environment: ENVIRONMENT=RECIPIENT; may be repeated")
	return c
}

func (f *newFlags) run(ctx context.Context, s Streams, name string) error {
	recipients, err := f.recipients()
	if err != nil {
		return err
	}
	o := scaffold.Options{Name: name, Recipients: recipients}
	if f.dir == "" {
		if o.Beside, err = besides(); err != nil {
			return err
		}
	}
	files, err := scaffold.New(o)
	if err != nil {
		return err
	}
	dir := cmp.Or(f.dir, name)
	root := dir
	if len(o.Beside) > 0 {
		dir, root = "charts/"+name, "."
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := scaffold.Write(root, files); errors.Is(err, fs.ErrExist) {
		return err
	} else if err != nil {
		return broken(err)
	}
	fmt.Fprintf(s.Out, "made chart %s in %s: its workflows are plain files in workflows/\n", name, printable(dir))
	if len(o.Beside) > 0 {
		fmt.Fprintf(s.Out, "its values are in environments/ENV/%s, for %s\n", name, strings.Join(o.Beside, ", "))
	} else if len(recipients) < len(scaffold.Environments()) {
		fmt.Fprintf(s.Out, "fill in who can read secrets, in %s\n", printable(filepath.Join(dir, ".sops.yaml")))
	}
	_, err = fmt.Fprintf(s.Out, "next: tiphys lint %[1]s, tiphys values %[1]s -e %[2]s\n", printable(dir), append(o.Beside, "dev")[0])
	if err != nil {
		return failed(err)
	}
	return nil
}

// besides are the environments beside the charts of the working directory, none
// if it has not both folders.
func besides() ([]string, error) {
	for _, name := range []string{"charts", "environments"} {
		if info, err := os.Stat(name); err != nil || !info.IsDir() {
			return nil, nil
		}
	}
	set, err := environment.Open(".")
	if err != nil {
		return nil, broken(err)
	}
	var all []string
	for _, e := range set.Environments {
		all = append(all, e.Name)
	}
	return all, nil
}

// recipients reads --age.
func (f *newFlags) recipients() (map[string][]string, error) {
	all := map[string][]string{}
	for _, arg := range f.age {
		name, who, found := strings.Cut(arg, "=")
		if !found {
			if err := scaffold.CheckRecipient(arg); err != nil && !strings.HasPrefix(arg, "age1") {
				return nil, fmt.Errorf("--age: %w; write ENVIRONMENT=RECIPIENT", err)
			}
			return nil, fmt.Errorf("--age %s names no environment; write ENVIRONMENT=RECIPIENT", arg)
		}
		for r := range strings.SplitSeq(who, ",") {
			if err := scaffold.CheckRecipient(r); err != nil {
				return nil, fmt.Errorf("--age %s: %w", name, err)
			}
			all[name] = append(all[name], r)
		}
	}
	return all, nil
}
