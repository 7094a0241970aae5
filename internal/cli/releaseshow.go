package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/packaging/release"
)

// showFlags are those of history and status.
type showFlags struct {
	releaseFlags
	format string
}

func (f *showFlags) add(c *cobra.Command) {
	f.releaseFlags.add(c)
	formats := []string{"text", "json"}
	c.Flags().StringVar(&f.format, "format", "text", "how to print: text, json")
	c.PreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(formats, f.format) {
			return fmt.Errorf("--format %q is none of %s%s", f.format, strings.Join(formats, ", "), near.Hint(f.format, formats))
		}
		return nil
	}
	if err := c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // no such flag
	}
}

func newHistory(s Streams) *cobra.Command {
	f := &showFlags{}
	c := &cobra.Command{
		Use:   "history RELEASE",
		Short: "List the revisions of a release",
		Long: "history lists the revisions of a release, oldest first, with the digest of the package and\n" +
			"the environment that each was made from. Those that another helm made are marked: their\n" +
			"records may hold secrets in the clear.\n\n" +
			"RELEASE is the name of a release, or the folder of its chart.",
		Example: "  tiphys history charts/etl -e prod\n  tiphys history etl --namespace prod --format json",
		Args:    oneRelease,
		RunE: func(c *cobra.Command, args []string) error {
			return f.history(c.Context(), s, args[0])
		},
	}
	f.add(c)
	return c
}

func (f *showFlags) history(ctx context.Context, s Streams, arg string) error {
	client, name, err := f.open(arg)
	if err != nil {
		return err
	}
	all, err := client.History(ctx, name)
	if err != nil {
		return releaseError(err)
	}
	if f.format == "json" {
		return writeJSON(s, all)
	}
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "REVISION\tUPDATED\tSTATUS\tCHART\tDIGEST\tENVIRONMENT\tBY\tDESCRIPTION")
	helms := 0
	for _, r := range all {
		by := "tiphys"
		if r.ByHelm {
			by = "helm"
			helms++
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Number, r.Updated.Local().Format(time.DateTime), r.Status, orDash(r.Chart),
			orDash(shortDigest(r.Digest)), orDash(r.Environment), by, printable(r.Description))
	}
	if err := t.Flush(); err != nil {
		return failed(err)
	}
	if helms > 0 {
		s.step("records made by helm may hold secrets in the clear, until they fall out of the history")
	}
	return nil
}

func shortDigest(d string) string {
	_, hex, found := strings.Cut(d, ":")
	if !found {
		hex = d
	}
	return hex[:min(len(hex), 12)]
}

func newStatus(s Streams) *cobra.Command {
	f := &showFlags{}
	c := &cobra.Command{
		Use:   "status RELEASE",
		Short: "Show what a release is at, and whether its objects are there",
		Long: "status shows the last revision of a release, who is working on it, its objects and the Secrets\n" +
			"beside Helm's record, and which of them are missing or not ready.\n\n" +
			"RELEASE is the name of a release, or the folder of its chart.",
		Example: "  tiphys status charts/etl -e prod\n  tiphys status etl --namespace prod --format json",
		Args:    oneRelease,
		RunE: func(c *cobra.Command, args []string) error {
			return f.status(c.Context(), s, args[0])
		},
	}
	f.add(c)
	return c
}

func (f *showFlags) status(ctx context.Context, s Streams, arg string) error {
	client, name, err := f.open(arg)
	if err != nil {
		return err
	}
	st, err := client.Status(ctx, name)
	if err != nil {
		return releaseError(err)
	}
	if f.format == "json" {
		return writeJSON(s, st)
	}
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "release:\t%s\nnamespace:\t%s\nrevision:\t%d\nstatus:\t%s\nupdated:\t%s\nchart:\t%s\n",
		st.Name, st.Namespace, st.Number, st.Revision.Status, st.Updated.Local().Format(time.DateTime), orDash(st.Chart))
	for _, line := range [][2]string{
		{"digest", shortDigest(st.Digest)}, {"environment", st.Environment}, {"description", st.Description}, {"locked by", st.Lock},
	} {
		if line[1] != "" {
			fmt.Fprintf(t, "%s:\t%s\n", line[0], printable(line[1]))
		}
	}
	fmt.Fprintln(t, "\nKIND\tNAMESPACE\tNAME\tSTATE")
	for _, o := range st.Objects {
		writeObject(t, o, "")
	}
	for _, o := range st.Secrets {
		writeObject(t, o, ", beside the record")
	}
	if err := t.Flush(); err != nil {
		return failed(err)
	}
	return writeNotes(s, st.Notes)
}

func writeObject(t *tabwriter.Writer, o release.Object, more string) {
	state := o.Ready
	switch {
	case o.Missing:
		state = "missing"
	case state == "":
		state = "there"
	}
	fmt.Fprintf(t, "%s\t%s\t%s\t%s%s\n", o.Kind, orDash(o.Namespace), printable(o.Name), printable(state), more)
}

func writeNotes(s Streams, notes string) error {
	if strings.TrimSpace(notes) == "" {
		return nil
	}
	var b strings.Builder
	b.WriteByte('\n')
	for line := range strings.Lines(strings.TrimSpace(notes)) {
		b.WriteString(printable(strings.TrimRight(line, "\r\n")) + "\n")
	}
	if _, err := fmt.Fprint(s.Out, b.String()); err != nil {
		return failed(err)
	}
	return nil
}

func writeJSON(s Streams, v any) error {
	e := json.NewEncoder(s.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return failed(err)
	}
	return nil
}
