// Package linttest tests a rule with the cases of its own page.
//
// The page is a txtar archive. Its comment is the page's text; its files are
// cases, each a folder:
//
//	-- cycle/in.yaml --    one or more manifests
//	-- cycle/options --    optional, key: value lines (complete: true, argoVersion: 3.5,
//	                       parameters: an object of JSON, as a policy would give it)
//	-- cycle/want --       the findings, a line each; empty for a silent case
//	-- cycle/fixed.yaml -- optional, in.yaml once the fixes are applied
package linttest

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/page"
	"github.com/tiphys-dev/tiphys/lint/source"
)

var update = flag.Bool("update", false, "rewrite the want files of rule pages")

// Run checks that rule finds in each case of its page what the page says. The
// others run beside it; what they find is left out.
func Run(t *testing.T, rule *lint.Rule, others ...*lint.Rule) {
	t.Helper()
	file := rule.Name + ".txtar"
	got := map[string]string{}
	fires, silent := false, false
	for _, c := range page.Parse(rule.Page).Cases {
		t.Run(c.Name, func(t *testing.T) {
			o, err := options(rule, c.Options)
			if err != nil {
				t.Fatal(err)
			}
			o.Rules, o.Fixes = append([]*lint.Rule{rule}, others...), true
			var files []*source.File
			for _, f := range c.Files {
				files = append(files, source.NewFile(f.Name, []byte(f.Text)))
			}
			result := lint.Run(o, files...)
			result.Findings = slices.DeleteFunc(result.Findings, func(f lint.Finding) bool { return f.Rule != rule })
			for _, err := range result.Failures {
				t.Error(err)
			}
			got[c.Name] = Format(result.Findings)
			fixes(t, o, files, result.Findings, c.Fixed)
			fires, silent = fires || len(result.Findings) > 0, silent || len(result.Findings) == 0
			if diff := cmp.Diff(c.Want, got[c.Name]); diff != "" && !*update {
				t.Errorf("%s: findings of case %s (-want +got):\n%s", file, c.Name, diff)
			}
		})
	}
	if *update {
		rewrite(t, file, rule.Page, got)
	}
	if !fires || !silent {
		t.Errorf("%s: a page needs a case that fires and one that is silent", file)
	}
}

// Format prints findings a line each, with the places they relate to.
func Format(findings []lint.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintln(&b, f)
		for _, r := range f.Related {
			at := r.Path
			if r.Span.Known() {
				p := r.Span.File.Position(r.Span.Start)
				at = fmt.Sprintf("%s:%d:%d", r.Span.File.Name, p.Line, p.Column)
			}
			fmt.Fprintf(&b, "  %s: %s\n", at, r.Message)
		}
	}
	return b.String()
}

// options reads the options of a case, which are written as in .tiphys.yaml,
// and the parameters of its rule.
func options(rule *lint.Rule, text string) (lint.Options, error) {
	var o lint.Options
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "":
		case "complete":
			o.Complete = value == "true"
		case "argoVersion":
			v, err := lint.ParseVersion(strings.Trim(value, `"`))
			if err != nil {
				return o, err
			}
			o.Argo = v
		case "parameters":
			p := policy{Rules: map[string][]lint.Setting{rule.Name: {{Severity: rule.Severity}}}}
			if err := json.Unmarshal([]byte(value), &p.Rules[rule.Name][0].Parameters); err != nil {
				return o, err
			}
			o.Policies = &p
		default:
			return o, fmt.Errorf("option %q is none of complete, argoVersion, parameters", key)
		}
	}
	return o, nil
}

// A policy wants the same of all objects.
type policy lint.Terms

func (p *policy) Terms(*manifest.Node) *lint.Terms { return (*lint.Terms)(p) }

// rewrite writes the page with the findings that were got.
func rewrite(t *testing.T, file, page string, got map[string]string) {
	ar := txtar.Parse([]byte(page))
	for i, f := range ar.Files {
		if dir, name, _ := strings.Cut(f.Name, "/"); name == "want" {
			ar.Files[i].Data = []byte(got[dir])
		}
	}
	if err := os.WriteFile(filepath.Clean(file), txtar.Format(ar), 0o644); err != nil {
		t.Fatal(err)
	}
}
