package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/policies/rego"
)

// The bounds of an explanation.
const (
	mostStops = 5
	mostSteps = 200
)

// evalFlags are those of policy eval.
type evalFlags struct {
	input, explain                     bool
	operation, namespace, user, module string
	groups                             []string
}

func newPolicyEval(s Streams) *cobra.Command {
	f := &evalFlags{}
	c := &cobra.Command{
		Use:   "eval POLICY MANIFEST",
		Short: "Explain what a policy says of a manifest, and why",
		Long: "eval tells for each object of a manifest whether the policies of a file are for it, what\n" +
			"their rules and modules find, and what becomes of it. Where a module finds nothing, it\n" +
			"tells the expressions that were not true.\n\n" +
			"Exit codes: 0 nothing is denied; 1 something is, or the policy is wrong; 2 usage, or no\n" +
			"object to judge; 3 tiphys could not do its work.",
		Example: "  tiphys policy eval production workflow.yaml\n  tiphys policy eval policy.yaml workflow.yaml --module owner-missing --input",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New("eval takes a policy and a manifest")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return f.run(c.Context(), s, args[0], args[1]) },
	}
	set := c.Flags()
	set.BoolVar(&f.input, "input", false, "print the input of each module, as far as the module can see it")
	set.BoolVar(&f.explain, "explain", false, fmt.Sprintf("print the steps of each module, %d at most", mostSteps))
	set.StringVar(&f.module, "module", "", "tell of this module only")
	set.StringVar(&f.operation, "operation", "CREATE", "the operation of the request: CREATE, UPDATE")
	set.StringVar(&f.namespace, "namespace", "", "the namespace of an object that does not say one")
	set.StringVar(&f.user, "user", "", "the name of the user of the request")
	set.StringSliceVar(&f.groups, "group", nil, "a group of the user; may be repeated")
	return c
}

func (f *evalFlags) run(ctx context.Context, s Streams, policy, path string) error {
	all, err := readPolicies(ctx, s, policy)
	if err != nil {
		return err
	}
	file, err := readOne(ctx, s, path)
	if err != nil {
		return err
	}
	request := policies.Request{Context: ctx, Operation: f.operation, Namespace: f.namespace, User: policies.User{Name: f.user, Groups: f.groups}}
	e := &explanation{evalFlags: f, ctx: ctx, out: s.Out, request: request}
	result := lint.Run(lint.Options{Rules: rules.All(), Policies: policies.NewSet(all, policies.Options{Now: time.Now()}).For(request)}, file)
	for _, err := range result.Failures {
		return broken(err)
	}
	objects := 0
	for _, d := range manifest.Parse(file) {
		for _, p := range d.Problems {
			at := file.Position(p.Span.Offset())
			e.printf("%s:%d:%d: %s\n", file.Name, at.Line, at.Column, p.Message)
		}
		for _, o := range d.Objects() {
			if o.Kind == manifest.Map {
				objects++
				e.object(file, o, all, result.Findings)
			}
		}
	}
	switch {
	case e.err != nil:
		return failed(e.err)
	case objects == 0:
		return fmt.Errorf("%s holds no object to judge", path)
	case e.denied:
		return &exit{exitFindings, nil}
	}
	return nil
}

// An explanation is what eval prints.
type explanation struct {
	*evalFlags
	ctx     context.Context
	out     io.Writer
	request policies.Request
	denied  bool
	err     error
}

func (e *explanation) printf(format string, args ...any) {
	if e.err == nil {
		_, e.err = io.WriteString(e.out, printableLines(fmt.Sprintf(format, args...)))
	}
}

// object explains what policies say of one object.
func (e *explanation) object(file *source.File, o *manifest.Node, all []*policies.Policy, findings []lint.Finding) {
	meta := o.Get("metadata")
	name := meta.Get("name").Text()
	if name == "" {
		name = meta.Get("generateName").Text() + "*"
	}
	at := file.Position(o.Start)
	e.printf("%s %s (%s:%d)\n", o.Get("kind").Text(), name, file.Name, at.Line)
	in := &rego.Input{Request: rego.Request{Operation: e.operation, Namespace: e.namespace, User: rego.User(e.request.User)}, Object: o, Index: &resolve.Index{}}
	for _, p := range all {
		if why := p.Why(e.request, o); why != "" {
			e.printf("  policy %s is not for it: %s\n", p.Name, why)
			continue
		}
		e.printf("  policy %s is for it\n", p.Name)
		for _, m := range p.Modules {
			if e.module == "" || e.module == m.Name {
				e.moduleOf(p, m, in)
			}
		}
	}
	e.verdict(o, findings)
}

// moduleOf explains one module.
func (e *explanation) moduleOf(p *policies.Policy, m *policies.Module, in *rego.Input) {
	e.printf("    module %s (%s)", m.Name, policies.Enforcement(m.Severity))
	compiled, problems := rego.Compile(rego.Source{Policy: p.Name, Name: m.Name, Title: m.Title, File: m.Name, Text: m.Rego})
	if problems != nil {
		e.printf(": %s\n", problems[0]) // a policy that was read has none
		return
	}
	bound, err := compiled.With(m.Parameters)
	if err != nil {
		e.printf(": %s\n", err)
		return
	}
	t := bound.Trace(e.ctx, in)
	switch {
	case t.Err != nil:
		e.printf(" cannot judge it: %s\n", t.Err)
	case len(t.Results) == 0:
		e.printf(" finds nothing\n")
		for i, stop := range t.Stops {
			if i == mostStops {
				e.printf("      and %d more\n", len(t.Stops)-i)
				break
			}
			e.printf("      %d:%d: not true: %s\n", stop.Line, stop.Column, stop.Text)
		}
	default:
		e.printf(" finds\n")
		for _, r := range t.Results {
			e.printf("      %s%s: %s\n", r.Kind, before(" at ", r.Path), r.Message)
		}
	}
	if e.input {
		e.printf("      input: %s\n", e.inputOf(bound, in))
	}
	if e.explain && e.err == nil {
		e.err = t.Write(e.out, mostSteps)
	}
}

func before(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func (e *explanation) inputOf(m *rego.Module, in *rego.Input) string {
	v, err := m.Input(in)
	if err != nil {
		return err.Error()
	}
	text, err := json.MarshalIndent(v, "      ", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// verdict prints what all rules and modules together come to.
func (e *explanation) verdict(o *manifest.Node, findings []lint.Finding) {
	var mine []lint.Finding
	for _, f := range findings {
		if f.Policy != "" && f.Span.File != nil && f.Span.Offset() >= o.Start && f.Span.Offset() < max(o.End, o.Start+1) {
			mine = append(mine, f)
		}
	}
	count := map[lint.Severity]int{}
	for _, f := range mine {
		count[f.Severity]++
		e.printf("  %s (policy %s)\n", f.String(), f.Policy)
	}
	word := "allowed"
	if count[lint.Error] > 0 {
		word, e.denied = "denied", true
	}
	e.printf("  %s: %d denied, %d warned of, %d counted\n", word, count[lint.Error], count[lint.Warning], count[lint.Info])
}
