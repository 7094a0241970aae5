package controller

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/limits"
)

// Bounds of an audit: how many objects are in memory at once, and how many
// violations of a rule are shown.
const (
	pageSize  = 100
	mostFirst = 5
)

// An audited kind is one whose objects are looked at.
type auditedKind struct{ name, selector string }

// auditedKinds leaves out what is over: it is history.
var auditedKinds = []auditedKind{
	{workflow.KindWorkflowTemplate, ""},
	{workflow.KindClusterWorkflowTemplate, ""},
	{workflow.KindCronWorkflow, ""},
	{"Sensor", ""},
	{workflow.KindWorkflow, "workflows.argoproj.io/completed!=true"},
}

// An Audit is what was found when everything was looked at.
type Audit struct {
	// At is when it ended, Took for how long it ran.
	At   time.Time
	Took time.Duration
	// Objects is how many were looked at, Findings how many of them by severity.
	Objects  int
	Findings map[lint.Severity]int
	// Unread are the kinds that could not be listed.
	Unread []string

	policies map[string]*tally
}

// audits keeps the last one.
type audits struct {
	mu   sync.Mutex
	last *Audit
	// told are the objects whose violations Events have told, with what they were.
	told map[types.UID]uint64
}

// Audit returns the last audit of this replica since it leads, nil without.
func (c *Controller) Audit() *Audit {
	t := c.term.Load()
	if t == nil {
		return nil
	}
	t.audits.mu.Lock()
	defer t.audits.mu.Unlock()
	return t.audits.last
}

// audit looks at every object that is there.
func (t *term) audit(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	if t.options.Audit < 0 {
		return reconcile.Result{}, nil
	}
	if t.state.Load() == nil || t.options.World.Ready() != nil {
		return reconcile.Result{RequeueAfter: time.Second}, nil
	}
	began := t.options.Now()
	entries := t.catalog.all()
	f := enforce(entries, policies.Options{})
	r := &auditor{
		Audit: &Audit{Findings: map[lint.Severity]int{}, policies: map[string]*tally{}},
		state: t.state.Load(), world: t.options.World.Memory(), limits: t.options.Limits, enforced: f, usage: f.set.NewUsage(), now: began, events: t.told(),
	}
	for _, e := range entries {
		r.policies[e.name] = &tally{uid: e.uid, rules: map[string]*ruleTally{}}
	}
	for _, k := range auditedKinds {
		if err := r.kind(ctx, t.manager.GetAPIReader(), k); err != nil {
			return reconcile.Result{}, fmt.Errorf("audit %ss: %w", k.name, err)
		}
	}
	for _, w := range f.set.Waivers(r.usage, began) {
		if y := r.policies[w.Policy]; y != nil {
			y.waivers = append(y.waivers, w)
		}
	}
	r.At = t.options.Now()
	r.Took = r.At.Sub(began)
	t.audits.mu.Lock()
	t.audits.last, t.audits.told = r.Audit, r.events.now
	t.audits.mu.Unlock()
	t.tell(&r.events)
	t.options.Log.Info("audited", "objects", r.Objects, "took", r.Took, "unread", r.Unread)
	for _, e := range entries {
		t.statusWake.wake(e.name, 0)
	}
	return reconcile.Result{RequeueAfter: t.options.Audit}, nil
}

// An auditor is an audit under way.
type auditor struct {
	*Audit
	state    *webhook.State
	world    resolve.World
	limits   *limits.Limits
	enforced *enforced
	usage    *policies.Usage
	now      time.Time
	events   objectEvents
}

func (a *auditor) kind(ctx context.Context, from client.Reader, k auditedKind) error {
	page := &unstructured.UnstructuredList{}
	page.SetAPIVersion("argoproj.io/v1alpha1")
	page.SetKind(k.name + "List")
	options := &client.ListOptions{Limit: pageSize}
	if k.selector != "" {
		client.MatchingLabelsSelector{Selector: selector(k.selector)}.ApplyToList(options)
	}
	for {
		switch err := from.List(ctx, page, options); {
		case meta.IsNoMatchError(err), apierrors.IsNotFound(err), apierrors.IsForbidden(err), apierrors.IsMethodNotSupported(err):
			a.Unread = append(a.Unread, k.name)
			return nil
		case apierrors.IsResourceExpired(err):
			a.Unread = append(a.Unread, "some of "+k.name)
			return nil // the rest is for the next audit: to begin anew would count twice
		case err != nil:
			return err
		}
		for i := range page.Items {
			if err := a.object(ctx, &page.Items[i]); err != nil {
				return err
			}
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return nil
		}
	}
}

// object lints one object as admission would.
func (a *auditor) object(ctx context.Context, u *unstructured.Unstructured) error {
	u.SetManagedFields(nil)
	unstructured.RemoveNestedField(u.Object, "status")
	text, err := u.MarshalJSON()
	if err != nil {
		return fmt.Errorf("read %s %s: %w", u.GetKind(), u.GetName(), err)
	}
	q := policies.Request{Context: ctx, Namespace: u.GetNamespace(), Now: a.now, Usage: a.usage}
	if q.Namespace != "" && a.state.Namespace != nil {
		q.NamespaceLabels, q.NamespaceKnown = a.state.Namespace(q.Namespace)
	}
	o := lint.Options{Rules: a.state.Rules, Argo: a.state.Argo, World: resolve.Confined(a.world, q.Namespace), Policies: a.enforced.view(q)}
	l := lint.New(o)
	d := manifest.ParseJSON(source.NewFile("", text))
	l.AddDocument(d)
	result := l.Finish()
	a.Objects++
	matching := a.enforced.set.Matching(q, d.Root)
	for _, p := range matching {
		if t := a.policies[p.Name]; t != nil {
			t.objects++
		}
	}
	for i := range result.Findings {
		f := &result.Findings[i]
		a.Findings[f.Severity]++
		for name := range strings.SplitSeq(f.Policy, ", ") { // several may want the same
			if t := a.policies[name]; t != nil {
				t.add(f)
			}
		}
	}
	a.events.see(u, result.Findings)
	if a.limits != nil {
		if err := a.limits.Exists(ctx, d.Root, q.Namespace, matching, a.world); err != nil {
			return err
		}
	}
	return ctx.Err()
}
