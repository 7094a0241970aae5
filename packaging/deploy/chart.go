package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// Options say how to lint a chart.
type Options struct {
	// Lint runs over what the chart becomes.
	Lint lint.Options
	// Policies returns those that hold in an environment, in place of
	// Lint.Policies; nil leaves them.
	Policies func(*environment.Environment) lint.Policies
	// Environments are those to render for; nil is all of them. A chart without
	// environments is rendered once, with its own values.
	Environments []string
	// Decrypt gives the true values for those whose files are encrypted; nil
	// renders with placeholders, and what depends on them stays silent.
	Decrypt Decrypt
	// Release is how to render; Name, Namespace, Revision may be left out.
	Release render.Options
}

// A Result is what linting a chart found.
type Result struct {
	// Findings are merged over environments, sorted, and point into files that
	// people wrote.
	Findings []lint.Finding
	// Files are those that were read, as far as findings may point into them.
	Files []string
	// Documents and Objects count what came out, in the environment that has
	// most of them.
	Documents, Objects int
	Failures           []error
}

// Lint renders the chart for each environment and lints what comes out. The
// error is one of the file system, or of a chart that cannot be loaded.
func Lint(ctx context.Context, dir string, o Options) (*Result, error) {
	chart, err := render.Load(dir)
	if err != nil {
		return nil, err
	}
	set, err := environment.Open(dir)
	if err != nil {
		return nil, err
	}
	return LintChart(ctx, chart, set, o)
}

