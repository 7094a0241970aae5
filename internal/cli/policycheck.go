package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/policies"
)

func newPolicyCheck(s Streams) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "check FILE...",
		Short: "Report what is wrong with policies",
		Long: "check reads policies, from files or from all files of folders, and reports what is wrong\n" +
			"with them: fields, rules and parameters that do not exist, modules that do not compile,\n" +
			"defaults that Argo would refuse, waivers that are expired.\n\n" +
			"Exit codes: 0 all is right, 1 mistakes, 2 usage or no policy found, 3 tiphys could not do its work.",
		Example: "  tiphys policy check policies/",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("check needs a file or a folder of policies")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(report.Formats(), format) {
				return fmt.Errorf("--format %q is none of %s%s", format, strings.Join(report.Formats(), ", "), near.Hint(format, report.Formats()))
			}
			return checkPolicies(s, report.Format(format), args)
		},
	}
	c.Flags().StringVarP(&format, "format", "f", string(report.Text), "how to print: "+strings.Join(report.Formats(), ", "))
	complete := cobra.FixedCompletions(report.Formats(), cobra.ShellCompDirectiveNoFileComp)
	if err := c.RegisterFlagCompletionFunc("format", complete); err != nil {
		panic(err) // no such flag
	}
	return c
}

func checkPolicies(s Streams, format report.Format, args []string) error {
	var l policyLoader
	for _, name := range args {
		if _, err := l.load(policyRef{name, "check"}); err != nil {
			return err
		}
	}
	found := l.findings
	now := time.Now()
	set := policies.NewSet(l.all, policies.Options{Now: now})
	if len(found) == 0 { // else a rule may be that of a module which is not there for now
		found = set.Check()
	}
	found = append(found, policies.Findings(set.Waivers(nil, now))...)
	lint.Sort(found)
	color, err := colors("auto", true, s.Out)
	if err != nil {
		return err
	}
	r := report.Report{Findings: found, Files: l.files, Documents: len(l.all), Rules: policies.Rules(), Version: Version()}
	if err := report.Write(s.Out, format, r, report.Options{Color: color && format == report.Text, FailOn: lint.Error}); err != nil {
		return failed(err)
	}
	if slices.ContainsFunc(found, func(f lint.Finding) bool { return f.Severity == lint.Error }) {
		return &exit{exitFindings, nil}
	}
	return nil
}
