package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/promotion/pin"
)

// promoteFlags are those of promote, for a chart and for a Promotion.
type promoteFlags struct {
	to, reason string
	dryRun     bool

	// Of a Promotion.
	candidate, namespace string
	cluster              clusterFlags

	// Of a chart.
	from, digest, promotion, signKey string
	push, noCommit                   bool
	lint                             flags
}

func newPromote(s Streams) *cobra.Command {
	f := &promoteFlags{}
	c := &cobra.Command{
		Use:   "promote CHART|PROMOTION --to ENVIRONMENT",
		Short: "Bring a package to the next environment: by a pin in git, or by the controller",
		Long: "promote with the folder of a chart works on git alone: it copies the pin of the environment\n" +
			"before, environments/ENVIRONMENT/CHART/pin.yaml, checks the gates that can be checked without\n" +
			"a cluster, and commits that one file. In the first environment, it pins the package that HEAD\n" +
			"has. With the name of a Promotion, it asks the controller.\n\n" +
			"An argument is a chart if it is ., has a / in it, or is a folder with a Chart.yaml.\n\n" +
			"Exit codes: 0 promoted, or it was before, 1 refused: findings, another digest, a window,\n" +
			"a freeze, 2 usage, 3 tiphys or git could not do its work, 130 interrupted.",
		Example: "  tiphys promote charts/etl --to dev\n  tiphys promote charts/etl --from qa --to prod --push\n" +
			"  tiphys promote nightly-etl --to prod --candidate nightly-etl-0123456789ab",
		Args: exactly("promote", "a chart or the name of a Promotion", 1),
		RunE: func(c *cobra.Command, args []string) error {
			if f.to == "" {
				return errors.New("promote needs an environment: --to NAME")
			}
			if isChart(args[0]) {
				return f.chart(c, s, args[0])
			}
			if err := onlyOf(c, "the folder of a chart, which "+args[0]+" is not", chartOnly); err != nil {
				return err
			}
			return promotePromotion(c, s, f, args[0])
		},
	}
	f.add(c)
	return c
}

// Flags that go with one kind of argument alone.
var (
	chartOnly = []string{"from", "digest", "promotion", "sign-key", "push", "no-commit", "policy", "rule", "fail-on", "show", "config", "decrypt", "color"}
	namedOnly = []string{"candidate", "namespace", "kubeconfig", "kube-context"}
)

func (f *promoteFlags) add(c *cobra.Command) {
	set := c.Flags()
	set.StringVar(&f.to, "to", "", "environment to promote to")
	set.StringVar(&f.reason, "reason", "", "why")
	set.BoolVar(&f.dryRun, "dry-run", false, "check everything, and change nothing")

	set.StringVar(&f.candidate, "candidate", "", "of a Promotion: candidate to hold the environment at (default: take the pin off, so that the newest goes on)")
	set.StringVarP(&f.namespace, "namespace", "n", "", "of a Promotion: its namespace (default: that of the context)")
	set.StringVar(&f.cluster.kubeconfig, "kubeconfig", "", "of a Promotion: kubeconfig file (default: as kubectl finds it)")
	set.StringVar(&f.cluster.context, "kube-context", "", "of a Promotion: context of the kubeconfig (default: the current one)")

	set.StringVar(&f.from, "from", "", "of a chart: environment whose pin is copied (default: the one that environment.yaml says)")
	set.StringVar(&f.digest, "digest", "", "of a chart: promote only if the package has this digest")
	set.StringVar(&f.promotion, "promotion", "", "of a chart: file with a Promotion, whose windows and freezes hold")
	set.BoolVar(&f.push, "push", false, "of a chart: push the branch afterwards")
	set.BoolVar(&f.noCommit, "no-commit", false, "of a chart: write the pin, and leave committing to you")
	set.StringVar(&f.signKey, "sign-key", "", "of a chart: file with an armored OpenPGP or an SSH private key that signs the commit (default: as git is configured)")
	set.StringVar(&f.lint.failOn, "fail-on", "error", "of a chart: least severity of a finding that stops it: error, warning, info")
	set.StringVar(&f.lint.show, "show", "warning", "of a chart: least severity of findings to show: error, warning, info")
	set.StringArrayVar(&f.lint.rule, "rule", nil, "of a chart: NAME=off|info|warning|error: change the severity of a rule; may be repeated")
	addPolicy(c, &f.lint.policy)
	addDecrypt(c, &f.lint.decrypt)
	set.StringVar(&f.lint.config, "config", "", "of a chart: configuration file (default: "+configName+", from the working directory upwards)")
	set.StringVar(&f.lint.color, "color", "auto", "of a chart: colours: auto, always, never")
	f.lint.format = string(report.Text)
	c.MarkFlagsMutuallyExclusive("push", "no-commit")
	c.MarkFlagsMutuallyExclusive("sign-key", "no-commit")
}

