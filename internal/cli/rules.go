package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/page"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/secrets/audit"
	"github.com/tiphys-dev/tiphys/policies"
)

func newRules(s Streams) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "rules",
		Short: "List the rules",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("rules lists all rules and takes no arguments; to read about one rule: tiphys explain %s", args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			switch report.Format(format) {
			case report.Text:
				return failed(listRules(s.Out))
			case report.JSON:
				return failed(listRulesJSON(s.Out))
			}
			return fmt.Errorf("--format %q is none of text, json", format)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().StringVarP(&format, "format", "f", string(report.Text), "how to print: text, json")
	complete := cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp)
	if err := c.RegisterFlagCompletionFunc("format", complete); err != nil {
		panic(err) // no such flag
	}
	return c
}

// allRules are the rules of manifests, charts, environments, packages and
// encrypted files, by name.
func allRules() []*lint.Rule {
	all := slices.Concat(rules.All(), deploy.Rules(), environment.Rules(), bundle.Rules(), audit.Rules(), policies.Rules())
	slices.SortStableFunc(all, func(a, b *lint.Rule) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b *lint.Rule) bool { return a.Name == b.Name })
}

// failed marks an error of a stream as ours, not the user's.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return broken(fmt.Errorf("write: %w", err))
}

func listRules(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tSEVERITY\tTOPIC\tTITLE")
	for _, r := range allRules() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.Name, r.Severity, r.Topic, page.Title(r.Page))
	}
	return t.Flush()
}

func listRulesJSON(w io.Writer) error {
	type rule struct {
		Name     string `json:"name"`
		Severity string `json:"severity"`
		Topic    string `json:"topic"`
		Title    string `json:"title"`
	}
	out := []rule{}
	for _, r := range allRules() {
		out = append(out, rule{r.Name, r.Severity.String(), r.Topic, page.Title(r.Page)})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func newExplain(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "explain RULE",
		Short:   "Explain a rule, with an example",
		Example: "  tiphys explain dag-cycle",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("explain takes the name of one rule (tiphys rules lists them)")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			r := find(args[0])
			if r == nil {
				return unexplained(args[0])
			}
			_, err := io.WriteString(s.Out, explain(r))
			return failed(err)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			if len(args) == 0 {
				for _, r := range allRules() {
					names = append(names, cobra.CompletionWithDesc(r.Name, page.Title(r.Page)))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// unexplained says where else to read about a name that a finding may have
// brought: policies have rules of their own.
func unexplained(name string) error {
	for _, policy := range policies.Names() {
		all, _ := policies.Parse(policies.Shipped(policy))
		for _, p := range all {
			for _, m := range p.Modules {
				if m.Name == name {
					return fmt.Errorf("%q is a rule of policy %s alone: tiphys policy show %s", name, policy, policy)
				}
			}
		}
	}
	return fmt.Errorf("%w; the rules of a policy's own modules are explained in the policy", unknownRule(name))
}

// explain is the page of a rule as a terminal shows it.
func explain(r *lint.Rule) string {
	p := page.Parse(r.Page)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Name, p.Title)
	fmt.Fprintf(&b, "severity %s, topic %s\n", r.Severity, r.Topic)
	if p.Prose != "" {
		fmt.Fprintf(&b, "\n%s\n", p.Prose)
	}
	if parameters := page.Parameters(r.Parameters); len(parameters) > 0 {
		fmt.Fprint(&b, "\nA policy may give it parameters:\n\n")
		for _, p := range parameters {
			fmt.Fprintf(&b, "    %s: %s\n        %s\n", p.Name, p.Kind(), p.Doc)
		}
	}
	c, ok := p.Firing()
	if !ok {
		return b.String()
	}
	fmt.Fprint(&b, "\nExample:\n")
	for _, f := range c.Files {
		if len(c.Files) > 1 {
			fmt.Fprintf(&b, "\n    # %s", f.Name)
		}
		fmt.Fprintf(&b, "\n%s", indent(f.Text))
	}
	fmt.Fprintf(&b, "\nFindings:\n\n%s", indent(c.Want))
	if c.Fixed != "" {
		fmt.Fprintf(&b, "\nBetter:\n\n%s", indent(c.Fixed))
	}
	fmt.Fprintf(&b, "\nTo accept it in one place, say why, on the line or the line above:\n\n    # tiphys:ignore %s: reason\n", r.Name)
	return b.String()
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("    ")
		}
		b.WriteString(strings.TrimRight(line, "\n"))
		b.WriteByte('\n')
	}
	return b.String()
}
