package soak

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/tiphys-dev/tiphys/test/chart"
)

// The namespaces of the clients. What is asked for there never changes.
const (
	plain    = "soak-plain"    // no policy
	filled   = "soak-filled"   // defaults
	strict   = "soak-strict"   // a rule that denies
	limited  = "soak-limited"  // no more than atOnce runs at once
	churning = "soak-churning" // a policy that changes all the time
)

const atOnce = 3

// standing are the policies of those namespaces.
const standing = `
apiVersion: tiphys.dev/v1alpha1
kind: WorkflowPolicy
metadata: {name: soak-filled}
spec:
  match: {namespaces: [soak-filled]}
  defaults: {metadata: {labels: {team: soak}}, spec: {activeDeadlineSeconds: 3600}}
---
apiVersion: tiphys.dev/v1alpha1
kind: WorkflowPolicy
metadata: {name: soak-strict}
spec: {match: {namespaces: [soak-strict]}, rules: {deadline-missing: deny}}
---
apiVersion: tiphys.dev/v1alpha1
kind: WorkflowPolicy
metadata: {name: soak-limited}
spec: {match: {namespaces: [soak-limited]}, concurrency: {max: 3, per: namespace, exceeded: reject}}
`

// Pieces of objects. A template of quiet is one that no rule says anything about.
const (
	quiet    = "ttlStrategy: {secondsAfterCompletion: 60}, podGC: {strategy: OnPodCompletion}"
	run      = `{name: main, container: {image: "busybox:1.37.0", command: [sh], resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}}}`
	good     = "entrypoint: main, activeDeadlineSeconds: 60, " + quiet + ", templates: [" + run + "]"
	endless  = "entrypoint: main, " + quiet + ", templates: [" + run + "]"
	astray   = "entrypoint: mian, activeDeadlineSeconds: 60, " + quiet + ", templates: [" + run + "]"
	circular = "entrypoint: main, activeDeadlineSeconds: 60, " + quiet + ", templates: [{name: main, dag: {tasks: [{name: a, template: run, depends: b}, {name: b, template: run, depends: a}]}}, {name: run, container: {image: \"busybox:1.37.0\", command: [sh]}}]"
)

// A kind of Argo, and how the spec of a workflow is written in it.
type kind struct{ kind, plural, form string }

var kinds = []kind{
	{"Workflow", "workflows", "{%s}"},
	{"WorkflowTemplate", "workflowtemplates", "{%s}"},
	{"ClusterWorkflowTemplate", "clusterworkflowtemplates", "{%s}"},
	{"CronWorkflow", "cronworkflows", `{schedules: ["0 4 * * *"], concurrencyPolicy: Forbid, workflowSpec: {%s}}`},
}

var serial atomic.Int64

// A worker is a client that goes on asking until the soak is over.
type worker struct {
	*soak
	client dynamic.Interface
	engine dynamic.Interface
	left   []leftover
}

// A leftover is what may be there after an answer that never came.
type leftover struct {
	of   dynamic.ResourceInterface
	name string
}

func (s *soak) worker() *worker {
	return &worker{soak: s, client: s.as("soak", "system:masters"), engine: s.as(engine, "system:masters")}
}

// work goes through all that is asked, at a pace.
func (w *worker) work(first int) {
	steps := []func(){}
	for _, k := range kinds {
		steps = append(steps, func() { w.life(k) }, func() { w.refusals(k) })
	}
	steps = append(steps, w.defaults, w.rule, w.churned, w.churned, w.schedule, w.brokenPolicy, w.forged)
	pace := time.NewTicker(w.plan.pace)
	defer pace.Stop()
	for i := first; w.load.Err() == nil; i++ {
		steps[i%len(steps)]()
		w.sweep()
		select {
		case <-w.load.Done():
		case <-pace.C:
		}
	}
}

func (w *worker) of(k kind, space string) dynamic.ResourceInterface {
	if k.kind == "ClusterWorkflowTemplate" {
		return w.client.Resource(argo(k.plural))
	}
	return w.client.Resource(argo(k.plural)).Namespace(space)
}

// object is one of a kind with a new name.
func (w *worker) object(k kind, space, spec string) *unstructured.Unstructured {
	o := chart.Object(w, fmt.Sprintf("apiVersion: argoproj.io/v1alpha1\nkind: %s\nmetadata: {name: soak-%d}\nspec: %s", k.kind, serial.Add(1), fmt.Sprintf(k.form, spec)))
	if k.kind != "ClusterWorkflowTemplate" {
		o.SetNamespace(space)
	}
	return o
}

