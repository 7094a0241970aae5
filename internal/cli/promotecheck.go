package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/promotion/pin"
)

// wanted finds the pin to write, and checks it.
func (p *step) wanted(ctx context.Context, s Streams) (*pin.Pin, error) {
	var wanted *pin.Pin
	var err error
	if p.from == nil {
		wanted, err = p.ofHead(ctx)
	} else if wanted, err = p.copied(); err == nil {
		p.note("order", fmt.Sprintf("%s is promoted from %s, whose pin this is", p.to.Name, p.from.Name))
	}
	if err != nil {
		return nil, err
	}
	if p.digest != "" && p.digest != wanted.Digest {
		return nil, &exit{exitFindings, fmt.Errorf("the package to promote has the digest %s, and --digest wants %s", wanted.Digest, p.digest)}
	}
	if err := p.inspect(ctx, s, wanted); err != nil {
		return nil, err
	}
	if p.order != nil {
		if err := p.gates(); err != nil {
			return nil, err
		}
	} else {
		p.unchecked = append(p.unchecked, "smoke, soak, runs, metric, approval, window, freeze: no --promotion is given")
	}
	if p.reason != "" {
		fmt.Fprintf(&p.evidence, "reason: %s\n", p.reason)
	}
	if len(p.unchecked) > 0 {
		fmt.Fprintf(&p.evidence, "not checked: %s\n", strings.Join(p.unchecked, ", "))
	}
	return wanted, nil
}

// note records what was checked.
func (p *step) note(what, found string) {
	p.checked = append(p.checked, what)
	fmt.Fprintf(&p.evidence, "%s: %s\n", what, found)
}

// copied is the pin of the environment before.
func (p *step) copied() (*pin.Pin, error) {
	was, err := pin.Read(p.base(p.from.Name), p.from.Name, p.chart)
	if err != nil {
		return nil, &exit{exitFindings, err}
	}
	if was == nil {
		return nil, &exit{exitFindings, fmt.Errorf("%s has no pin of %s to promote: promote to %s first", p.from.Name, p.chart, p.from.Name)}
	}
	return was, nil
}

// ofHead is the pin of the package that HEAD has.
func (p *step) ofHead(ctx context.Context) (*pin.Pin, error) {
	digest, version, err := digestOf(p.set.Chart)
	if err != nil {
		return nil, err
	}
	source, err := p.tree.Remote(ctx)
	if err != nil {
		return nil, err
	}
	return &pin.Pin{Digest: digest, Chart: p.chart, Version: version, Source: source, Revision: p.head}, nil
}

// inspect finds the package of a pin, and lints it: in the working tree, if
// that is it, or in the commit that the pin names.
func (p *step) inspect(ctx context.Context, s Streams, wanted *pin.Pin) (err error) {
	here, _, err := digestOf(p.set.Chart)
	if err != nil {
		return err
	}
	commit, err := p.tree.Commit(ctx, wanted.Revision)
	switch {
	case err != nil:
		return err
	case (wanted.Revision == "" || commit == "") && here == wanted.Digest:
		p.note("digest", "the working tree has this package")
		return p.lintIn(ctx, s, p.set.Chart, "", "")
	case wanted.Revision == "" || commit == "":
		p.unchecked = append(p.unchecked, "digest, lint: the package of the pin is in no commit of this clone")
		return nil
	}
	at, err := os.MkdirTemp("", "tiphys-")
	if err != nil {
		return broken(err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(at)) }()
	dir, err := p.export(ctx, commit, at)
	if err != nil {
		return err
	}
	there, _, err := digestOf(dir)
	switch {
	case err != nil:
		return &exit{exitFindings, fmt.Errorf("commit %s, which the pin names: %w", commit[:12], err)}
	case there != wanted.Digest && p.from == nil:
		return &exit{exitFindings, fmt.Errorf("the working tree has another package than commit %s: commit first what belongs to %s", commit[:12], p.chart)}
	case there != wanted.Digest:
		return &exit{exitFindings, fmt.Errorf("the pin of %s says that commit %s has package %s, and it has %s", p.from.Name, commit[:12], short(wanted.Digest), short(there))}
	}
	p.note("digest", "commit "+commit[:12]+" has this package")
	if here == wanted.Digest {
		return p.lintIn(ctx, s, p.set.Chart, "", "")
	}
	return p.lintIn(ctx, s, dir, at, commit[:12]+":")
}

