package release

import (
	"errors"
	"fmt"
)

// words are what messages advise beside what every reader can do. The zero
// value is for a controller, whose readers have no command line at hand.
type words struct{ locked, pending, interrupted, namespace, uninstall string }

// typed are for people at a command line.
var typed = words{
	locked:      ", or, when it cannot be, take over with --unlock",
	pending:     "; when you are sure that nobody runs helm there, go on with --unlock",
	interrupted: "; the next tiphys upgrade does it",
	namespace:   "make it with --create-namespace, or name another with --namespace",
	uninstall:   "; finish that first with: tiphys uninstall %s",
}

// advise adds to an error what can be done about it where it is read.
func (w words) advise(err error) {
	var l *Locked
	if errors.As(err, &l) {
		l.advice = w.locked
	}
	var p *Pending
	if errors.As(err, &p) {
		p.advice = w.pending
	}
}

func (w words) missing(namespace string) string {
	if w.namespace == "" {
		return fmt.Sprintf("there is no namespace %q: make it, or let whoever deploys get and create namespaces", namespace)
	}
	return fmt.Sprintf("there is no namespace %q: %s", namespace, w.namespace)
}

func (w words) halfGone(release string) error {
	advice := "; finish that first"
	if w.uninstall != "" {
		advice = fmt.Sprintf(w.uninstall, release)
	}
	return refuse("release %q is half uninstalled%s", release, advice)
}
