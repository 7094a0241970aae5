package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/graph"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// graphFlags are those of graph.
type graphFlags struct {
	format, template, output, color, show, config string
	depth                                         int
	ascii                                         bool
}

func newGraph(s Streams) *cobra.Command {
	f := &graphFlags{}
	c := &cobra.Command{
		Use:   "graph FILE",
		Short: "Draw the tasks and steps of workflows",
		Long: "graph draws the DAG or steps of each template of a file, with the findings on the nodes\n" +
			"that they belong to; - reads standard input. Templates are drawn inside the nodes that\n" +
			"call them, --depth levels of them; deeper ones are drawn by themselves.\n\n" +
			"Exit codes: 0 drawn, whatever the findings; 1 a document does not parse; 2 usage or\n" +
			"nothing to draw; 3 tiphys could not do its work.",
		Example: "  tiphys graph workflow.yaml\n  tiphys graph workflow.yaml --format svg -o workflow.svg\n" +
			"  helm template . | tiphys graph - --depth 1 --template main",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("graph draws one file, and %d are given; - is standard input", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, s, args[0]) },
	}
	f.add(c)
	return c
}

func (f *graphFlags) add(c *cobra.Command) {
	set := c.Flags()
	set.StringVarP(&f.format, "format", "f", string(graph.Text), "how to draw: "+strings.Join(graph.Formats(), ", "))
	set.IntVar(&f.depth, "depth", graph.DefaultDepth, "levels of templates to draw inside each other; 1 draws each by itself")
	set.StringVar(&f.template, "template", "", "draw only the template of this name")
	set.StringVarP(&f.output, "output", "o", "", "write the picture to this file instead of standard output")
	set.StringVar(&f.show, "show", "warning", "least severity of findings to mark: error, warning, info")
	set.StringVar(&f.color, "color", "auto", "colours in text: auto, always, never")
	set.BoolVar(&f.ascii, "ascii", !utf8Locale(), "draw text with ASCII characters only (default: where the locale is not UTF-8)")
	set.StringVar(&f.config, "config", "", "configuration file (default: "+configName+", from the working directory upwards)")
	set.Lookup("ascii").DefValue = "false"
	for name, values := range map[string][]string{
		"format": graph.Formats(),
		"show":   {"error", "warning", "info"},
		"color":  {"auto", "always", "never"},
	} {
		if err := c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
			panic(err) // a name above is not a flag
		}
	}
}

// utf8Locale reports whether the terminal may be sent UTF-8. Where nothing is
// said, as in most containers, it may.
func utf8Locale() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(os.Getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return true
}

func (f *graphFlags) run(c *cobra.Command, s Streams, path string) error {
	if !slices.Contains(graph.Formats(), f.format) {
		return fmt.Errorf("--format %q is none of %s%s", f.format, strings.Join(graph.Formats(), ", "), near.Hint(f.format, graph.Formats()))
	}
	if f.depth < 1 {
		return fmt.Errorf("--depth %d draws nothing; 1 draws each template by itself", f.depth)
	}
	config, err := readConfig(f.config)
	if err != nil {
		return err
	}
	rules := &flags{format: "text", settings: settings{failOn: "error", show: f.show}}
	p, err := rules.plan(c, config)
	if err != nil {
		return err
	}
	show, err := threshold(f.show)
	if err != nil {
		return fmt.Errorf("--show %w", err)
	}
	look := graph.Look{ASCII: f.ascii}
	if look.Color, err = colors(f.color, f.output == "", s.Out); err != nil {
		return err
	}
	file, err := readOne(c.Context(), s, path)
	if err != nil {
		return err
	}
	result := lint.Run(p.lint, file)
	docs := manifest.Parse(file)
	picture := graph.Draw(docs, result.Findings, graph.Options{Depth: f.depth, Template: f.template, Show: show})
	verdict := f.verdict(s, file, docs, picture)
	if len(picture.Flows) > 0 {
		err := f.write(s, func(w io.Writer) error { return graph.Write(w, picture, graph.Format(f.format), look) })
		if err != nil {
			return broken(fmt.Errorf("write picture: %w", err))
		}
	}
	if len(result.Failures) > 0 {
		(&run{Result: result}).complain(s.Err)
		return &exit{exitBroken, nil}
	}
	return verdict
}

// verdict is the exit code; it tells of documents that cannot be drawn.
func (f *graphFlags) verdict(s Streams, file *source.File, docs []*manifest.Document, p *graph.Picture) error {
	var code error
	for _, d := range docs {
		if d.Root != nil || len(d.Problems) == 0 {
			continue
		}
		code = &exit{exitFindings, nil}
		problem := d.Problems[0]
		finding := slices.IndexFunc(p.Rest, func(f lint.Finding) bool {
			return f.Severity == lint.Error && d.Start <= f.Span.Offset() && f.Span.Offset() <= d.End
		})
		if finding >= 0 {
			fmt.Fprintln(s.Err, printable(p.Rest[finding].String()))
			continue
		}
		at := file.Position(problem.Span.Start)
		fmt.Fprintf(s.Err, "%s:%d:%d: error: %s\n", printable(file.Name), at.Line, at.Column, printable(problem.Message))
	}
	switch {
	case len(p.Flows) > 0 || code != nil:
		return code
	case f.template != "" && len(p.Templates) > 0:
		return fmt.Errorf("%s has no template %q%s", printable(file.Name), f.template, near.Hint(f.template, p.Templates))
	}
	return fmt.Errorf("nothing to draw: there is no Workflow, WorkflowTemplate, ClusterWorkflowTemplate, CronWorkflow or Sensor in %s", printable(file.Name))
}

// readOne reads a file that is named, or standard input.
func readOne(ctx context.Context, s Streams, path string) (*source.File, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; graph draws one file", path)
	}
	in, err := gather(ctx, []string{path}, nil)
	if err != nil {
		return nil, err
	}
	if len(in.troubles) > 0 {
		return nil, broken(errors.New(in.troubles[0]))
	}
	text, err := read(ctx, in.all[0], s)
	if err != nil {
		return nil, broken(errors.New(trouble(in.all[0].name, err)))
	}
	return source.NewFile(in.all[0].name, text), nil
}

// write writes to the file of --output, or to standard output.
func (f *graphFlags) write(s Streams, do func(io.Writer) error) error {
	if f.output == "" {
		return do(s.Out)
	}
	file, err := os.Create(f.output)
	if err != nil {
		return err
	}
	return errors.Join(do(file), file.Close())
}
