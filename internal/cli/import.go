package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/packaging/scaffold"
)

// importFlags are those of import.
type importFlags struct {
	name   string
	age    []string
	dryRun bool
}

func newImport(s Streams) *cobra.Command {
	f := &importFlags{}
	c := &cobra.Command{
		Use:   "import SOURCE DEST",
		Short: "Make a chart with plain workflow files out of a folder or another chart",
		Long: "import reads a folder of workflow files, or a chart whose templates are full of escapes\n" +
			"such as {{`{{inputs.parameters.x}}`}}, and makes a chart in DEST that has its workflows as\n" +
			"plain files. Templates with logic stay templates, and it tells which and why. SOURCE is\n" +
			"left alone; DEST must be empty or not be there.\n\n" +
			"Exit codes: 0 made, 1 the new chart renders other manifests than the old one, 2 usage or\n" +
			"nothing to import, 3 tiphys could not do its work.",
		Example: "  tiphys import workflows/ charts/etl\n  tiphys import charts/old charts/etl --dry-run",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 || args[0] == "" || args[1] == "" {
				return errors.New("import takes two folders, SOURCE and DEST")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return f.run(c.Context(), s, args[0], args[1]) },
	}
	c.Flags().StringVar(&f.name, "name", "", "name of the chart that is made of a folder (default: that of DEST)")
	c.Flags().StringArrayVar(&f.age, "age", nil, "of a folder: who can read the secrets of an environment, ENVIRONMENT=RECIPIENT; may be repeated")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "tell what would be done, and write nothing")
	return c
}

func (f *importFlags) run(ctx context.Context, s Streams, from, to string) error {
	if info, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return missing(from)
	} else if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is a file: name the folder of a chart or of workflows", from)
	}
	if err := scaffold.Vacant(to, from); err != nil {
		return err
	}
	im, isChart, err := f.read(ctx, from, to)
	if err != nil {
		return err
	}
	if err := listImport(s.Out, im, isChart); err != nil {
		return failed(err)
	}
	switch {
	case len(im.Moved) == 0:
		return errors.New("no template can become a plain file; nothing was written")
	case ctx.Err() != nil:
		return ctx.Err()
	case f.dryRun:
		_, err := fmt.Fprintf(s.Out, "would make chart %s in %s: %s; nothing was written\n", printable(im.Name), printable(to), importedFiles(im, isChart))
		return failed(err)
	}
	if err := scaffold.Write(to, im.Files); err != nil {
		return broken(err)
	}
	if _, err := fmt.Fprintf(s.Out, "made chart %s in %s: %s\n", printable(im.Name), printable(to), importedFiles(im, isChart)); err != nil {
		return failed(err)
	}
	return compareImport(s, im, from, to, isChart)
}

func (f *importFlags) read(ctx context.Context, from, to string) (*scaffold.Import, bool, error) {
	files, isChart, notes, err := scaffold.Read(ctx, from)
	switch {
	case errors.Is(err, scaffold.ErrSource) || ctx.Err() != nil:
		return nil, false, err
	case err != nil:
		return nil, false, broken(err)
	}
	var im *scaffold.Import
	switch {
	case isChart && (f.name != "" || len(f.age) > 0):
		return nil, false, fmt.Errorf("--name and --age are for a folder of workflows, and %s is a chart: it keeps its name and its environments", from)
	case isChart:
		im, err = scaffold.ImportChart(files)
	default:
		name := f.name
		if name == "" {
			abs, err := filepath.Abs(to)
			if err != nil {
				return nil, false, broken(err)
			}
			name = filepath.Base(abs)
			if err := scaffold.CheckName(name); err != nil {
				return nil, false, fmt.Errorf("%w; give another with --name", err)
			}
		}
		recipients, bad := (&newFlags{age: f.age}).recipients()
		if bad != nil {
			return nil, false, bad
		}
		im, err = scaffold.ImportFolder(files, scaffold.Options{Name: name, Recipients: recipients})
	}
	if err != nil {
		return nil, false, fmt.Errorf("import %s: %w", from, err)
	}
	im.Notes = append(notes, im.Notes...)
	return im, isChart, nil
}

// shownActions are how many places of a template with logic are listed.
const shownActions = 5

// listImport tells what became of each file.
func listImport(w io.Writer, im *scaffold.Import, isChart bool) error {
	var b strings.Builder
	for _, m := range im.Moved {
		fmt.Fprintf(&b, "%s becomes %s", m.From, m.To)
		if m.Escapes > 0 {
			fmt.Fprintf(&b, ", without %s", countOf(m.Escapes, "escape"))
		}
		b.WriteString("\n")
	}
	stays := "is left out"
	if isChart {
		stays = "stays"
	}
	for _, k := range im.Kept {
		if len(k.Actions) == 0 {
			fmt.Fprintf(&b, "%s %s: it %s\n", k.Name, stays, k.Reason)
			continue
		}
		fmt.Fprintf(&b, "%s:%d stays: it %s, first %s\n", k.Name, k.Actions[0].Line, k.Reason, k.Actions[0].Text)
		shown := 0
		for _, a := range k.Actions {
			if a.Hint != "" && shown < shownActions {
				shown++
				fmt.Fprintf(&b, "  %s:%d: %s: %s\n", k.Name, a.Line, a.Text, a.Hint)
			}
		}
	}
	for _, n := range im.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(w, printable(strings.TrimSuffix(line, "\n"))); err != nil {
			return err
		}
	}
	return nil
}

func importedFiles(im *scaffold.Import, isChart bool) string {
	rest := "left out"
	if isChart {
		rest = "left as they are"
	}
	return fmt.Sprintf("%s of workflows, %d %s", countOf(len(im.Moved), "plain file"), len(im.Kept), rest)
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// compareImport says whether the new chart renders what the old one does.
func compareImport(s Streams, im *scaffold.Import, from, to string, isChart bool) error {
	n, differences, err := im.Compare(from, to, isChart)
	switch {
	case err != nil:
		_, err = fmt.Fprintf(s.Out, "not compared, as %s does not render by itself: %s\n", printable(from), printable(err.Error()))
		return failed(err)
	case len(differences) == 0 && isChart:
		_, err = fmt.Fprintf(s.Out, "compared: both charts render the same %s\n", countOf(n, "manifest"))
		return failed(err)
	case len(differences) == 0:
		_, err = fmt.Fprintf(s.Out, "compared: the chart renders the same %s as the files hold\n", countOf(n, "manifest"))
		return failed(err)
	}
	for _, d := range differences {
		fmt.Fprintln(s.Err, printable(d))
	}
	return &exit{exitFindings, fmt.Errorf("the chart in %s does not render what %s does, see above; it was left there to look at", to, from)}
}
