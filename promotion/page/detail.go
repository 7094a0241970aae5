package page

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// The most that is shown of what has no bound of its own.
const (
	mostRuns       = 20
	mostCandidates = 50
)

// A detail is the page of one promotion.
type detail struct {
	*row
	Source, Chart, Version string
	Interval, Release      string
	Revision               string
	Panels                 []panel
	Candidates             []candidateLine
	More                   int // candidates that are not shown
	Workflows              *workflows
}

// A panel is all that is known of an environment.
type panel struct {
	cell
	OnFailure                 string
	Deployed                  *deployed
	Approvals                 []approvalView
	Runs                      []runView
	History                   []historyView
	Unhealthy                 string
	Healthy                   moment
	ServiceAccount, Elsewhere string
}

type deployed struct {
	At                          moment
	Revision                    int32
	Release, Namespace          string
	Replaced, Commit, Pull, URL string
}

type approvalView struct {
	User, Word, Reason, About string
	look
	At moment
}

type runView struct {
	Name, Phase, Of, Gate, Message, URL, Lasted string
	Attempt                                     int32
	look
	At   moment
	flow string // KIND NAME
}

type historyView struct {
	At              moment
	Reason, Message string
}

type candidateLine struct {
	*stay
	Newest bool
	Places []place
}

// A place is how far a candidate came in an environment.
type place struct {
	Environment string
	State       v1alpha1.State
	look
	Since moment
}

func (t *teller) detail(p *v1alpha1.Promotion) *detail {
	d := &detail{row: t.row(p), Release: plain(p.Spec.Release)}
	if every := p.Spec.Source.Interval.Duration; every > 0 {
		d.Interval = lasting(every)
	}
	d.Source, d.Chart, d.Version = sourceOf(&p.Spec.Source)
	if p.Status.Source != nil {
		d.Revision = plain(p.Status.Source.Revision)
	}
	for i := range p.Spec.Environments {
		d.Panels = append(d.Panels, t.panel(p, &p.Spec.Environments[i], d.Environments[i]))
	}
	all := t.of[key{p.Namespace, p.Name}]
	d.More = max(0, len(all)-mostCandidates)
	for i, c := range all[:min(len(all), mostCandidates)] {
		line := candidateLine{stay: t.stay(c, ""), Newest: i == 0}
		for _, e := range p.Spec.Environments {
			line.Places = append(line.Places, t.place(c, e.Name))
		}
		d.Candidates = append(d.Candidates, line)
	}
	return d
}

func (t *teller) place(c *v1alpha1.Candidate, environment string) place {
	for _, e := range c.Status.Environments {
		if e.Name == environment {
			return place{environment, e.State, stateLook(e.State), t.at(e.Since)}
		}
	}
	return place{Environment: environment}
}

// sourceOf is where packages come from: an address, the chart in it and what is
// asked for.
func sourceOf(s *v1alpha1.Source) (where, chart, version string) {
	switch {
	case s.Git != nil:
		return address(s.Git.URL), plain(s.Git.Path), plain(s.Git.Ref)
	case s.OCI != nil:
		return address(s.OCI.URL), "", plain(s.OCI.Version)
	case s.Helm != nil:
		return address(s.Helm.URL), plain(s.Helm.Chart), plain(s.Helm.Version)
	}
	return "", "", ""
}

func (t *teller) panel(p *v1alpha1.Promotion, e *v1alpha1.Environment, c cell) panel {
	v := panel{cell: c, OnFailure: string(e.OnFailure), ServiceAccount: plain(e.ServiceAccount)}
	if e.Kubeconfig != nil {
		v.Elsewhere = plain(e.Kubeconfig.Name)
	}
	for _, s := range []*stay{c.Waits, c.Here} {
		if s == nil || s.record == nil {
			continue
		}
		for _, a := range s.record.Approvals {
			v.Approvals = append(v.Approvals, t.approval(&a, s.Digest))
		}
	}
	if c.Here == nil || c.Here.record == nil {
		if c.Waits != nil && c.Waits.record != nil {
			v.History = t.history(c.Waits.record)
		}
		return v
	}
	record := c.Here.record
	v.History, v.Unhealthy, v.Healthy = t.history(record), plain(record.Unhealthy), t.maybe(record.HealthySince)
	namespace := c.Namespace
	if d := record.Deployment; d != nil {
		namespace = d.Namespace
		v.Deployed = &deployed{
			At: t.at(d.At), Revision: d.Revision, Release: plain(d.Release), Namespace: plain(d.Namespace),
			Commit: plain(d.Commit), Pull: plain(d.PullRequest), URL: web(d.PullRequest),
		}
		if d.Replaced != "" {
			v.Deployed.Replaced = t.digestOf(p, d.Replaced)
		}
	}
	for i := range slices.Backward(record.Runs) {
		if len(v.Runs) == mostRuns {
			break
		}
		v.Runs = append(v.Runs, t.run(&record.Runs[i], namespace, e.Kubeconfig == nil))
	}
	return v
}

func (t *teller) approval(a *v1alpha1.ApprovalRecord, about string) approvalView {
	v := approvalView{User: plain(a.User), Word: "approved", Reason: plain(a.Reason), About: about, At: t.at(a.At), look: look{"good", "check"}}
	if a.Decision == v1alpha1.ToReject {
		v.Word, v.look = "rejected", look{"bad", "bar"}
	}
	return v
}

func (t *teller) history(e *v1alpha1.CandidateEnvironment) []historyView {
	var all []historyView
	for _, h := range slices.Backward(e.History) {
		all = append(all, historyView{t.at(h.At), plain(h.Reason), plain(h.Message)})
	}
	return all
}

func (t *teller) run(r *v1alpha1.RunRecord, namespace string, linked bool) runView {
	v := runView{
		Name: plain(r.Name), Phase: plain(r.Phase), Gate: plain(r.Gate), Attempt: r.Attempt, Message: plain(r.Message),
		At: t.at(r.Created), look: phaseLook(r.Phase),
	}
	switch {
	case v.Phase == "":
		v.Phase = "Pending"
	case r.Finished != nil:
		v.Lasted = lasting(r.Finished.Sub(r.Created.Time))
	case r.Phase == "Running":
		v.Lasted = "for " + lasting(max(0, t.now.Sub(r.Created.Time).Truncate(time.Second)))
	}
	switch {
	case r.CronWorkflow != "":
		v.Of, v.flow = plain(r.CronWorkflow), "CronWorkflow "+r.CronWorkflow
	case r.Template != "":
		v.Of, v.flow = plain(r.Template), "WorkflowTemplate "+r.Template
	}
	if linked && t.argo != "" && namespace != "" {
		v.URL = strings.TrimRight(t.argo, "/") + "/workflows/" + url.PathEscape(namespace) + "/" + url.PathEscape(r.Name)
	}
	return v
}

// web is an address that a browser may follow, or "".
func web(s string) string {
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return s
}

// Strip are the runs in the order of time, for a row of marks.
func strip(runs []runView) []runView {
	all := slices.Clone(runs)
	slices.Reverse(all)
	return all
}

// Title says in words what a mark of a run stands for.
func (r runView) Title() string {
	parts := []string{r.Name + ": " + r.Phase}
	if r.Attempt > 1 {
		parts = append(parts, "attempt "+strconv.Itoa(int(r.Attempt)))
	}
	if r.Lasted != "" {
		parts = append(parts, r.Lasted)
	}
	return strings.Join(parts, ", ")
}
