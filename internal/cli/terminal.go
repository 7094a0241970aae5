package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"golang.org/x/term"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// terminal reports whether w is one that understands escape sequences.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// colors decides whether to print in colour. NO_COLOR is obeyed unless the
// user insists (https://no-color.org).
func colors(when string, toStdout bool, out io.Writer) (bool, error) {
	switch when {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return toStdout && os.Getenv("NO_COLOR") == "" && terminal(out), nil
	}
	return false, fmt.Errorf("--color %q is none of auto, always, never%s", when, near.Hint(when, []string{"auto", "always", "never"}))
}

// printable keeps names of files from giving orders to the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// progress tells on a terminal how far we are, once it has taken a while.
type progress struct {
	total int
	done  atomic.Int64
	quit  chan struct{}
	gone  chan struct{}
}

const (
	patience = time.Second
	pace     = 100 * time.Millisecond
	wipe     = "\r\x1b[K"
)

func startProgress(w io.Writer, total int) *progress {
	p := &progress{total: total, quit: make(chan struct{}), gone: make(chan struct{})}
	if !terminal(w) {
		close(p.gone)
		return p
	}
	go p.show(w)
	return p
}

func (p *progress) show(w io.Writer) {
	defer close(p.gone)
	select {
	case <-p.quit:
		return
	case <-time.After(patience):
	}
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		if n := int(p.done.Load()); n < p.total {
			fmt.Fprintf(w, wipe+"linting: %d of %d files", n, p.total)
		} else {
			fmt.Fprint(w, wipe+"linting: what refers to other files")
		}
		select {
		case <-p.quit:
			fmt.Fprint(w, wipe)
			return
		case <-tick.C:
		}
	}
}

// stop ends the show and waits until the line is clear.
func (p *progress) stop() {
	close(p.quit)
	<-p.gone
}

// printableLines is printable for a text of several lines.
func printableLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}
