package gate

import (
	"cmp"
	"fmt"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// runs holds until Count real runs, one after the other in the order in which
// they ended, went well since the candidate was deployed. One that failed starts
// the count again; one that still runs counts neither way. Smoke runs are no
// real runs.
func runs(g *v1alpha1.RunsGate, s State) Answer {
	if s.Deployed.IsZero() {
		return notDeployed()
	}
	want, of := max(1, int(g.Count)), "CronWorkflow "+g.CronWorkflow
	if g.CronWorkflow == "" {
		of = "template " + g.Template
	}
	var well []v1alpha1.RunRecord
	var last *v1alpha1.RunRecord // that failed
	running := ""
	for _, r := range history(s) {
		switch {
		case r.Gate != "" || cmp.Or(g.CronWorkflow, g.Template) != ofWhich(g, r):
		case bad(r):
			well, last = nil, &r
		case over(r):
			well = append(well, r)
		case running == "":
			running = "; " + r.Name + " runs now"
		}
	}
	got := min(len(well), want)
	count := fmt.Sprintf("%d of %s of %s", got, many(want, "run"), of)
	var a Answer
	if got == want {
		a = open("RunsSucceeded", count+" went well, one after the other")
	} else {
		since := "it was deployed at " + stamp(s.Deployed)
		if last != nil {
			since = fmt.Sprintf("%s failed at %s", last.Name, stamp(ended(*last)))
		}
		left := want - got
		a = hold("RunsMissing", fmt.Sprintf("%s went well since %s; it opens after %d more without a failure%s", count, since, left, running))
	}
	if last != nil {
		a.Evidence = append(a.Evidence, evidence(*last))
	}
	for _, r := range well[len(well)-got:] {
		a.Evidence = append(a.Evidence, evidence(r))
	}
	return a
}

// ofWhich is the CronWorkflow or the template of a run, whichever the gate goes by.
func ofWhich(g *v1alpha1.RunsGate, r v1alpha1.RunRecord) string {
	if g.CronWorkflow != "" {
		return r.CronWorkflow
	}
	return r.Template
}
