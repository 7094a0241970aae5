package concurrency

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Run is a Workflow that holds a slot: it exists and is not over. A run that
// was admitted and is not yet seen in the cluster is one, too.
type Run struct {
	// UID is that of the Workflow, or of the request that creates it; "" if neither
	// is known.
	UID string
	// Name is the name of the Workflow, or its generateName where it is still to
	// be named.
	Name string
	// Started is when it was created.
	Started time.Time
}

// A Verdict is what becomes of one more run.
type Verdict struct {
	Allowed bool
	// Holders are the runs that hold the slots, the oldest first.
	Holders []Run
	// Message is what a user is told of a run that is not allowed.
	Message string
}

// Runs knows the runs that exist and decides about one more. Admit takes the
// slot in the same step, unless it is only a trial, so that two requests at
// once do not both get the last one; asked again for the same UID, it gives the
// same answer. It is called by several goroutines. Where runs cannot be counted,
// as while a cache is filled, it returns an error.
type Runs interface {
	Admit(l *Limit, k Key, run Run, trial bool) (Verdict, error)
}

// Decide tells whether one more run may exist beside those that hold slots of
// its key. Of holders with the same UID only one counts, and the run itself does
// not.
func Decide(l *Limit, k Key, run Run, holders []Run) Verdict {
	var v Verdict
	seen := map[string]bool{run.UID: true}
	for _, h := range holders {
		if h.UID != "" && seen[h.UID] {
			continue
		}
		seen[h.UID] = true
		v.Holders = append(v.Holders, h)
	}
	slices.SortStableFunc(v.Holders, func(a, b Run) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Name, b.Name))
	})
	if len(v.Holders) < l.Max {
		v.Allowed = true
		return v
	}
	is := "are"
	if len(v.Holders) == 1 {
		is = "is"
	}
	v.Message = fmt.Sprintf("%s of %s may exist at once, and %s %s not over: wait, or stop %s with argo stop %s",
		count(l.Max), l.title(k), list(v.Holders), is, oneOf(v.Holders), v.Holders[0].Name)
	if k.Namespace != "" {
		v.Message += " -n " + k.Namespace
	}
	return v
}

func oneOf(all []Run) string {
	if len(all) == 1 {
		return "it"
	}
	return "the oldest"
}

// mostNames bounds the message: people read it on a terminal.
const mostNames = 5

// list names the runs, the first few of them.
func list(all []Run) string {
	var quoted []string
	for _, r := range all[:min(len(all), mostNames)] {
		quoted = append(quoted, fmt.Sprintf("%q", r.Name))
	}
	last := len(quoted) - 1
	switch more := len(all) - len(quoted); {
	case more > 0:
		return strings.Join(quoted, ", ") + fmt.Sprintf(" and %d more", more)
	case last > 0:
		return strings.Join(quoted[:last], ", ") + " and " + quoted[last]
	}
	return quoted[0]
}

func count(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}
