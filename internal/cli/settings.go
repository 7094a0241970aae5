package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
)

// settings are what flags and configuration file say, as text: they are
// checked once, whoever said it.
type settings struct {
	failOn      string
	show        string
	argoVersion string
	complete    bool
	rules       map[string]lint.Severity
	exclude     []glob
	policies    []policyRef
}

// flags are those of lint.
type flags struct {
	settings
	format string
	output string
	color  string
	config string
	rule   []string
	policy []string
	quiet  bool
	repair repair
	// defaults asks for what policies write into objects, too.
	defaults bool

	environments []string
	decrypt      string
}

func (f *flags) add(c *cobra.Command) {
	set := c.Flags()
	set.StringVarP(&f.format, "format", "f", string(report.Text), "how to print: "+strings.Join(report.Formats(), ", "))
	set.StringVarP(&f.output, "output", "o", "", "write the report to this file instead of standard output")
	set.StringVar(&f.failOn, "fail-on", "error", "least severity that makes the exit code 1: error, warning, info")
	set.StringVar(&f.show, "show", "warning", "least severity to show in text, github and junit: error, warning, info")
	set.StringArrayVar(&f.rule, "rule", nil, "NAME=off|info|warning|error: change the severity of a rule; may be repeated")
	addPolicy(c, &f.policy)
	set.StringVar(&f.argoVersion, "argo-version", "", fmt.Sprintf("Argo Workflows version to check for, %s to %s (default the newest)", lint.Oldest, lint.Newest))
	set.BoolVar(&f.complete, "complete", false, "all manifests are given: what is referred to and not among them does not exist")
	set.StringVar(&f.color, "color", "auto", "colours in text: auto, always, never")
	set.StringVar(&f.config, "config", "", "configuration file (default: "+configName+", from the working directory upwards)")
	set.BoolVarP(&f.quiet, "quiet", "q", false, "show only findings that fail the run, and nothing when there are none")

	set.StringSliceVarP(&f.environments, "environment", "e", nil, "environments to render charts for (default all); may be repeated")
	addDecrypt(c, &f.decrypt)

	set.BoolVar(&f.repair.write, "fix", false, "mend what can be mended safely, in the files")
	set.BoolVar(&f.repair.diff, "diff", false, "print what --fix would change as a patch, instead of the report, and change nothing")
	set.BoolVar(&f.defaults, "defaults", false, "with policies: report what they write into objects at admission, as findings that --diff shows and --fix writes")
	set.BoolVar(&f.repair.unsafe, "unsafe-fixes", false, "with --fix or --diff: mend also what may not be meant so")

	c.MarkFlagsMutuallyExclusive("fix", "diff")
	c.MarkFlagsMutuallyExclusive("quiet", "show")
	severities := cobra.FixedCompletions([]string{"error", "warning", "info"}, cobra.ShellCompDirectiveNoFileComp)
	for name, complete := range map[string]cobra.CompletionFunc{
		"format":       cobra.FixedCompletions(report.Formats(), cobra.ShellCompDirectiveNoFileComp),
		"fail-on":      severities,
		"show":         severities,
		"color":        cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp),
		"argo-version": cobra.NoFileCompletions,
		"rule":         completeOverride,
	} {
		if err := c.RegisterFlagCompletionFunc(name, complete); err != nil {
			panic(err) // a name above is not a flag
		}
	}
}