func (w *worker) create(k kind, space string, o *unstructured.Unstructured, dry bool, denied string, check func(*unstructured.Unstructured) error) (*unstructured.Unstructured, answer) {
	var options metav1.CreateOptions
	if dry {
		options.DryRun = []string{metav1.DryRunAll}
	}
	u, a := w.ask(question{what: fmt.Sprintf("create %s %s in %s", k.kind, o.GetName(), space), denied: denied, check: check, do: func(ctx context.Context) (*unstructured.Unstructured, error) {
		return w.of(k, space).Create(ctx, o, options)
	}})
	if a == failed && !dry || a == wrong && denied != "" {
		w.left = append(w.left, leftover{w.of(k, space), o.GetName()})
	}
	return u, a
}

// life takes an object from its creation to its end.
func (w *worker) life(k kind) {
	o := w.object(k, plain, good)
	if _, a := w.create(k, plain, o, false, "", nil); a != right {
		return
	}
	of := w.of(k, plain)
	patch := func(what, text, denied string, client dynamic.ResourceInterface) {
		w.ask(question{what: fmt.Sprintf("%s of %s %s", what, k.kind, o.GetName()), denied: denied, do: func(ctx context.Context) (*unstructured.Unstructured, error) {
			return client.Patch(ctx, o.GetName(), types.MergePatchType, []byte(text), metav1.PatchOptions{})
		}})
	}
	entry := func(name string) string {
		if k.kind == "CronWorkflow" {
			return fmt.Sprintf(`{"spec":{"workflowSpec":{"entrypoint":%q}}}`, name)
		}
		return fmt.Sprintf(`{"spec":{"entrypoint":%q}}`, name)
	}
	patch("a wrong change", entry("mian"), "[entrypoint-unknown]", of)
	patch("a change", strings.Replace(entry("main"), `"spec":{`, `"spec":{"suspend":true,`, 1), "", of)
	patch("a label", `{"metadata":{"labels":{"soak":"on"}}}`, "", of)
	if k.kind == "Workflow" {
		patch("the end", `{"status":{"phase":"Succeeded"}}`, "", w.engine.Resource(argo(k.plural)).Namespace(plain))
	}
	_, a := w.ask(question{what: fmt.Sprintf("delete %s %s", k.kind, o.GetName()), do: func(ctx context.Context) (*unstructured.Unstructured, error) {
		return nil, of.Delete(ctx, o.GetName(), metav1.DeleteOptions{})
	}})
	if a != right {
		w.left = append(w.left, leftover{of, o.GetName()})
	}
}

// refusals are objects that can never run.
func (w *worker) refusals(k kind) {
	w.create(k, plain, w.object(k, plain, astray), false, "[entrypoint-unknown]", nil)
	w.create(k, plain, w.object(k, plain, circular), true, "[dag-cycle]", nil)
	w.create(k, plain, w.object(k, plain, good), true, "", nil)
}

// defaults are written, and nothing else is changed.
func (w *worker) defaults() {
	for _, k := range kinds[:2] {
		o := w.object(k, filled, endless)
		w.create(k, filled, o, true, "", func(u *unstructured.Unstructured) error {
			seconds, found, _ := unstructured.NestedInt64(u.Object, "spec", "activeDeadlineSeconds")
			team := u.GetLabels()["team"]
			switch {
			case !found && team == "":
				return errUnmutated
			case seconds != 3600 || team != "soak":
				return fmt.Errorf("it has the deadline %d and the team %q", seconds, team)
			}
			image, _, _ := unstructured.NestedSlice(u.Object, "spec", "templates")
			if len(image) != 1 {
				return fmt.Errorf("it has %d templates", len(image))
			}
			return nil
		})
	}
}

func (w *worker) rule() {
	for _, k := range kinds[:2] {
		w.create(k, strict, w.object(k, strict, endless), true, "[deadline-missing", nil)
		w.create(k, strict, w.object(k, strict, good), true, "", nil)
	}
}

func (w *worker) schedule() {
	k := kinds[3]
	o := w.object(k, plain, good)
	unstructured.SetNestedStringSlice(o.Object, []string{"61 4 * * *"}, "spec", "schedules")
	w.create(k, plain, o, true, "[cron-schedule]", nil)
}

