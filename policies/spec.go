package policies

import (
	"math"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/schema"
	"github.com/tiphys-dev/tiphys/policies/concurrency"
	"github.com/tiphys-dev/tiphys/policies/defaults"
)

func (r *reader) spec(n *manifest.Node) {
	p := r.policy
	r.fields(n, "the spec of a policy", []field{
		{name: "match", read: func(n *manifest.Node) { p.Match = r.match(n) }},
		{name: "rules", read: r.rules},
		{name: "modules", read: r.modules},
		{name: "defaults", read: r.defaults},
		{name: "concurrency", read: r.concurrency},
		{name: "waivers", read: func(n *manifest.Node) { r.list(n, "waivers", r.waiver) }},
		{name: "waivableRules", read: func(n *manifest.Node) { p.WaivableRules = r.texts(n, "waivableRules", "the name of a rule") }},
		{name: "failurePolicy", read: func(n *manifest.Node) {
			p.Ignore = r.oneOf(n, "failurePolicy", "Fail", "Ignore") == "Ignore"
		}},
	})
}

// A default takes the place of what a template says nothing of, so the parts
// are checked as what they become parts of.
func (r *reader) defaults(n *manifest.Node) {
	metadata := func(n *manifest.Node) {
		r.fields(n, n.Key.Value, []field{
			{name: "labels", read: r.labels},
			{name: "annotations", read: r.annotations},
		})
	}
	part := func(typ string) func(*manifest.Node) {
		return func(n *manifest.Node) { r.part(n, schema.ByName(typ)) }
	}
	r.fields(n, "the defaults of a policy", []field{
		{name: "metadata", read: metadata},
		{name: "podMetadata", read: metadata},
		{name: "spec", read: part("WorkflowSpec")},
		{name: "templates", read: part("Template")},
		{name: "containers", read: part("core.Container")},
	})
	d, problems := defaults.Compile(r.policy.Name, n)
	for _, p := range problems {
		r.report(p.Node, "%s", p.Message)
	}
	r.policy.Defaults = d
}

// part checks a part of an object against its type.
func (r *reader) part(n *manifest.Node, t *schema.Type) {
	if n.Kind != manifest.Map {
		r.wrongType(n, n.Key.Value, "an object")
		return
	}
	c := schema.Checker{Report: func(p schema.Problem) {
		f := lint.Finding{Path: p.Node.Path(), Span: p.Node.Token(), Message: p.Message}
		if p.Kind <= schema.NewField && p.Node.Key != nil {
			f.Span = p.Node.Key.Token()
		}
		r.add(f)
	}}
	c.Check(n, t)
}

func (r *reader) labels(n *manifest.Node) {
	r.strings(n, "labels", func(key, value *manifest.Node) {
		if reason, at, ok := names.LabelKey(key.Value); !ok {
			r.reportRange(key, at, at+1, "%q cannot be the key of a label: it %s", key.Value, reason)
		}
		if reason, at, ok := names.LabelValue(value.Value); !ok {
			r.reportRange(value, at, at+1, "%q cannot be the value of a label: it %s", value.Value, reason)
		}
	})
}

func (r *reader) annotations(n *manifest.Node) {
	r.strings(n, "annotations", func(key, value *manifest.Node) {
		if reason, at, ok := names.LabelKey(key.Value); !ok {
			r.reportRange(key, at, at+1, "%q cannot be the key of an annotation: it %s", key.Value, reason)
		}
	})
}

func (r *reader) concurrency(n *manifest.Node) {
	c := &concurrency.Limit{Policy: r.policy.Name, Exceeded: v1alpha1.Queue}
	r.fields(n, "the concurrency of a policy", []field{
		{name: "max", required: true, read: func(n *manifest.Node) {
			i, ok := n.Int()
			switch {
			case !ok:
				r.wrongType(n, "max", "an integer")
			case i < 1:
				r.report(n, "max must be 1 or more: with %d, nothing could ever run", i)
			case i > math.MaxInt32:
				r.report(n, "max %d is too large: it is at most %d", i, math.MaxInt32)
			}
			c.Max = int(i)
		}},
		{name: "per", required: true, read: func(n *manifest.Node) {
			c.Per = v1alpha1.ConcurrencyKey(r.oneOf(n, "per", "template", "cron", "namespace", "label"))
		}},
		{name: "label", read: func(n *manifest.Node) {
			c.Label = r.text(n, "label")
			if reason, at, ok := names.LabelKey(c.Label); !ok && c.Label != "" {
				r.reportRange(n, at, at+1, "%q cannot be the key of a label: it %s", n.Value, reason)
			}
		}},
		{name: "exceeded", read: func(n *manifest.Node) { c.Exceeded = v1alpha1.Exceeded(r.oneOf(n, "exceeded", "queue", "reject")) }},
	})
	label := n.Get("label")
	switch {
	case c.Per == v1alpha1.PerLabel && !label.Set():
		r.report(n.Get("per"), "per: label counts by the value of a label: write which one, label: team")
	case c.Per != v1alpha1.PerLabel && c.Per != "" && label.Set():
		r.reportKey(label, "label goes with per: label, and here runs are counted per %s: remove it, or write per: label", c.Per)
	}
	r.policy.Concurrency = c
}

func (r *reader) waiver(n *manifest.Node) {
	w := &Waiver{Policy: r.policy.Name, Node: n}
	r.fields(n, "a waiver", []field{
		{name: "rule", required: true, read: func(n *manifest.Node) { w.Rule = r.text(n, "rule") }},
		{name: "match", read: func(n *manifest.Node) { w.Match = r.match(n) }},
		{name: "reason", required: true, read: func(n *manifest.Node) { w.Reason = r.text(n, "reason") }},
		{name: "until", required: true, read: func(n *manifest.Node) { w.Until = r.until(n) }},
	})
	if w.Rule == "*" {
		r.report(n.Get("rule"), "a waiver is for one rule: name it")
	}
	r.policy.Waivers = append(r.policy.Waivers, w)
}

// until reads the last day of a waiver and returns when it is over.
func (r *reader) until(n *manifest.Node) time.Time {
	if n.Kind != manifest.String {
		r.wrongType(n, "until", "a date like 2026-12-31")
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, n.Value)
	if err != nil {
		why := "write year, month and day, like 2026-12-31"
		if _, err := time.Parse("2006-1-2", n.Value); err == nil {
			why = "write month and day with two digits, like 2026-01-31"
		} else if t, err := time.Parse(time.RFC3339, n.Value); err == nil {
			why = "a waiver ends with a day, not in the midst of it; write " + t.UTC().Format(time.DateOnly)
		}
		r.report(n, "until %s is no date: %s", quote(n.Value), why)
		return time.Time{}
	}
	return day.AddDate(0, 0, 1)
}
