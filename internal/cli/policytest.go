package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/policies/rego"
)

func newPolicyTest(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Test policies: unit tests in Rego, and cases of manifests and findings",
		Long: "test runs what it finds in the paths, by default in the working directory: the rules test_*\n" +
			"of files *_test.rego, which see the modules of all policies and of all other .rego files;\n" +
			"and, for a policy in NAME.yaml, the cases of NAME.txtar, of testdata/NAME.txtar, and of the\n" +
			"folders below NAME and testdata/NAME: a manifest in.yaml, and in want the findings.\n\n" +
			"Exit codes: 0 all passed; 1 something failed, or a policy is wrong; 2 usage, or nothing to\n" +
			"test; 3 tiphys could not do its work.",
		Example: "  tiphys policy test policies/",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			return testPolicies(c.Context(), s, args)
		},
	}
}

// A testbed is what there is to test.
type testbed struct {
	policies []policyAt
	modules  []rego.Source // of policies and of files
	tests    []rego.Source
}

// A policyAt is a policy and the file that holds it.
type policyAt struct {
	*policies.Policy
	file string
}

func testPolicies(ctx context.Context, s Streams, paths []string) error {
	bed, wrong, err := findTests(s, paths)
	if err != nil {
		return err
	}
	r := &testReport{out: s.Out, failed: wrong}
	if err := r.rego(ctx, bed); err != nil {
		return err
	}
	for _, p := range bed.policies {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.cases(p); err != nil {
			return err
		}
	}
	if r.err != nil {
		return failed(r.err)
	}
	if r.passed+r.failed == 0 {
		return fmt.Errorf("there is nothing to test in %s: write rules test_* in a file *_test.rego, or cases beside a policy", strings.Join(paths, ", "))
	}
	r.printf("%d passed, %d failed\n", r.passed, r.failed)
	if r.failed > 0 {
		return &exit{exitFindings, nil}
	}
	return nil
}

// findTests reads policies, modules and tests, and counts the policies and
// modules that are wrong, which it prints.
func findTests(s Streams, paths []string) (*testbed, int, error) {
	bed, wrong := &testbed{}, 0
	seen := map[string]bool{}
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
				return fs.SkipDir
			case d.IsDir() || seen[path]:
				return nil
			}
			seen[path] = true
			n, err := bed.add(s, path)
			wrong += n
			return err
		})
		var e *exit
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, 0, fmt.Errorf("%s does not exist", root)
		case errors.As(err, &e):
			return nil, 0, err
		case err != nil:
			return nil, 0, broken(err)
		}
	}
	return bed, wrong, nil
}

// add takes a file, if it is one that has to do with policies.
func (b *testbed) add(s Streams, path string) (wrong int, err error) {
	ext := filepath.Ext(path)
	if ext != ".rego" && ext != ".yaml" && ext != ".yml" {
		return 0, nil
	}
	text, err := readRegular(path, readLimit)
	if err != nil {
		return 0, err
	}
	if ext == ".rego" {
		m := rego.Source{File: path, Name: strings.TrimSuffix(filepath.Base(path), ext), Text: string(text)}
		if strings.HasSuffix(path, "_test.rego") {
			b.tests = append(b.tests, m)
		} else {
			b.modules = append(b.modules, m)
		}
		return 0, nil
	}
	if !strings.Contains(string(text), policies.Kind) {
		return 0, nil
	}
	all, findings := policies.Parse(source.NewFile(path, text))
	for _, f := range findings {
		if _, err := fmt.Fprintln(s.Out, printable(f.String())); err != nil {
			return 0, failed(err)
		}
	}
	for _, p := range all {
		b.policies = append(b.policies, policyAt{p, path})
		for _, m := range p.Modules {
			b.modules = append(b.modules, rego.Source{Policy: p.Name, Name: m.Name, File: path + "/" + m.Name, Text: m.Rego})
		}
	}
	return len(findings), nil
}

// A testReport prints what became of tests.
type testReport struct {
	out            io.Writer
	passed, failed int
	err            error
}

func (r *testReport) printf(format string, args ...any) {
	if r.err == nil {
		_, r.err = io.WriteString(r.out, printableLines(fmt.Sprintf(format, args...)))
	}
}

// told counts a test and prints it; why is empty for one that passed.
func (r *testReport) told(at, why string) {
	if why == "" {
		r.passed++
		r.printf("ok    %s\n", at)
		return
	}
	r.failed++
	r.printf("FAIL  %s: %s\n", at, why)
}

// rego runs the unit tests.
func (r *testReport) rego(ctx context.Context, b *testbed) error {
	results, problems := rego.Test(ctx, b.modules, b.tests)
	for _, p := range problems {
		r.failed++
		between := ":"
		if p.Line == 0 { // it is of the whole file
			between = ": "
		}
		r.printf("%s%s%s\n", p.File, between, p.Problem)
	}
	for _, t := range results {
		r.told(fmt.Sprintf("%s:%d:%d: %s", t.File, t.Line, t.Column, t.Name), t.Why)
		for line := range strings.Lines(t.Printed) {
			r.printf("      %s\n", strings.TrimRight(line, "\n"))
		}
	}
	return ctx.Err()
}

// caseFolders returns the folders and archives that may hold cases of a policy.
func caseFolders(file string) []string {
	dir, base := filepath.Split(file)
	name := strings.TrimSuffix(base, filepath.Ext(base))
	var out []string
	for _, d := range []string{dir, filepath.Join(dir, "testdata")} {
		for _, n := range []string{name + ".txtar", name} {
			if path := filepath.Join(d, n); exists(path) {
				out = append(out, path)
			}
		}
	}
	slices.Sort(out)
	return out
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