// completeOverride completes NAME=severity.
func completeOverride(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	name, _, hasValue := strings.Cut(typed, "=")
	var out []string
	if hasValue {
		for _, s := range []string{"off", "info", "warning", "error"} {
			out = append(out, name+"="+s)
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
	for _, r := range allRules() {
		out = append(out, r.Name+"=")
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// A plan is a checked set of settings.
type plan struct {
	lint    lint.Options
	report  report.Options
	format  report.Format
	exclude []glob
	repair  repair

	policies     *policyStore
	environments []string
	decrypt      deploy.Decrypt
}

// plan merges the configuration under the flags; a flag that was given wins.
func (f *flags) plan(c *cobra.Command, config *config) (*plan, error) {
	if !slices.Contains(report.Formats(), f.format) {
		return nil, fmt.Errorf("--format %q is none of %s%s", f.format, strings.Join(report.Formats(), ", "), near.Hint(f.format, report.Formats()))
	}
	s := f.settings
	given := c.Flags().Changed
	if !given("fail-on") && config.failOn != "" {
		s.failOn = config.failOn
	}
	showGiven := given("show") || config.show != ""
	if !given("show") && config.show != "" {
		s.show = config.show
	}
	if !given("argo-version") {
		s.argoVersion = config.argoVersion
	}
	if !given("complete") {
		s.complete = config.complete
	}
	overrides, err := overrides(f.rule)
	if err != nil {
		return nil, err
	}
	if f.repair.unsafe && !f.repair.write && !f.repair.diff {
		return nil, errors.New("--unsafe-fixes goes with --fix or --diff")
	}
	if f.repair.diff && f.output == "" && given("format") {
		return nil, errors.New("--diff prints a patch to standard output: say with --output where the report goes")
	}
	p := &plan{format: report.Format(f.format), exclude: config.exclude, repair: f.repair, environments: f.environments}
	if p.decrypt, err = decryption(f.decrypt); err != nil {
		return nil, err
	}
	p.lint = lint.Options{Rules: rules.All(), Severity: map[string]lint.Severity{}, Complete: s.complete}
	for name, severity := range config.rules {
		p.lint.Severity[name] = severity
	}
	for name, severity := range overrides {
		p.lint.Severity[name] = severity
	}
	if p.policies, err = openPolicies(f.policy, config.policies); err != nil {
		return nil, err
	}
	p.policies.defaults = f.defaults
	p.lint.Policies, p.lint.Others = p.policies.plain(), p.policies.rules()
	if s.argoVersion != "" {
		if p.lint.Argo, err = lint.ParseVersion(s.argoVersion); err != nil {
			return nil, fmt.Errorf("--argo-version: %w", err)
		}
	}
	if p.report.FailOn, err = threshold(s.failOn); err != nil {
		return nil, fmt.Errorf("--fail-on %w", err)
	}
	if p.report.Show, err = threshold(s.show); err != nil {
		return nil, fmt.Errorf("--show %w", err)
	}
	switch {
	case f.quiet:
		p.report.Show, p.report.Terse = p.report.FailOn, true
	case !showGiven: // a run must not fail because of what it does not show
		p.report.Show = min(p.report.Show, p.report.FailOn)
	}
	return p, nil
}

// threshold reads a severity at which something happens.
func threshold(s string) (lint.Severity, error) {
	v, err := lint.ParseSeverity(s)
	if err != nil || v == lint.Off {
		return 0, fmt.Errorf("%q is none of error, warning, info%s", s, near.Hint(s, []string{"error", "warning", "info"}))
	}
	return v, nil
}

// overrides reads NAME=SEVERITY; the last one of a name wins.
func overrides(flags []string) (map[string]lint.Severity, error) {
	out := map[string]lint.Severity{}
	for _, f := range flags {
		name, value, ok := strings.Cut(f, "=")
		if !ok {
			return nil, fmt.Errorf("--rule %q is not like NAME=off, NAME=info, NAME=warning or NAME=error", f)
		}
		s, err := severity(name, value)
		if err != nil {
			return nil, fmt.Errorf("--rule: %w", err)
		}
		out[name] = s
	}
	return out, nil
}

// severity checks the name of a rule and reads the severity it is to have.
func severity(rule, value string) (lint.Severity, error) {
	if find(rule) == nil {
		return 0, unknownRule(rule)
	}
	s, err := lint.ParseSeverity(value)
	if err != nil {
		return 0, fmt.Errorf("rule %s: %w", rule, err)
	}
	return s, nil
}

func find(rule string) *lint.Rule {
	for _, r := range allRules() {
		if r.Name == rule {
			return r
		}
	}
	return nil
}

func unknownRule(name string) error {
	var have []string
	for _, r := range allRules() {
		have = append(have, r.Name)
	}
	return fmt.Errorf("there is no rule %q%s (tiphys rules lists them)", name, near.Hint(name, have))
}
