package decide

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// proposals is how often it is looked whether a pull request is merged.
const proposals = time.Minute

// observe takes in what was seen: runs, health, and what is in the way.
func (p *plan) observe() {
	for i := range p.spec.Environments {
		env := &p.spec.Environments[i]
		if c := p.current(env.Name); c != nil && entry(c, env.Name).Deployment != nil {
			p.recordRuns(c, env)
			p.recordHealth(c, env)
		}
	}
	for _, f := range p.Faults {
		e := entry(p.find(f.Candidate), f.Environment)
		if e != nil && (e.State == v1alpha1.Deploying || e.State == v1alpha1.Proposed) {
			e.Message = f.Message
		}
	}
}

func (p *plan) recordHealth(c *v1alpha1.Candidate, env *v1alpha1.Environment) {
	e := entry(c, env.Name)
	switch h := p.Health[Place{c.Name, env.Name}]; {
	case h == nil || h.Looked.Before(e.Deployment.At.Time):
	case h.Problem != "":
		e.HealthySince, e.Unhealthy = nil, Brief(h.Problem)
	case e.HealthySince == nil:
		t := after(h.Looked) // never longer than it was
		e.HealthySince, e.Unhealthy = &t, ""
	}
}

// recordRuns keeps the runs of the current deployment that gates go by. Those
// that are gone stay as they were last seen.
func (p *plan) recordRuns(c *v1alpha1.Candidate, env *v1alpha1.Environment) {
	e := entry(c, env.Name)
	since := e.Deployment.At.Time
	all := slices.Clone(e.Runs)
	for _, r := range p.Runs[env.Name] {
		if !p.concerns(&r, c, env) {
			continue
		}
		if r = byOurClock(r, c, e); r.Created.Time.Before(since) {
			continue
		}
		i := slices.IndexFunc(all, func(o v1alpha1.RunRecord) bool { return o.UID == r.UID })
		if i < 0 && r.Gate != "" {
			continue // whatever its labels say, it was not submitted from here, or is not recorded yet
		}
		if i < 0 {
			all = append(all, r)
		} else if !over(&all[i]) || over(&r) {
			r.Stopping = r.Stopping || all[i].Stopping
			all[i] = r
		}
	}
	slices.SortStableFunc(all, func(a, b v1alpha1.RunRecord) int {
		return cmp.Or(a.Created.Compare(b.Created.Time), cmp.Compare(a.Name, b.Name))
	})
	for i := 0; len(all) > mostRuns && i < len(all); {
		if all[i].Gate != "" && !all[i].Created.Time.Before(since) {
			i++ // a smoke run of this deployment is evidence as long as it is there
			continue
		}
		all = slices.Delete(all, i, i+1)
	}
	e.Runs = all
}

// byOurClock returns a smoke run of what is deployed, which cannot have begun
// before that was, as if it had begun then when it says so: the clock of the API
// server may be behind ours. All other runs are as they are.
func byOurClock(r v1alpha1.RunRecord, c *v1alpha1.Candidate, e *v1alpha1.CandidateEnvironment) v1alpha1.RunRecord {
	behind := e.Deployment.At.Sub(r.Created.Time)
	if r.Gate == "" || behind <= 0 || r.Name != RunName(c, e.Name, r.Gate, r.Attempt) {
		return r
	}
	r.Created = metav1.NewTime(r.Created.Add(behind))
	if r.Finished != nil {
		end := metav1.NewTime(r.Finished.Add(behind))
		r.Finished = &end
	}
	return r
}

// concerns reports whether a gate of the environment goes by a run.
func (p *plan) concerns(r *v1alpha1.RunRecord, c *v1alpha1.Candidate, env *v1alpha1.Environment) bool {
	if r.Gate != "" {
		return r.Candidate == c.Name && (r.Promotion == "" || r.Promotion == p.Promotion.Namespace+"/"+p.Promotion.Name)
	}
	return slices.ContainsFunc(env.Gates, func(g v1alpha1.Gate) bool {
		return g.Runs != nil && (g.Runs.CronWorkflow != "" && g.Runs.CronWorkflow == r.CronWorkflow || g.Runs.Template != "" && g.Runs.Template == r.Template)
	})
}

