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
	// UID is that of the Workflow, or of the request that creates it.
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
// its key. Of holders with the same UID only one counts, and the run itself not
// at all.
func Decide(l *Limit, k Key, run Run, holders []Run) Verdict {
	var v Verdict
	seen := map[string]bool{run.UID: run.UID != ""}
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
	v.Message = fmt.Sprintf("%s runs already, and policy %q allows %s of %s at once: wait until one is over, or stop it with argo stop",
		names(v.Holders), l.Policy, count(l.Max), k.Title())
	if len(v.Holders) > 1 {
		v.Message = strings.Replace(v.Message, " runs already", " run already", 1)
	}
	return v
}

// mostNames bounds the message: an API server shows it on one line.
const mostNames = 5

// names lists the runs, the first few of them.
func names(all []Run) string {
	list := make([]string, 0, mostNames)
	for i, r := range all {
		if i == mostNames {
			break
		}
		list = append(list, fmt.Sprintf("%q", r.Name))
	}
	switch more := len(all) - len(list); {
	case more > 0:
		return strings.Join(list, ", ") + fmt.Sprintf(" and %d more", more)
	case len(list) > 1:
		return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
	}
	return strings.Join(list, "")
}

func count(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}

// Title names what is counted in messages: CronWorkflow "nightly" in namespace "etl".
func (k Key) Title() string {
	in := ""
	if k.Namespace != "" {
		in = fmt.Sprintf(" in namespace %q", k.Namespace)
	}
	switch k.Kind {
	case kindNamespace:
		if k.Value == "" {
			return "a namespace"
		}
		return fmt.Sprintf("namespace %q", k.Value)
	case kindLabel:
		return fmt.Sprintf("label value %q", k.Value) + in
	}
	return fmt.Sprintf("%s %q", k.Kind, k.Value) + in
}
