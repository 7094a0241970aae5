package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// packageFlags are those of package, push and pull.
type packageFlags struct {
	output, dir, format string
}

func newPackage(s Streams) *cobra.Command {
	f := &packageFlags{}
	c := &cobra.Command{
		Use:   "package [CHART]",
		Short: "Make one archive of a chart and its environments",
		Long: "package makes one archive of a chart and of the files of its environments, secrets still\n" +
			"encrypted, and prints its digest. The same files make the same archive everywhere.\n" +
			"What lies in the clear and should not is refused. Without a CHART, it is the working\n" +
			"directory.\n\n" +
			"Exit codes: 0 made, 1 something in the chart is wrong, such as a secret in the clear,\n" +
			"2 usage, 3 tiphys could not do its work.",
		Example: "  tiphys package charts/etl\n  tiphys package charts/etl -o etl.tiphys.tgz --format json",
		Args:    oneFolder,
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c.Context(), s, folderOf(args))
		},
	}
	c.Flags().StringVarP(&f.output, "output", "o", "", "file to write (default: NAME-VERSION"+bundle.Extension+")")
	c.Flags().StringVarP(&f.dir, "dir", "d", "", "folder to write the file to (default: the working directory)")
	c.MarkFlagsMutuallyExclusive("output", "dir")
	f.addFormat(c)
	return c
}

func (f *packageFlags) addFormat(c *cobra.Command) {
	formats := []string{"text", "json"}
	c.Flags().StringVarP(&f.format, "format", "f", "text", "how to print: text, json")
	c.PreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(formats, f.format) {
			return fmt.Errorf("--format %q is none of text, json%s", f.format, near.Hint(f.format, formats))
		}
		return nil
	}
	if err := c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // no such flag
	}
}

func (f *packageFlags) run(ctx context.Context, s Streams, dir string) error {
	p, err := packFolder(s, dir)
	if err != nil {
		return err
	}
	name := f.output
	if name == "" {
		name = filepath.Join(f.dir, p.FileName())
	}
	if within, err := lies(name, dir); err != nil {
		return broken(err)
	} else if within {
		return fmt.Errorf("%s would lie in the chart and be a file of its next package: name another folder with -d", name)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := save(name, p.Write); err != nil {
		return broken(err)
	}
	return f.print(s.Out, packaged{Archive: name}.of(&p.Contents, p.Digest()))
}

// packFolder makes the package of a folder. What must not be in it is told.
func packFolder(s Streams, dir string) (*bundle.Package, error) {
	set, chart, err := openChart(dir)
	if err != nil {
		return nil, err
	}
	p, found, err := bundle.New(set, chart)
	if err != nil {
		return nil, contentError(err)
	}
	if p == nil {
		if err := tellFindings(s, found, nil); err != nil {
			return nil, err
		}
		return nil, &exit{exitFindings, nil}
	}
	return p, nil
}

func openChart(dir string) (*environment.Set, *render.Chart, error) {
	set, err := openSet(dir)
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "Chart.yaml")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("package %s: %w", dir, environment.ErrNoChart)
	}
	chart, err := render.Load(dir)
	if err != nil {
		return nil, nil, contentError(err)
	}
	return set, chart, nil
}

// contentError sorts an error by whose fault it is: that of a file which could
// not be read is ours, any other is of what is written in it.
func contentError(err error) error {
	var system syscall.Errno
	switch {
	case errors.As(err, &system):
		return broken(err)
	case errors.Is(err, bundle.ErrNoPackage):
		return err
	}
	return &exit{exitFindings, err}
}

// lies reports whether a file that need not exist lies in a folder.
func lies(name, dir string) (bool, error) {
	parent, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return false, err
	}
	if real, err := filepath.EvalSymlinks(parent); err == nil {
		parent = real
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return false, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return false, err
	}
	rel, err := filepath.Rel(dir, parent)
	return err == nil && filepath.IsLocal(rel), nil
}

// save writes a file that appears when it is complete. What is there and no
// regular file, such as /dev/stdout, is written to as it is.
func save(name string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	part := ""
	flag := os.O_WRONLY
	if info, err := os.Stat(name); err != nil || info.Mode().IsRegular() {
		if real, err := filepath.EvalSymlinks(name); err == nil {
			name = real
		}
		part = filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"."+rand.Text()[:8])
		flag |= os.O_CREATE | os.O_EXCL
	}
	f, err := os.OpenFile(cmp.Or(part, name), flag, 0o666)
	if err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	err = errors.Join(write(f), f.Close())
	if part == "" {
		return err
	}
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		os.Remove(part)
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

// packaged is what package, push and pull print. Fields may be added, none
// changes its meaning.
type packaged struct {
	Name         string   `json:"name"`
	Version      string   `json:"version"`
	Environments []string `json:"environments"`
	Digest       string   `json:"digest"`
	Archive      string   `json:"archive,omitempty"`
	Folder       string   `json:"folder,omitempty"`
	Reference    string   `json:"reference,omitempty"`
	Manifest     string   `json:"manifest,omitempty"`
	// Moved is the digest of the package that the tag led to before.
	Moved string `json:"moved,omitempty"`
}

func (p packaged) of(c *bundle.Contents, digest string) packaged {
	p.Name, p.Version, p.Environments, p.Digest = c.Name, c.Version, c.Environments, digest
	return p
}

func (f *packageFlags) print(w io.Writer, p packaged) error {
	if f.format == "json" {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return failed(e.Encode(p))
	}
	environments := "no environment"
	if len(p.Environments) > 0 {
		environments = strings.Join(p.Environments, ", ")
	}
	var b strings.Builder
	for _, line := range [][2]string{
		{"package", fmt.Sprintf("%s %s for %s", p.Name, p.Version, environments)},
		{"archive", p.Archive}, {"folder", p.Folder}, {"reference", p.Reference},
		{"digest", p.Digest}, {"manifest", p.Manifest},
	} {
		if line[1] != "" {
			fmt.Fprintf(&b, "%-10s %s\n", line[0]+":", printable(line[1]))
		}
	}
	_, err := io.WriteString(w, b.String())
	return failed(err)
}
