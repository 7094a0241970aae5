package page

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// A moment is a time as the page shows it: how long ago, and exactly.
type moment struct {
	at, now time.Time
}

// Known reports whether there is such a time.
func (m moment) Known() bool { return !m.at.IsZero() && m.at.Unix() != 0 }

// ISO is for machines.
func (m moment) ISO() string { return m.at.UTC().Format(time.RFC3339) }

// Exact is for people.
func (m moment) Exact() string { return m.at.UTC().Format("Mon 2 Jan 2006 15:04:05 UTC") }

// Relative is how long ago it was, or how long until it comes.
func (m moment) Relative() string {
	d := m.now.Sub(m.at)
	switch {
	case d < -45*time.Second:
		return "in " + roughly(-d)
	case d < 45*time.Second:
		return "just now"
	}
	return roughly(d) + " ago"
}

func roughly(d time.Duration) string {
	switch {
	case d < 90*time.Minute:
		return fmt.Sprintf("%d min", max(1, int(d.Round(time.Minute)/time.Minute)))
	case d < 36*time.Hour:
		return fmt.Sprintf("%d h", int(d.Round(time.Hour)/time.Hour))
	}
	return fmt.Sprintf("%d d", int(d.Round(24*time.Hour)/(24*time.Hour)))
}

// lasting is a duration in at most two units.
func lasting(d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case h > 0 && m == 0:
		return fmt.Sprintf("%d h", h)
	case h > 0:
		return fmt.Sprintf("%d h %02d min", h, m)
	case m > 0 && s == 0:
		return fmt.Sprintf("%d min", m)
	case m > 0:
		return fmt.Sprintf("%d min %02d s", m, s)
	}
	return fmt.Sprintf("%d s", s)
}

// A look is how a state is shown: a word for its colour and a mark for those
// who do not see colours.
type look struct{ Tone, Icon string }

var stateLooks = map[v1alpha1.State]look{
	v1alpha1.Waiting:    {"wait", "clock"},
	v1alpha1.Deploying:  {"busy", "half"},
	v1alpha1.Proposed:   {"busy", "up"},
	v1alpha1.Verifying:  {"busy", "half"},
	v1alpha1.Verified:   {"good", "check"},
	v1alpha1.Failed:     {"bad", "cross"},
	v1alpha1.RolledBack: {"bad", "back"},
	v1alpha1.Replaced:   {"past", "dot"},
	v1alpha1.Rejected:   {"bad", "bar"},
}

func stateLook(s v1alpha1.State) look {
	if l, ok := stateLooks[s]; ok {
		return l
	}
	return look{"past", "dot"}
}

func gateLook(g *v1alpha1.GateStatus) look {
	switch {
	case g == nil:
		return look{"past", "dot"}
	case g.Failed:
		return look{"bad", "cross"}
	case g.Open:
		return look{"good", "check"}
	}
	return look{"wait", "clock"}
}

func phaseLook(phase string) look {
	switch phase {
	case "Succeeded":
		return look{"good", "check"}
	case "Failed", "Error":
		return look{"bad", "cross"}
	case "Running":
		return look{"busy", "half"}
	}
	return look{"wait", "clock"}
}

// short cuts a digest to what tells it apart, and leaves a name.
func short(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	return hex[:min(7, len(hex))]
}

const longest = 2000 // bytes of one text

// plain takes out of a text of others what could turn it around or hide it, and
// cuts what is too long.
func plain(s string) string {
	if len(s) > longest {
		s = s[:longest] + "…"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Bidi_Control), r == unicode.ReplacementChar:
			return '·'
		}
		return r
	}, strings.ToValidUTF8(s, "·"))
}

// person is the name in NAME <EMAIL>.
func person(author string) string {
	if name, _, ok := strings.Cut(author, " <"); ok && strings.TrimSpace(name) != "" {
		return plain(strings.TrimSpace(name))
	}
	return plain(author)
}

// address is a URL without credentials, of the user or of a query.
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return plain(s[strings.LastIndex(s, "@")+1:])
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return plain(u.String())
}