// isChart tells the folder of a chart from the name of a Promotion.
func isChart(arg string) bool {
	if arg == "." || strings.ContainsAny(arg, `/\`) {
		return true
	}
	_, err := os.Stat(filepath.Join(arg, "Chart.yaml"))
	return err == nil
}

// onlyOf complains about flags that go with another kind of argument.
func onlyOf(c *cobra.Command, with string, names []string) error {
	for _, name := range names {
		if c.Flags().Changed(name) {
			return fmt.Errorf("--%s goes with %s", name, with)
		}
	}
	return nil
}

// A step takes a chart from one environment to the next, in a clone.
type step struct {
	*promoteFlags
	plan  *plan
	order *order // of a file with a Promotion, nil without

	tree     *pin.Worktree
	head     string // its commit
	set      *environment.Set
	to, from *environment.Environment // from is nil for a first one
	chart    string
	file     string // the pin to write
	rel      string // in the clone
	was      *pin.Pin

	warned             bool // by lint
	checked, unchecked []string
	evidence           strings.Builder
}

func (f *promoteFlags) chart(c *cobra.Command, s Streams, dir string) error {
	if err := onlyOf(c, "the name of a Promotion, and "+dir+" is the folder of a chart", namedOnly); err != nil {
		return err
	}
	p, err := f.open(c, s, dir)
	if err != nil {
		return err
	}
	wanted, err := p.wanted(c.Context(), s)
	if err != nil {
		return err
	}
	return p.carryOut(c.Context(), s, wanted)
}

// open reads all that is known before anything is checked.
func (f *promoteFlags) open(c *cobra.Command, s Streams, dir string) (*step, error) {
	p := &step{promoteFlags: f}
	config, err := readConfig(f.lint.config)
	if err != nil {
		return nil, err
	}
	if p.plan, err = f.lint.plan(c, config); err != nil {
		return nil, err
	}
	if p.plan.report.Color, err = colors(f.lint.color, true, s.Err); err != nil {
		return nil, err
	}
	set, chart, err := openChart(dir)
	if err != nil {
		return nil, err
	}
	p.set, p.chart = set, chart.Name
	if p.tree, err = pin.OpenWorktree(c.Context(), dir); err != nil {
		return nil, worktreeError(err)
	}
	if p.head, err = p.tree.Commit(c.Context(), "HEAD"); err != nil {
		return nil, err
	} else if p.head == "" {
		return nil, &exit{exitFindings, errors.New("nothing is committed in this repository yet: commit the chart first")}
	}
	if f.promotion != "" {
		if p.order, err = readOrder(f.promotion, time.Now()); err != nil {
			return nil, err
		}
	}
	if err := p.environments(); err != nil {
		return nil, err
	}
	return p, p.place(c.Context())
}

func worktreeError(err error) error {
	if errors.Is(err, pin.ErrNoWorktree) {
		return &exit{exitFindings, err}
	}
	return broken(err)
}

// environments finds those that are meant, and holds the order of promotion.
func (p *step) environments() error {
	find := func(flag, name string) (*environment.Environment, error) {
		if e := p.set.Find(name); e != nil {
			return e, nil
		}
		return nil, fmt.Errorf("%s: there is no environment %q%s; %s", flag, name, near.Hint(name, p.set.Names()), have(p.set))
	}
	var err error
	if p.to, err = find("--to", p.promoteFlags.to); err != nil {
		return err
	}
	before, said := p.to.PromotedFrom, "environment.yaml"
	if p.order != nil {
		said = p.promotion
		if before, err = p.order.before(p.to.Name); err != nil {
			return err
		}
	}
	given := p.promoteFlags.from
	switch {
	case given == "" && before == "":
		return nil
	case given != "" && before == "":
		return &exit{exitFindings, fmt.Errorf("%s does not say that %s is promoted from %s: write promotedFrom: %s", said, p.to.Name, given, given)}
	case given != "" && given != before:
		return &exit{exitFindings, fmt.Errorf("%s is promoted from %s, as %s says, and not from %s", p.to.Name, before, said, given)}
	}
	p.from, err = find("--from", before)
	return err
}

// place finds the file of the pin, and what is in it.
func (p *step) place(ctx context.Context) error {
	name, err := pin.Place(p.to.Name, p.chart)
	if err != nil {
		return &exit{exitFindings, err}
	}
	p.file = filepath.Join(p.base(p.to.Name), filepath.FromSlash(name))
	if p.rel, err = p.tree.Rel(p.file); err != nil {
		return &exit{exitFindings, err}
	}
	if p.was, err = p.tree.Pinned(ctx, p.head, p.rel, p.chart); err != nil {
		return err
	}
	return nil
}

// base is what has the environments/ that the pins of an environment lie in:
// where one is, or else the nearest to the root of the repository.
func (p *step) base(env string) string {
	first := ""
	for _, folder := range p.set.Folders {
		base := filepath.Dir(folder)
		if _, err := os.Stat(filepath.Join(folder, env, p.chart, pin.FileName)); err == nil {
			return base
		}
		if _, err := os.Stat(filepath.Join(folder, env)); err == nil && first == "" {
			first = base
		}
	}
	return first
}

// carryOut writes, commits and pushes, as far as that is not done yet.
func (p *step) carryOut(ctx context.Context, s Streams, wanted *pin.Pin) error {
	p.tell(s, wanted)
	done := p.was != nil && p.was.Digest == wanted.Digest
	if done && !p.push || p.dryRun {
		return nil
	}
	if !done {
		if err := p.commit(ctx, s, wanted); err != nil {
			return err
		}
	}
	if !p.push {
		return nil
	}
	if err := p.tree.Push(ctx); err != nil {
		return broken(fmt.Errorf("the pin is committed, and not pushed: %w", err))
	}
	fmt.Fprintln(s.Out, "pushed")
	return nil
}

// commit writes the pin and, if that is wanted, commits it.
func (p *step) commit(ctx context.Context, s Streams, wanted *pin.Pin) error {
	var key []byte
	if !p.noCommit {
		others, err := p.tree.Staged(ctx, p.rel)
		if err != nil {
			return broken(err)
		}
		if len(others) > 0 {
			return &exit{exitFindings, fmt.Errorf("other changes are staged, and a pin is committed alone: commit or unstage %s first", few(others))}
		}
		if err := p.tree.Identity(ctx); err != nil {
			return &exit{exitFindings, err}
		}
		if p.signKey != "" {
			if key, err = os.ReadFile(p.signKey); err != nil {
				return broken(fmt.Errorf("read signing key: %w", err))
			}
		}
	}
	name, err := wanted.Write(p.base(p.to.Name), p.to.Name)
	if err != nil {
		return broken(err)
	}
	if p.noCommit {
		fmt.Fprintf(s.Out, "wrote %s\n", printable(name))
		return nil
	}
	o := pin.Order{Environment: p.to.Name, Pin: *wanted, Evidence: p.evidence.String()}
	commit, err := p.tree.Record(ctx, pin.Record{File: p.rel, Message: o.Message(), Key: key})
	if err != nil {
		return broken(fmt.Errorf("the pin is written to %s, and not committed: %w", name, err))
	}
	fmt.Fprintf(s.Out, "committed %s as %s\n", printable(name), commit[:12])
	return nil
}

// tell says what is promoted, and what that goes by.
func (p *step) tell(s Streams, wanted *pin.Pin) {
	what := fmt.Sprintf("%s %s %s", wanted.Chart, wanted.Version, short(wanted.Digest))
	switch {
	case p.was == nil:
		fmt.Fprintf(s.Out, "%s: %s, and nothing was pinned before\n", p.to.Name, what)
	case p.was.Digest == wanted.Digest:
		fmt.Fprintf(s.Out, "%s: %s, as before\n", p.to.Name, what)
	default:
		fmt.Fprintf(s.Out, "%s: %s, before %s %s\n", p.to.Name, what, p.was.Version, short(p.was.Digest))
	}
	fmt.Fprintf(s.Out, "checked: %s\n", strings.Join(p.checked, ", "))
	if len(p.unchecked) > 0 {
		fmt.Fprintf(s.Out, "not checked: %s\n", strings.Join(p.unchecked, ", "))
	}
}

// short is a digest as people read it.
func short(digest string) string {
	return strings.TrimPrefix(digest, "sha256:")[:12]
}

// few names some of them.
func few(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// digestOf is the digest of the package of a folder.
func digestOf(dir string) (string, string, error) {
	set, chart, err := openChart(dir)
	if err != nil {
		return "", "", err
	}
	digest, err := bundle.Digest(set, chart)
	if err != nil {
		return "", "", contentError(err)
	}
	return digest, chart.Version, nil
}
