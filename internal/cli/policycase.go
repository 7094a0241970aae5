package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/page"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

// cases runs the cases of a policy.
func (r *testReport) cases(p policyAt) error {
	for _, path := range caseFolders(p.file) {
		all, err := casesIn(path)
		if err != nil {
			return broken(err)
		}
		for _, c := range all {
			r.told(filepath.Join(path, c.Name), difference(c.Want, p.findings(c)))
		}
	}
	return nil
}

// casesIn reads an archive, or a folder with a folder for each case.
func casesIn(path string) ([]page.Case, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		text, err := readRegular(path, readLimit)
		return page.Parse(string(text)).Cases, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var out []page.Case
	for _, e := range entries {
		in, err := readRegular(filepath.Join(path, e.Name(), "in.yaml"), readLimit)
		if !e.IsDir() || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		want, err := readRegular(filepath.Join(path, e.Name(), "want"), readLimit)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		out = append(out, page.Case{Name: e.Name(), Files: []page.File{{Name: "in.yaml", Text: string(in)}}, Want: string(want)})
	}
	return out, nil
}

// findings are what the policy says of the manifests of a case, a line each.
func (p policyAt) findings(c page.Case) string {
	set := policies.NewSet([]*policies.Policy{p.Policy}, policies.Options{})
	var files []*source.File
	for _, f := range c.Files {
		files = append(files, source.NewFile(f.Name, []byte(f.Text)))
	}
	result := lint.Run(lint.Options{Rules: rules.All(), Policies: set.For(policies.Request{})}, files...)
	var b strings.Builder
	for _, f := range result.Findings {
		if f.Policy == "" {
			continue // what tiphys finds without the policy
		}
		fmt.Fprintln(&b, f)
		for _, related := range f.Related {
			at := related.Path
			if related.Span.Known() {
				position := related.Span.File.Position(related.Span.Start)
				at = fmt.Sprintf("%s:%d:%d", related.Span.File.Name, position.Line, position.Column)
			}
			fmt.Fprintf(&b, "  %s: %s\n", at, related.Message)
		}
	}
	for _, err := range result.Failures {
		fmt.Fprintln(&b, err)
	}
	return b.String()
}

// difference tells the lines that are wanted and not found, and those that are
// found and not wanted; it is empty where there are none.
func difference(want, got string) string {
	wanted, found := slices.Collect(strings.Lines(want)), slices.Collect(strings.Lines(got))
	if slices.Equal(wanted, found) || strings.TrimSpace(want) == strings.TrimSpace(got) {
		return ""
	}
	var b strings.Builder
	b.WriteString("it finds something else (- wanted, + found)")
	for _, side := range []struct {
		sign       string
		all, other []string
	}{{"-", wanted, found}, {"+", found, wanted}} {
		for _, line := range side.all {
			if line := strings.TrimRight(line, "\n"); !slices.Contains(side.other, line+"\n") {
				fmt.Fprintf(&b, "\n      %s %s", side.sign, line)
			}
		}
	}
	return b.String()
}