// brokenPolicy is refused, whatever the policies are.
func (w *worker) brokenPolicy() {
	o := chart.Object(w, fmt.Sprintf("apiVersion: tiphys.dev/v1alpha1\nkind: WorkflowPolicy\nmetadata: {name: soak-broken-%d}\nspec: {match: {namespaces: [soak-none]}, rules: {deadline-mising: deny}}", serial.Add(1)))
	_, a := w.ask(question{what: "create a policy with an unknown rule", denied: `did you mean "deadline-missing"?`, do: func(ctx context.Context) (*unstructured.Unstructured, error) {
		return w.client.Resource(own("workflowpolicies")).Create(ctx, o, metav1.CreateOptions{})
	}})
	if a == wrong {
		w.left = append(w.left, leftover{w.client.Resource(own("workflowpolicies")), o.GetName()})
	}
}

// forged is an approval in somebody else's name.
func (w *worker) forged() {
	o := approval(w, plain, "etl-0123456789ab", "by: {user: somebody-else}")
	w.ask(question{what: "approve as somebody else", denied: "denied", do: func(ctx context.Context) (*unstructured.Unstructured, error) {
		return w.client.Resource(own("approvals")).Namespace(plain).Create(ctx, o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	}})
}

// sweep deletes what may have been left behind.
func (w *worker) sweep() {
	kept := w.left[:0]
	for _, l := range w.left {
		ctx, cancel := context.WithTimeout(w.load, deadline)
		err := l.of.Delete(ctx, l.name, metav1.DeleteOptions{})
		cancel()
		if err != nil && !apierrors.IsNotFound(err) {
			kept = append(kept, l)
		}
	}
	w.left = kept
}

// runs are created without end in a namespace where few may exist at once, and
// come to their end.
func (w *worker) runs() {
	k, pace := kinds[0], time.NewTicker(5*w.plan.pace) // each takes several requests of the webhook
	defer pace.Stop()
	mine := w.client.Resource(argo(k.plural)).Namespace(limited)
	for w.load.Err() == nil {
		o := w.object(k, limited, good)
		u, err := w.limitedRun(mine, o)
		if err == nil && u != nil {
			w.wait(w.plan.pace)
			w.finish(mine, u.GetName())
		} else if err != nil {
			w.left = append(w.left, leftover{mine, o.GetName()})
		}
		w.sweep()
		select {
		case <-w.load.Done():
		case <-pace.C:
		}
	}
}

var errNoAnswer = errors.New("there is no answer")

// limitedRun creates a run, which may be one too many: then there is none.
func (w *worker) limitedRun(of dynamic.ResourceInterface, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	refused := false
	u, a := w.ask(question{what: "create a run that may be one too many", counted: true, do: func(ctx context.Context) (*unstructured.Unstructured, error) {
		u, err := of.Create(ctx, o, metav1.CreateOptions{})
		if err != nil && strings.Contains(err.Error(), "may exist at once") {
			refused, err = true, nil
		}
		return u, err
	}})
	switch {
	case a != right:
		return nil, errNoAnswer
	case refused:
		return nil, nil
	}
	return u, nil
}

// finish has the engine end a run, and deletes it.
func (w *worker) finish(of dynamic.ResourceInterface, name string) {
	w.insist(question{what: "end a run", do: func(ctx context.Context) (*unstructured.Unstructured, error) {
		return w.engine.Resource(argo("workflows")).Namespace(limited).Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"labels":{"workflows.argoproj.io/completed":"true"}},"status":{"phase":"Succeeded"}}`), metav1.PatchOptions{})
	}})
	w.left = append(w.left, leftover{of, name})
}

// counted looks all the time how many runs exist at once.
func (s *soak) counted() {
	for s.load.Err() == nil {
		list, err := s.admin.Resource(argo("workflows")).Namespace(limited).List(s.load, metav1.ListOptions{LabelSelector: "workflows.argoproj.io/completed!=true"})
		if err == nil && len(list.Items) > atOnce {
			s.book.problem("%d runs exist at once where %d may", len(list.Items), atOnce)
			s.book.count(s.book.now(), func(p *phase) { p.wrong++ })
		}
		s.wait(200 * time.Millisecond)
	}
}

// slots deletes all runs that are counted, and wants as many as may exist at once
// to be created: no fault has kept a slot for good. One of a request that was
// never answered is kept for a minute.
func (s *soak) slots(ctx context.Context) {
	runs := s.admin.Resource(argo("workflows")).Namespace(limited)
	if err := runs.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		s.defect("delete all runs: %v", err)
	}
	w, made := &worker{soak: s}, 0
	var err error
	for end := time.Now().Add(90 * time.Second); made < atOnce && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if _, err = runs.Create(ctx, w.object(kinds[0], limited, good), metav1.CreateOptions{}); err == nil {
			made++
		}
	}
	if made < atOnce {
		s.defect("%d of %d slots are never given back: %v", atOnce-made, atOnce, err)
	}
}

var dryRun = metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
