package controller

import (
	"context"
	"fmt"
	"slices"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/webhook"
)

// enforced are the policies in force: those that compiled, at their last good
// generation, and stand-ins for those that never did.
type enforced struct {
	set *policies.Set
	// stands says which objects a broken policy may be for, and extras what is
	// said of them, by policy.
	stands *policies.Set
	extras map[string]lint.Extra
}

func enforce(all []*entry, o policies.Options) *enforced {
	f := &enforced{extras: map[string]lint.Extra{}}
	var good, bad []*policies.Policy
	for _, e := range all {
		if e.active != nil {
			good = append(good, e.active)
			continue
		}
		p := standIn(e)
		bad = append(bad, p)
		f.extras[e.name] = extra(e, p.Ignore)
	}
	f.set = policies.NewSet(good, o)
	if len(bad) > 0 {
		f.stands = policies.NewSet(bad, o)
	}
	return f
}

// standIn is a policy that is for all objects that a broken one may be for: if
// its match can be read those that match, else all.
func standIn(e *entry) *policies.Policy {
	spec := e.object.Get("spec")
	p := &policies.Policy{Name: e.name, Generation: e.generation, Ignore: spec.Get("failurePolicy").Text() == "Ignore"}
	if part, problems := policies.FromObject(reduced(e.object)); part != nil && len(problems) == 0 {
		p.Match = part.Match
	}
	return p
}

// reduced is a policy with nothing left but its match.
func reduced(o *manifest.Node) *manifest.Node {
	root := *o
	root.Children = slices.DeleteFunc(slices.Clone(o.Children), func(n *manifest.Node) bool { return n.Key.Value == "spec" })
	if spec := o.Get("spec"); spec != nil {
		s := *spec
		s.Children = slices.DeleteFunc(slices.Clone(spec.Children), func(n *manifest.Node) bool { return n.Key.Value != "match" })
		root.Children = append(root.Children, &s)
	}
	return &root
}

// brokenName is the rule that speaks for policies that do not compile.
const brokenName = "policy-broken"

func extra(e *entry, ignore bool) lint.Extra {
	message := fmt.Sprintf("policy %q cannot be enforced, because it does not compile (%s)", e.name, e.mistakes())
	severity := lint.Error
	if ignore {
		severity = lint.Warning
	} else {
		message += "; with failurePolicy Fail nothing that it is for is let through: mend the policy or delete it"
	}
	rule := &lint.Rule{Name: brokenName, Severity: severity, Object: func(pass *lint.Pass) {
		pass.Report(lint.Finding{Message: message})
	}}
	return lint.Extra{Rule: rule, Setting: lint.Setting{Policy: e.name, Severity: severity}}
}

// RequestOf is what policies are told of a request, but for the time.
func RequestOf(ctx context.Context, r *webhook.Request) policies.Request {
	return policies.Request{
		Context: ctx, Operation: r.Operation, Namespace: r.Namespace,
		User:            policies.User{Name: r.User.Name, UID: r.User.UID, Groups: r.User.Groups},
		NamespaceLabels: r.NamespaceLabels, NamespaceKnown: r.NamespaceKnown, DryRun: r.DryRun, Defaults: r.Defaults,
	}
}

// view returns what the policies want of the objects of a request.
func (f *enforced) view(r policies.Request) lint.Policies {
	v := f.set.For(r)
	if f.stands == nil {
		return v
	}
	return &standing{enforced: f, request: r, good: v}
}

// standing adds what is said of objects that a broken policy may be for.
type standing struct {
	*enforced
	request policies.Request
	good    lint.Policies
}

// Terms implements lint.Policies.
func (s *standing) Terms(o *manifest.Node) *lint.Terms {
	terms := s.good.Terms(o)
	broken := s.stands.Matching(s.request, o)
	if len(broken) == 0 {
		return terms
	}
	var out lint.Terms
	if terms != nil {
		out = *terms
		out.Extra = slices.Clone(terms.Extra)
	}
	for _, p := range broken {
		out.Extra = append(out.Extra, s.extras[p.Name])
	}
	return &out
}
