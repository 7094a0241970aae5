package main

import (
	"os"
	"regexp"
	"strings"

	"golang.org/x/term"
)

// A paint colours what is shown, or does not.
type paint bool

func painter(when string) paint {
	if when == "auto" {
		return paint(os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(os.Stdout.Fd())))
	}
	return when == "always"
}

func (p paint) with(code, text string) string {
	if !p {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p paint) faint(text string) string { return p.with("2", text) }

func (p paint) title(text string) string {
	return p.with("1;36", text) + "\n" + p.with("36", strings.Repeat("=", len([]rune(text))))
}

func (p paint) command(text string) string {
	return p.with("1;32", "$ ") + p.with("1", strings.ReplaceAll(text, "\n", "\n> "))
}

// words are what is coloured in answers of commands.
var words = []struct {
	code string
	at   *regexp.Regexp
}{
	{"31", regexp.MustCompile(`\berror:|^Error\b|\bFailed\b|\bRolledBack\b|✗|\^~*`)},
	{"33", regexp.MustCompile(`(?i)\bwarning:|\bWaiting\b`)},
	{"32", regexp.MustCompile(`\bVerified\b|✓|\bdeployed  `)},
}

// answer is what a command printed.
func (p paint) answer(out string) string {
	if out != "" && !strings.HasSuffix(out, "\n") {
		out += "\n"
	}
	if !p {
		return out
	}
	var b strings.Builder
	diff := strings.Contains(out, "\n@@ ")
	for line := range strings.Lines(out) {
		text := strings.TrimSuffix(line, "\n")
		switch {
		case diff && strings.HasPrefix(text, "+"):
			text = p.with("32", text)
		case diff && strings.HasPrefix(text, "-"):
			text = p.with("31", text)
		default:
			for _, w := range words {
				text = w.at.ReplaceAllStringFunc(text, func(s string) string { return p.with(w.code, s) })
			}
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}

// wrap breaks text into lines of so many letters at most.
func wrap(text string, width int) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case i > 0 && at+1+n > width:
			b.WriteByte('\n')
			at = 0
		case i > 0:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}
