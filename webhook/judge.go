package webhook

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint"
)

// Bounds of an answer. The API server cuts warnings to 256 characters once all
// of them exceed 4096, and a person reads less.
const (
	mostTold        = 3    // findings in the message
	mostCauses      = 50   // for machines
	mostWarnings    = 10   // lines
	warningLength   = 120  // runes
	messageLength   = 1024 // runes of one finding
	annotationBytes = 1024 // of one audit annotation
)

// judge turns findings into a verdict: an error denies, a warning warns, what
// is less goes to the audit log only.
func (r *Response) judge(findings, waived []lint.Finding) {
	var denied, warned, audited []lint.Finding
	for _, f := range findings {
		switch f.Severity {
		case lint.Error:
			denied = append(denied, f)
		case lint.Warning:
			warned = append(warned, f)
		case lint.Info:
			audited = append(audited, f)
		}
	}
	if len(denied) > 0 {
		r.deny(http.StatusForbidden, "Forbidden", message(denied))
		r.Causes = causes(denied)
	}
	r.Warnings = warnings(warned)
	r.annotate("denied", denied)
	r.annotate("warned", warned)
	r.annotate("audited", audited)
	r.annotate("waived", waived)
	r.Counts = counts(findings)
}

// judgePolicy denies a policy that is broken. With the reason Invalid, kubectl
// prints the causes one below the other.
func (r *Response) judgePolicy(findings []lint.Finding) {
	r.judge(findings, nil)
	if !r.Allowed {
		r.Code, r.Reason = http.StatusUnprocessableEntity, "Invalid"
	}
}

// refuse denies a run that is one too many.
func (r *Response) refuse(all []Refusal) {
	var b strings.Builder
	for i, one := range all {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s [policy %s]", clip(one.Message, messageLength), one.Policy)
		if len(r.Causes) < mostCauses {
			r.Causes = append(r.Causes, Cause{Reason: "concurrency-exceeded", Message: one.Message})
		}
	}
	r.deny(http.StatusForbidden, "Forbidden", b.String())
	r.Counts = append(r.Counts, Count{Rule: "concurrency-exceeded", Severity: lint.Error, Findings: len(all)})
	if r.Audit == nil {
		r.Audit = map[string]string{}
	}
	r.Audit["refused"] = clip(b.String(), annotationBytes)
}

// message tells the first findings, one to a line when there are several:
// kubectl puts `admission webhook "..." denied the request: ` before it.
func message(denied []lint.Finding) string {
	if len(denied) == 1 {
		return line(&denied[0], messageLength) + claims(denied)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d findings", len(denied))
	for i := range denied[:min(len(denied), mostTold)] {
		b.WriteString("\n- " + line(&denied[i], messageLength))
	}
	if more := len(denied) - mostTold; more > 0 {
		fmt.Fprintf(&b, "\n- and %d more", more)
	}
	b.WriteString(claims(denied))
	return b.String()
}

// claims tells of annotations that ask for a waiver and do not get it.
func claims(denied []lint.Finding) string {
	var rules []string
	for _, f := range denied {
		if f.Claimed && !slices.Contains(rules, f.Rule.Name) {
			rules = append(rules, f.Rule.Name)
		}
	}
	if len(rules) == 0 {
		return ""
	}
	slices.Sort(rules)
	more := ""
	if len(rules) > mostTold {
		more = fmt.Sprintf(" and %d more", len(rules)-mostTold)
		rules = rules[:mostTold]
	}
	return fmt.Sprintf("\nthe annotation of the object that waives %s%s does not count: objects may waive only what policies list in waivableRules; ask who keeps them", strings.Join(rules, ", "), more)
}

// line is one finding in at most so many runes; rule and policy are never cut.
func line(f *lint.Finding, most int) string {
	tail := " [" + f.Rule.Name + "]"
	if f.Policy != "" {
		tail = " [" + f.Rule.Name + ", policy " + f.Policy + "]"
	}
	head := strings.ReplaceAll(f.Message, "\n", " ")
	if f.Path != "" {
		head = f.Path + ": " + head
	}
	return clip(head, max(most-utf8.RuneCountInString(tail), 20)) + tail
}

// clip cuts text to so many runes.
func clip(text string, most int) string {
	if len(text) <= most || utf8.RuneCountInString(text) <= most {
		return text
	}
	n := 0
	for i := range text {
		if n++; n == most {
			return text[:i] + "…"
		}
	}
	return text
}

func causes(denied []lint.Finding) []Cause {
	all := make([]Cause, 0, min(len(denied), mostCauses))
	for i := range denied[:min(len(denied), mostCauses)] {
		f := &denied[i]
		all = append(all, Cause{Reason: f.Rule.Name, Field: f.Path, Message: clip(f.Message, messageLength)})
	}
	return all
}

func warnings(warned []lint.Finding) []string {
	var all []string
	for i := range warned {
		if len(all) == mostWarnings {
			return append(all, fmt.Sprintf("and %d more warnings", len(warned)-i))
		}
		all = append(all, line(&warned[i], warningLength))
	}
	return all
}

// annotate adds an audit annotation like "dag-cycle@production=2,ttl-missing=1".
func (r *Response) annotate(key string, findings []lint.Finding) {
	if len(findings) == 0 {
		return
	}
	n := map[string]int{}
	for _, f := range findings {
		name := f.Rule.Name
		if f.Policy != "" {
			name += "@" + f.Policy
		}
		n[name]++
	}
	parts := make([]string, 0, len(n))
	for name, count := range n {
		parts = append(parts, fmt.Sprintf("%s=%d", name, count))
	}
	slices.Sort(parts)
	if r.Audit == nil {
		r.Audit = map[string]string{}
	}
	r.Audit[key] = clip(strings.Join(parts, ","), annotationBytes)
}

func counts(findings []lint.Finding) []Count {
	var all []Count
	for _, f := range findings {
		i := slices.IndexFunc(all, func(c Count) bool { return c.Rule == f.Rule.Name && c.Severity == f.Severity })
		if i < 0 {
			i, all = len(all), append(all, Count{Rule: f.Rule.Name, Severity: f.Severity})
		}
		all[i].Findings++
	}
	return all
}