// outcome records what became of the last action.
func (p *plan) outcome() {
	o := p.Outcome
	if o == nil {
		return
	}
	c := p.find(o.Action.Candidate)
	e := entry(c, o.Action.Environment)
	at := p.index(o.Action.Environment)
	if e == nil || at < 0 {
		return
	}
	env := &p.spec.Environments[at]
	switch o.Action.Verb {
	case Stop:
		for i := range e.Runs {
			// One that is gone has stopped too.
			e.Runs[i].Stopping = e.Runs[i].Stopping || e.Runs[i].Name == o.Action.Run
		}
	case Submit:
		switch {
		case o.Failed != "" && e.State == v1alpha1.Verifying:
			p.fail(c, e, fmt.Sprintf("gate %s: %s", o.Action.Gate, o.Failed))
		case o.Run != nil && e.Deployment != nil && !slices.ContainsFunc(e.Runs, func(r v1alpha1.RunRecord) bool { return r.UID == o.Run.UID }):
			e.Runs = append(e.Runs, byOurClock(*o.Run, c, e))
		}
	case Deploy, Propose:
		if e.State != v1alpha1.Deploying && e.State != v1alpha1.Proposed {
			return
		}
		p.d.More = true
		switch {
		case o.Failed != "":
			p.refused(c, env)
		case o.PullRequest != "":
			e.Message, e.PullRequest = "", o.PullRequest
			p.set(e, v1alpha1.Proposed, "asked for in "+o.PullRequest)
		default:
			p.deployed(c, env)
		}
	}
}

// deployed records that a candidate is there now, and what was there is not.
func (p *plan) deployed(c *v1alpha1.Candidate, env *v1alpha1.Environment) {
	e := entry(c, env.Name)
	p.replace(c, env)
	e.Failed, e.Message, e.PullRequest = nil, "", ""
	p.set(e, v1alpha1.Verifying, describe(e.Deployment))
	p.news("", Place{c.Name, env.Name}, "Deployed", "%s is deployed to %s", Short(c.Spec.Digest), env.Name)
}

func describe(d *v1alpha1.Deployment) string {
	if d.Revision == 0 {
		return "pinned by commit " + d.Commit
	}
	return fmt.Sprintf("deployed as revision %d of release %s in %s", d.Revision, d.Release, d.Namespace)
}

// refused records that a candidate cannot be deployed. Where nothing was changed,
// what was there still is.
func (p *plan) refused(c *v1alpha1.Candidate, env *v1alpha1.Environment) {
	e := entry(c, env.Name)
	touched, back := p.Outcome.Deployment != nil, env.OnFailure == v1alpha1.Rollback
	if touched {
		p.replace(c, env)
	}
	p.fail(c, e, p.Outcome.Failed)
	e.PullRequest = ""
	if !touched && back {
		p.set(e, v1alpha1.RolledBack, "nothing was changed: what was there still is")
	}
}

// replace records a deployment, and what becomes of the candidates that were
// there: one that failed and was gone back from is RolledBack.
func (p *plan) replace(c *v1alpha1.Candidate, env *v1alpha1.Environment) {
	e := entry(c, env.Name)
	d := *p.Outcome.Deployment
	if e.Deployment != nil {
		d.Replaced = e.Deployment.Replaced
	}
	if there := p.current(env.Name); there != nil && there != c {
		d.Replaced = there.Name
	}
	for _, o := range p.all {
		if o != c {
			p.leave(o, c, env)
		}
	}
	e.Deployment = &d
}

// leave records that a candidate that was there gave way to another one.
func (p *plan) leave(o, to *v1alpha1.Candidate, env *v1alpha1.Environment) {
	switch was := entry(o, env.Name); state(o, env.Name) {
	case v1alpha1.Failed:
		if p.before(o, env) == to {
			p.set(was, v1alpha1.RolledBack, "the environment goes back to "+Short(to.Spec.Digest))
			p.news("rollback", Place{o.Name, env.Name}, "RolledBack", "%s goes back from %s to %s: %s", env.Name, Short(o.Spec.Digest), Short(to.Spec.Digest), was.Message)
			return
		}
		p.set(was, v1alpha1.Replaced, "replaced by "+Short(to.Spec.Digest))
	case v1alpha1.Verifying, v1alpha1.Verified:
		if newer(o, to) {
			p.news("rollback", Place{o.Name, env.Name}, "RolledBack", "%s goes back from %s to %s", env.Name, Short(o.Spec.Digest), Short(to.Spec.Digest))
		}
		p.set(was, v1alpha1.Replaced, "replaced by "+Short(to.Spec.Digest))
	}
}