// export writes a commit into a folder, and returns where the chart is.
func (p *step) export(ctx context.Context, commit, to string) (string, error) {
	chart, err := p.tree.Rel(p.set.Chart)
	if err != nil {
		return "", broken(err)
	}
	if err := p.tree.Export(ctx, commit, to); err != nil {
		return "", broken(err)
	}
	// Where the search for environments ends.
	if err := os.Mkdir(filepath.Join(to, ".git"), 0o777); err != nil {
		return "", broken(err)
	}
	return filepath.Join(to, filepath.FromSlash(chart)), nil
}

// lintIn lints a chart as it is in the environment, under the policies that the
// working tree has for it. Files below away are shown as those of a commit.
func (p *step) lintIn(ctx context.Context, s Streams, dir, away, commit string) error {
	chart, err := render.Load(dir)
	if err != nil {
		return contentError(err)
	}
	set, err := environment.Open(dir)
	if err != nil {
		return broken(err)
	}
	env := set.Find(p.to.Name)
	if env == nil {
		return &exit{exitFindings, fmt.Errorf("the package has no environment %s: it was made before that was there", p.to.Name)}
	}
	held, err := p.plan.policies.of(p.set, p.to, env.Namespace)
	if err != nil {
		return err
	}
	var found *deploy.Result
	err = deploy.Until(ctx, func() (err error) { // a template may never end
		found, err = deploy.LintChart(ctx, chart, set, deploy.Options{
			Lint: p.plan.lint, Environments: []string{env.Name}, Decrypt: p.plan.decrypt,
			Policies: func(*environment.Environment) lint.Policies { return held },
		})
		return err
	})
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return deployError(err)
	}
	for _, err := range found.Failures {
		internalError(s.Err, err)
	}
	if len(found.Failures) > 0 {
		return &exit{exitBroken, nil}
	}
	return p.judge(s, found, away, commit)
}

// judge shows findings, and says whether they stop the promotion.
func (p *step) judge(s Streams, found *deploy.Result, away, commit string) error {
	var all []lint.Finding
	counts := map[lint.Severity]int{}
	stop := false
	for _, f := range append(found.Findings, p.plan.policies.findings()...) {
		if to, ok := p.plan.lint.Severity[f.Rule.Name]; ok && f.Policy == "" {
			f.Severity = to
		}
		always := deploy.Stops(f.Rule)
		if always {
			f.Severity = lint.Error
		}
		if f.Severity == lint.Off {
			continue
		}
		if f.Span.Known() && away != "" {
			if rel, ok := strings.CutPrefix(f.Span.File.Name, away+string(filepath.Separator)); ok {
				f.Span.File.Name = commit + filepath.ToSlash(rel)
			}
		}
		all = append(all, f)
		counts[f.Severity]++
		stop = stop || always || f.Severity >= p.plan.report.FailOn
	}
	p.plan.report.Terse = true
	r := report.Report{Findings: all, Documents: found.Documents, Rules: p.plan.lint.Rules, Version: Version()}
	for _, f := range all {
		if f.Span.Known() {
			r.Files = append(r.Files, f.Span.File.Name)
		}
	}
	slices.Sort(r.Files)
	r.Files = slices.Compact(r.Files)
	if err := report.Write(s.Err, report.Text, r, p.plan.report); err != nil {
		return broken(fmt.Errorf("write report: %w", err))
	}
	if stop {
		return &exit{exitFindings, errors.New("nothing was promoted: mend the findings above")}
	}
	p.warned = counts[lint.Warning]+counts[lint.Error] > 0
	p.note("lint", fmt.Sprintf("%s and %s in %s", report.Count(counts[lint.Error], "error"), report.Count(counts[lint.Warning], "warning"), p.to.Name))
	return nil
}
