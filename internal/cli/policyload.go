package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

// A policyRef is a policy that somebody wants: the name of one that comes with
// tiphys, or a file or folder.
type policyRef struct {
	name string
	at   string // where that was said
}

func addPolicy(c *cobra.Command, to *[]string) {
	c.Flags().StringArrayVar(to, "policy", nil, "policy to lint by: "+strings.Join(policies.Names(), ", ")+", a file or a folder; may be repeated")
	err := c.RegisterFlagCompletionFunc("policy", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return policies.Names(), cobra.ShellCompDirectiveDefault
	})
	if err != nil {
		panic(err) // no such flag
	}
}

// A wrongPolicy is an error that says what is wrong with policies: nothing is
// judged by half of what was meant.
type wrongPolicy struct{ findings []lint.Finding }

func (w *wrongPolicy) Error() string { return w.findings[0].String() }

// tell prints the findings and returns the exit code.
func (w *wrongPolicy) tell(s Streams) int {
	color, err := colors("auto", true, s.Err)
	if err != nil {
		color = false
	}
	var files []string
	for _, f := range w.findings {
		if f.Span.Known() {
			files = insert(files, f.Span.File.Name)
		}
	}
	_ = report.Write(s.Err, report.Text, report.Report{Findings: w.findings, Files: files}, report.Options{Color: color}) // there is no other place to tell it
	fmt.Fprintln(s.Err, "tiphys: nothing was linted: mend the policies first")
	return exitUsage
}

// A policyLoader reads policy files, each once.
type policyLoader struct {
	all      []*policies.Policy
	files    []string                      // that were read, sorted
	byFile   map[string][]*policies.Policy // by real path, or name of a shipped one
	findings []lint.Finding
}

// load returns the policies that are meant by a reference.
func (l *policyLoader) load(ref policyRef) ([]*policies.Policy, error) {
	if f := policies.Shipped(ref.name); f != nil {
		return l.parse("shipped:"+ref.name, f), nil
	}
	info, err := os.Stat(ref.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no policy, file or folder %q%s; policies that come with tiphys are %s",
			ref.at, ref.name, near.Hint(filepath.Base(ref.name), policies.Names()), strings.Join(policies.Names(), ", "))
	case err != nil:
		return nil, broken(errors.New(trouble(ref.name, err)))
	case info.IsDir():
		return l.folder(ref)
	}
	return l.file(ref, ref.name)
}

func (l *policyLoader) file(ref policyRef, name string) ([]*policies.Policy, error) {
	key, err := realPath(name)
	if err != nil {
		return nil, broken(errors.New(trouble(name, err)))
	}
	if all, known := l.byFile[key]; known {
		return all, nil
	}
	text, err := readRegular(name, configLimit)
	if err != nil {
		return nil, broken(fmt.Errorf("read policy: %w", err))
	}
	before := len(l.findings)
	for _, shipped := range policies.Names() { // a copy of it is no second policy of that name
		if bytes.Equal(text, policies.Shipped(shipped).Bytes) {
			key = "shipped:" + shipped
		}
	}
	all := l.parse(key, source.NewFile(name, text))
	if len(all) == 0 && len(l.findings) == before && ref.name == name {
		return nil, fmt.Errorf("%s: %s holds no WorkflowPolicy", ref.at, name)
	}
	return all, nil
}

// folder reads the files of a folder; what is no policy is passed over.
func (l *policyLoader) folder(ref policyRef) ([]*policies.Policy, error) {
	var all []*policies.Policy
	err := filepath.WalkDir(ref.name, func(path string, d fs.DirEntry, err error) error {
		switch hidden := strings.HasPrefix(d.Name(), ".") && path != ref.name; {
		case err != nil:
			return broken(errors.New(trouble(path, err)))
		case hidden && d.IsDir():
			return fs.SkipDir
		case hidden || d.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(path))):
			return nil
		}
		found, err := l.file(ref, path)
		all = append(all, found...)
		return err
	})
	if err == nil && len(all) == 0 && len(l.findings) == 0 {
		err = fmt.Errorf("%s: there is no WorkflowPolicy in %s", ref.at, ref.name)
	}
	return all, err
}

func (l *policyLoader) parse(key string, f *source.File) []*policies.Policy {
	if all, known := l.byFile[key]; known {
		return all
	}
	all, found := policies.Parse(f)
	l.findings = append(l.findings, found...)
	if len(all)+len(found) > 0 {
		l.files = insert(l.files, f.Name)
	}
	for _, p := range all {
		if i := slices.IndexFunc(l.all, func(q *policies.Policy) bool { return q.Name == p.Name }); i >= 0 {
			l.findings = append(l.findings, policies.Twice(l.all[i], p))
			continue
		}
		l.all = append(l.all, p)
	}
	if l.byFile == nil {
		l.byFile = map[string][]*policies.Policy{}
	}
	l.byFile[key] = all
	return all
}

// err is what is wrong with what was read.
func (l *policyLoader) err() error {
	if len(l.findings) == 0 {
		return nil
	}
	lint.Sort(l.findings)
	return &wrongPolicy{l.findings}
}
