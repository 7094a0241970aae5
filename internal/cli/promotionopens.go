package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// opens says what would open a gate; nil for one that is open.
func (v promotionView) opens(candidate, environment string, g v1alpha1.GateStatus, typed commands) *advice {
	if g.Open && !g.Failed {
		return nil
	}
	name := v.Promotion.Name
	switch g.Kind { // of what holds beside the gates of the spec
	case "freeze":
		return &advice{"the end of the freeze", typed("freeze", name, environment, "--off")}
	case "pin":
		return &advice{"another pin, or none", typed("promote", name, "--to", environment)}
	case "busy":
		return &advice{Text: "the end of the smoke run"}
	}
	var spec v1alpha1.Gate
	for _, one := range v.spec(environment).Gates {
		if one.ID() == g.Name {
			spec = one
		}
	}
	switch {
	case spec.Lint != nil:
		return &advice{Text: "a change that mends it, which makes another candidate"}
	case spec.Approval != nil:
		return &advice{approvalWanted(spec.Approval), typed("approve", name, environment)}
	case spec.Window != nil:
		return &advice{Text: "the clock"}
	case spec.Soak != nil:
		return &advice{Text: fmt.Sprintf("%s of health without interruption", plain(spec.Soak.For.Duration))}
	case spec.Runs != nil && spec.Runs.CronWorkflow != "":
		return &advice{Text: fmt.Sprintf("%d runs of CronWorkflow %s that succeed, one after the other", spec.Runs.Count, spec.Runs.CronWorkflow)}
	case spec.Runs != nil:
		return &advice{Text: fmt.Sprintf("%d runs of template %s that succeed, one after the other", spec.Runs.Count, spec.Runs.Template)}
	case spec.Smoke != nil && g.Failed:
		return &advice{"another attempt, or a newer candidate", typed("promote", name, "--to", environment, "--candidate", candidate)}
	case spec.Smoke != nil:
		return &advice{Text: "a run of " + spec.Smoke.Template + " that succeeds"}
	case spec.Metric != nil:
		var bounds []string
		if spec.Metric.Min != nil {
			bounds = append(bounds, "at least "+spec.Metric.Min.String())
		}
		if spec.Metric.Max != nil {
			bounds = append(bounds, "at most "+spec.Metric.Max.String())
		}
		return &advice{Text: fmt.Sprintf("%s being %s", spec.Metric.Query, strings.Join(bounds, " and "))}
	}
	return nil
}

func approvalWanted(a *v1alpha1.ApprovalGate) string {
	count := max(a.Count, 1)
	text := "approval by one person"
	if count > 1 {
		text = fmt.Sprintf("approval by %d people", count)
	}
	if len(a.Groups) > 0 {
		text += " of " + strings.Join(a.Groups, " or ")
	}
	if a.NotAuthor {
		text += ", not its author"
	}
	return text
}

// plain is a duration without what is zero at its end.
func plain(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// listed joins names, and says how many more there are than those.
func listed(names []string, count int) string {
	text := strings.Join(names, ", ")
	if more := count - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// writeWhy prints one screen.
func writeWhy(w io.Writer, r why, now time.Time) error {
	var b strings.Builder
	say := func(format string, args ...any) { b.WriteString(printable(fmt.Sprintf(format, args...)) + "\n") }
	title := r.Environment + " of promotion " + r.Promotion
	if r.Namespace != "" {
		title += ", in namespace " + r.Namespace
	}
	say("%s", title)
	for _, n := range r.Notes {
		say("  ! %s", n.Text)
		if n.Command != "" {
			say("    to undo it: %s", n.Command)
		}
	}
	if b.WriteByte('\n'); r.There == nil {
		say("there: nothing")
	} else {
		sayPlaced(say, "there", r.There, now)
	}
	b.WriteByte('\n')
	if r.Waits != nil {
		sayPlaced(say, "waits", r.Waits, now)
	} else if r.Nothing != nil {
		say("waits: nothing: %s", r.Nothing.Text)
		if r.Nothing.Command != "" {
			say("  %s", r.Nothing.Command)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func sayPlaced(say func(string, ...any), label string, p *placed, now time.Time) {
	say("%s: %s", label, p.What)
	text := string(p.State)
	if !p.Since.IsZero() {
		text += fmt.Sprintf(" since %s (%s)", p.Since.UTC().Format(time.RFC3339), ago(now, p.Since))
	}
	if p.Revision > 0 {
		text += fmt.Sprintf(", revision %d of Helm", p.Revision)
	}
	say("  %s", text)
	if p.Message != "" {
		say("  %s", p.Message)
	}
	if p.Unhealthy != "" {
		say("  not healthy: %s", p.Unhealthy)
	}
	if p.Proposal != "" {
		say("  pull request: %s", p.Proposal)
	}
	if p.Undo != "" {
		say("  to take that back: %s", p.Undo)
	}
	for _, g := range p.Gates {
		sayGate(say, g, now)
	}
}

func sayGate(say func(string, ...any), g gateAdvice, now time.Time) {
	word, mark := answer(g.GateStatus)
	name := g.Name
	if g.Kind != "" && g.Kind != g.Name {
		name += " (" + g.Kind + ")"
	}
	say("  %s %s %s since %s (%s): %s", mark, name, word, g.Since.UTC().Format(time.RFC3339), ago(now, g.Since.Time), g.Message)
	for _, line := range g.Evidence {
		say("      %s", line)
	}
	if g.Opens != nil {
		say("      what opens it: %s", g.Opens.Text)
		if g.Opens.Command != "" {
			say("      %s", g.Opens.Command)
		}
	}
	if g.Next != nil {
		say("      asked again %s (%s)", in(now, g.Next.Time), g.Next.UTC().Format(time.RFC3339))
	}
}