// LintChart is Lint for what was read already.
func LintChart(ctx context.Context, chart *render.Chart, set *environment.Set, o Options) (*Result, error) {
	environments := set.Environments
	if len(environments) == 0 {
		environments = []*environment.Environment{{}}
	}
	checks := make([]*Check, 0, len(environments))
	for _, e := range environments {
		if o.Environments != nil && !slices.Contains(o.Environments, e.Name) {
			continue
		}
		values, err := Values(set, chart, e) // one at a time: they share what was read
		if err != nil {
			return nil, err
		}
		checks = append(checks, &Check{Chart: chart, Environment: e, Values: values, options: o})
	}
	for _, c := range checks {
		c.siblings = len(checks)
	}
	each(len(checks), func(i int) {
		c := checks[i]
		if c.run(ctx); c.output != nil { // only that there is one is asked later
			c.output, c.planted, c.from, c.inputs, c.values = &render.Output{}, nil, nil, nil, nil
		}
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	r := &Result{}
	r.add(set.Findings, "")
	for _, c := range checks {
		if c.err != nil {
			return nil, c.err
		}
		r.add(c.Values.Findings, c.Environment.Name)
		r.add(c.Findings, c.Environment.Name)
		r.Documents, r.Objects = max(r.Documents, c.documents), max(r.Objects, c.objects)
		r.Failures = append(r.Failures, c.failures...)
		r.Files = append(r.Files, c.Values.Files...)
	}
	for _, f := range chart.Files() {
		if strings.HasPrefix(f.Name, "templates/") || plainFile(f.Name) {
			r.Files = append(r.Files, filepath.Join(chart.Dir, filepath.FromSlash(f.Name)))
		}
	}
	slices.Sort(r.Files)
	r.Files = slices.Compact(r.Files)
	r.unused(chart, set, checks)
	r.merge(set.Names())
	return r, nil
}

// each runs do for 0 to n-1, as many at once as there are processors.
func each(n int, do func(int)) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}

func (r *Result) add(all []lint.Finding, env string) {
	for _, f := range all {
		if env != "" {
			f.Environments = []string{env}
		}
		r.Findings = append(r.Findings, f)
	}
}

// merge makes one finding of those that say the same of the same place, as
// strictly and in the name of the same policies.
func (r *Result) merge(order []string) {
	type key struct {
		rule, path, message, file, policy string
		severity                          lint.Severity
		start, length                     int
	}
	first := map[key]int{}
	var out []lint.Finding
	for _, f := range r.Findings {
		k := key{rule: f.Rule.Name, path: f.Path, message: f.Message, policy: f.Policy, severity: f.Severity}
		if f.Span.Known() {
			k.file, k.start, k.length, k.path = f.Span.File.Name, f.Span.Offset(), f.Span.Len(), ""
		}
		i, known := first[k]
		if !known {
			first[k] = len(out)
			out = append(out, f)
			continue
		}
		for _, e := range f.Environments {
			if !slices.Contains(out[i].Environments, e) {
				out[i].Environments = append(out[i].Environments, e)
			}
		}
	}
	for i := range out {
		slices.SortFunc(out[i].Environments, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	}
	lint.Sort(out)
	r.Findings = out
}

// A Check is a chart in one environment.
type Check struct {
	Chart       *render.Chart
	Environment *environment.Environment
	Values      *environment.Values
	Findings    []lint.Finding

	options            Options
	siblings           int // checks of the same chart
	documents, objects int
	failures           []error
	err                error

	inputs *Inputs
	values map[string]any // those that were rendered with
	output *render.Output
	from   *locator
	// planted is rendered with canaries: output itself, when nothing is open,
	// and nil when that fails.
	planted *render.Output
}

// NewCheck checks a chart with inputs that were read already.
func NewCheck(chart *render.Chart, values *environment.Values, inputs *Inputs, o Options) *Check {
	return &Check{Chart: chart, Environment: values.Environment, Values: values, inputs: inputs, options: o}
}

// Run renders the chart and lints what comes out. Findings are then what there
// is to say, sorted, those of the values included, and Output is what was
// rendered, nil when that failed.
func (c *Check) Run() {
	c.Findings = append(c.Findings, c.Values.Findings...)
	c.check()
	lint.Sort(c.Findings)
}

// Output is what the chart became; nil when it could not be rendered.
func (c *Check) Output() *render.Output { return c.output }

func (c *Check) run(ctx context.Context) {
	if c.Values.Root == nil { // its findings say why
		return
	}
	c.inputs, c.err = Read(ctx, Layers(c.Values), render.Sets{}, c.options.Decrypt, nil)
	if c.err != nil {
		return
	}
	c.check()
}

// check renders, lints and follows the canaries.
func (c *Check) check() {
	release := c.options.Release
	if release.Namespace == "" {
		release.Namespace = c.Environment.Namespace
	}
	release.SkipSchema = true // told with positions by the environment
	c.options.Release = release
	if !c.render() {
		return
	}
	c.from = &locator{check: c}
	c.plant()
	c.lint()
	c.lookups()
	c.leaks()
}

// render renders with the true values, or with canaries. A template that fails
// is a finding.
func (c *Check) render() bool {
	c.values = c.inputs.Planted
	if c.inputs.Open != nil {
		c.values = c.inputs.Open
	}
	var err error
	if c.output, err = c.Chart.Render(c.values, c.options.Release); err == nil {
		return true
	}
	c.Failed(err)
	return false
}

// Failed adds the finding that a failure to render is.
func (c *Check) Failed(err error) {
	f := lint.Finding{Rule: ruleFailed, Severity: ruleFailed.Severity, Message: c.inputs.Mask(err.Error())}
	var failure *render.Failure
	if errors.As(err, &failure) {
		texts, _ := c.Chart.Templates()
		f.Message = c.inputs.Mask(failure.Message)
		for i, p := range failure.Places {
			span := spanOf(texts[p.File], p)
			if i == 0 {
				f.Span = span
				continue
			}
			f.Related = append(f.Related, lint.Related{Span: span, Message: "included here"})
		}
	}
	// A message that begins with the path of a value is about that value.
	if path, _, ok := strings.Cut(f.Message, ": "); ok && f.Span.Known() {
		if span := c.Values.Root.AnyKey(path); span.Known() {
			f.Related = append([]lint.Related{{Span: f.Span, Message: "this template refuses it"}}, f.Related...)
			f.Span = span
		}
	}
	ran := failure != nil && len(failure.Places) > 0 && failure.Places[0].Column > 0 // and was understood before
	if c.inputs.Planter.Holds(f.Message) || ran && c.inputs.Open == nil && c.inputs.Encrypted {
		f.Message += "; this was rendered with placeholders for encrypted values: with the key, it may go well"
	}
	if c.inputs.Planter.Holds(f.Message) {
		f.Message = "this template looks into the value of a secret, and cannot be rendered with a placeholder for it"
	}
	c.Findings = append(c.Findings, f)
}

// spanOf is the rest of the action at a place of a template.
func spanOf(file *source.File, p render.Place) source.Span {
	if file == nil {
		return source.Span{}
	}
	off, text := 0, file.Bytes
	for n := 1; n < p.Line; n++ {
		i := bytes.IndexByte(text[off:], '\n')
		if i < 0 {
			break
		}
		off += i + 1
	}
	end := len(text)
	if i := bytes.IndexByte(text[off:], '\n'); i >= 0 {
		end = off + i
	}
	if p.Column > 0 {
		off = min(off+p.Column-1, end)
	} else {
		for off < end && (text[off] == ' ' || text[off] == '\t') {
			off++
		}
	}
	if i := bytes.Index(text[off:end], []byte("}}")); i > 0 {
		end = off + len(bytes.TrimRight(bytes.TrimSuffix(text[off:off+i], []byte("-")), " "))
	}
	return source.Span{File: file, Start: off, End: max(end, min(off+1, len(text)))}
}

// lint runs the rules and leads each finding back.
func (c *Check) lint() {
	o := c.options.Lint
	if c.options.Policies != nil {
		o.Policies = c.options.Policies(c.Environment)
	}
	linter := lint.New(o)
	for _, name := range c.output.Names() {
		linter.Add(source.NewFile(name, []byte(c.output.Files[name])))
	}
	found := linter.Finish()
	c.documents, c.objects, c.failures = found.Documents, found.Objects, found.Failures
	for _, f := range found.Findings {
		if c.silent(&f) {
			continue
		}
		c.from.finding(&f)
		f.Message = c.inputs.Mask(f.Message)
		c.Findings = append(c.Findings, f)
	}
}

// silent reports whether a finding depends on what a placeholder stands for.
func (c *Check) silent(f *lint.Finding) bool {
	if c.inputs.Open != nil || !c.inputs.Encrypted {
		return false
	}
	if c.inputs.Planter.Holds(f.Message) {
		return true
	}
	if !f.Span.Known() {
		return false
	}
	text := c.output.Files[f.Span.File.Name]
	start := min(f.Span.Offset(), len(text))
	return c.inputs.Planter.Holds(text[start:min(start+f.Span.Len(), len(text))])
}

// lookups reports what the cluster was asked for, and did not answer.
func (c *Check) lookups() {
	if len(c.output.Lookups) == 0 {
		return
	}
	message := fmt.Sprintf("lookup of %s gives nothing here, since no cluster is asked: what depends on it is not checked", strings.Join(c.output.Lookups, ", "))
	f := lint.Finding{Rule: ruleLookup, Severity: ruleLookup.Severity, Message: message}
	texts, _ := c.Chart.Templates()
	for _, name := range sortedKeys(texts) {
		if at := lookupCall.FindIndex(texts[name].Bytes); at != nil {
			f.Span = source.Span{File: texts[name], Start: at[1] - len("lookup"), End: at[1]}
			break
		}
	}
	c.Findings = append(c.Findings, f)
}
