package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
	"github.com/tiphys-dev/tiphys/packaging/secrets/audit"
)

func newSecretsCheck(s Streams) *cobra.Command {
	f := &valuesFlags{}
	c := &cobra.Command{
		Use:   "check [CHART]",
		Short: "Say which environments this machine can open, and what is not as it should be",
		Long: "check looks at the files of secrets of a chart, or of any folder, and of its environments: for\n" +
			"whom each is encrypted and whether this machine opens it. It finds secrets in the clear, files\n" +
			"that were changed by hand, keys that are in one environment and not in another, and recipients\n" +
			"that open more than one environment or are not those of .sops.yaml. It may ask for a\n" +
			"passphrase, or a key service, as SOPS does.\n\n" +
			"Exit codes: 0 clean or warnings, 1 errors, such as secrets in the clear, 2 usage, 3 tiphys could\n" +
			"not do its work. A file that this machine cannot open is no error.",
		Example: "  tiphys secrets check\n  tiphys secrets check charts/etl --format json",
		Args:    oneFolder,
		RunE: func(c *cobra.Command, args []string) error {
			return f.checkSecrets(c.Context(), s, folderOf(args))
		},
	}
	f.add(s, c, "text", "json")
	return c
}

func (f *valuesFlags) checkSecrets(ctx context.Context, s Streams, dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return missing(dir)
	}
	r, err := audit.Check(ctx, dir)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case err != nil:
		return broken(err)
	}
	if f.format == "json" {
		if err := writeAudit(s.Out, r); err != nil {
			return failed(err)
		}
		if slices.ContainsFunc(r.Findings, func(f lint.Finding) bool { return f.Severity == lint.Error }) {
			return &exit{exitFindings, nil}
		}
		return nil
	}
	if err := tableOf(s.Out, r); err != nil {
		return failed(err)
	}
	var files []string
	for _, finding := range r.Findings {
		if name := audit.FileOf(finding); !slices.Contains(files, name) {
			files = append(files, name)
		}
	}
	return f.tell(s, r.Findings, files)
}

// tableOf prints the files of each environment.
func tableOf(w io.Writer, r *audit.Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ENVIRONMENT\tFILE\tOPENS\tENCRYPTED FOR")
	for _, e := range r.Environments {
		if len(e.Files) == 0 {
			fmt.Fprintf(t, "%s\t-\t-\t-\n", orDash(e.Name))
		}
		for _, file := range e.Files {
			opens := "no"
			if file.Opens {
				opens = "yes"
			}
			if !file.Encrypted {
				opens = "-"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", orDash(e.Name), printable(file.Name), opens, orDash(recipientNames(file)))
		}
	}
	return t.Flush()
}

func recipientNames(f *audit.File) string {
	if !f.Encrypted {
		return "nobody: it lies in the clear"
	}
	names := make([]string, len(f.Recipients))
	for i, r := range f.Recipients {
		names[i] = r.String()
	}
	return strings.Join(names, ", ")
}

// writeAudit prints the report for programs.
func writeAudit(w io.Writer, r *audit.Report) error {
	type finding struct {
		Rule     string `json:"rule"`
		Severity string `json:"severity"`
		File     string `json:"file"`
		Line     int    `json:"line,omitempty"`
		Message  string `json:"message"`
	}
	out := struct {
		Environments []*audit.Environment `json:"environments"`
		Findings     []finding            `json:"findings"`
	}{r.Environments, []finding{}}
	for _, e := range out.Environments {
		if e.Files == nil {
			e.Files = []*audit.File{}
		}
		for _, f := range e.Files {
			if f.Recipients == nil {
				f.Recipients = []secrets.Recipient{}
			}
		}
	}
	for _, f := range r.Findings {
		line := 0
		if at := f.Span; at.File != nil {
			line = at.File.Position(at.Start).Line
		}
		out.Findings = append(out.Findings, finding{f.Rule.Name, f.Severity.String(), audit.FileOf(f), line, f.Message})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(out)
}
