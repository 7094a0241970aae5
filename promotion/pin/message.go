package pin

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// mostEvidence bounds the evidence in a message, in bytes: a forge takes 64 KiB.
const mostEvidence = 48 << 10

// Evidence tells what gates answered and who approved, as plain text.
func Evidence(gates []v1alpha1.GateStatus, approvals []v1alpha1.ApprovalRecord) string {
	var b strings.Builder
	for _, g := range gates {
		state := "open"
		switch {
		case g.Failed:
			state = "failed"
		case !g.Open:
			state = "shut"
		}
		since := ""
		if !g.Since.IsZero() {
			since = " since " + g.Since.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(&b, "%s: %s%s: %s\n", g.Name, state, since, oneLine(g.Message))
		for _, e := range g.Evidence {
			fmt.Fprintf(&b, "    %s\n", oneLine(e))
		}
	}
	for _, a := range approvals {
		verb := "rejected"
		if a.Decision == v1alpha1.ToApprove {
			verb = "approved"
		}
		fmt.Fprintf(&b, "%s by %s at %s", verb, oneLine(a.User), a.At.UTC().Format(time.RFC3339))
		if a.Reason != "" {
			fmt.Fprintf(&b, ": %s", oneLine(a.Reason))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Title is the first line of the message of a commit.
func (o *Order) Title() string {
	return fmt.Sprintf("Promote %s %s to %s", o.Pin.Chart, o.Pin.Version, o.Environment)
}

// Message is that of the commit.
func (o *Order) Message() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", o.Title())
	for _, line := range o.facts() {
		fmt.Fprintf(&b, "%s: %s\n", line[0], line[1])
	}
	if e := o.evidence(); e != "" {
		fmt.Fprintf(&b, "\n%s\n", e)
	}
	return b.String()
}

func (o *Order) facts() [][2]string {
	var all [][2]string
	for _, f := range [][2]string{
		{"Package", o.Pin.Digest}, {"Candidate", o.Pin.Candidate}, {"Source", o.Pin.Source}, {"Revision", o.Pin.Revision},
	} {
		if f[1] != "" {
			all = append(all, f)
		}
	}
	return all
}

// evidence is what was given, without what a terminal would obey, and no longer
// than a forge takes.
func (o *Order) evidence() string {
	text := strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ReplaceAll(strings.ToValidUTF8(o.Evidence, "?"), "\r\n", "\n"))
	text = strings.Trim(text, "\n")
	if len(text) > mostEvidence {
		cut := mostEvidence
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "\n... and more"
	}
	return text
}

// body is the text of a pull request. What others wrote stands in a block that
// nothing in it ends, so that it mentions nobody and formats nothing.
func (o *Order) body() string {
	var b strings.Builder
	fmt.Fprintf(&b, "`%s` of `%s` goes to **%s**: this changes `%s` alone.\n\n| | |\n|---|---|\n", o.Pin.Version, o.Pin.Chart, o.Environment, FileName)
	for _, line := range o.facts() {
		fmt.Fprintf(&b, "| %s | `%s` |\n", line[0], strings.NewReplacer("`", "'", "|", "/").Replace(line[1]))
	}
	if e := o.evidence(); e != "" {
		fence := "```"
		for strings.Contains(e, fence) {
			fence += "`"
		}
		fmt.Fprintf(&b, "\nWhat speaks for it:\n\n%stext\n%s\n%s\n", fence, e, fence)
	}
	return b.String()
}

// oneLine makes one printable line of a text.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}
