package controller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/decide"
	"github.com/tiphys-dev/tiphys/promotion/pin"
)

// Bounds of actions: of one request, and of what a deployment takes beside the
// waiting that its timeout bounds.
const (
	requestTime = 30 * time.Second
	deployTime  = 5 * time.Minute
)

// act does one thing. Done twice, it is as done once. An error is worth another
// try; what is not is in the outcome.
func (c *Controller) act(ctx context.Context, s *scene, a decide.Action) (*decide.Outcome, error) {
	c.log.Info("acts", "verb", a.Verb, "namespace", s.Namespace, "promotion", s.Name, "candidate", a.Candidate, "environment", a.Environment, "run", a.Run, "why", a.Why)
	began := c.clock.Now()
	var o *decide.Outcome
	var err error
	switch a.Verb {
	case decide.Deploy:
		o, err = c.deploy(ctx, s, a)
	case decide.Submit:
		o, err = c.submit(ctx, s, a)
	case decide.Stop:
		o, err = c.stop(ctx, s, a)
	case decide.Propose:
		o, err = c.pin(ctx, s, a)
	}
	log := c.log.With("verb", a.Verb, "namespace", s.Namespace, "promotion", s.Name, "candidate", a.Candidate, "environment", a.Environment, "took", c.clock.Now().Sub(began))
	switch {
	case err != nil:
		log.Warn("could not act, and will try again", "reason", reasonOf(err), "error", err.Error())
	case o.Failed != "":
		log.Error("acted in vain", "error", o.Failed)
	default:
		log.Info("acted")
	}
	return o, err
}

func (c *Controller) deploy(ctx context.Context, s *scene, a decide.Action) (*decide.Outcome, error) {
	o := &decide.Outcome{Action: a}
	j, err := c.fullJob(ctx, s, a.Place)
	if err != nil {
		return vain(o, err)
	}
	name, namespace, err := j.Place()
	if err != nil {
		return vain(o, err)
	}
	if err := c.alone(ctx, s, a.Place, name, namespace); err != nil {
		return nil, err
	}
	j.Confirm = func(ctx context.Context) error {
		if current, err := c.isCurrent(ctx, s, a); err != nil || current {
			return err
		}
		return errTakenBack
	}
	timeout := cmp.Or(j.Timeout, 5*time.Minute) + deployTime
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it is not done after %s", timeout))
	defer cancel()
	done, err := j.Deploy(ctx)
	if done != nil {
		o.Deployment = &v1alpha1.Deployment{At: metav1.NewTime(done.At).Rfc3339Copy(), Revision: int32(done.Revision), Release: done.Release, Namespace: done.Namespace}
		if done.At.IsZero() {
			o.Deployment.At = stamp(c.clock.Now())
		}
	}
	if err != nil {
		return vain(o, err)
	}
	delete(s.known.health, a.Place)
	return o, nil
}

// errTakenBack says that another process was faster.
var errTakenBack = errors.New("what was to be deployed was decided anew meanwhile")

// vain tells what an error comes to: an outcome if it is final. A right that is
// missing is no fault of the candidate: as long as nothing was changed, somebody
// may yet give it.
func vain(o *decide.Outcome, err error) (*decide.Outcome, error) {
	if o.Deployment == nil && strings.Contains(err.Error(), " is forbidden: User ") { // Helm makes text of errors
		return nil, &fault{"Forbidden", err}
	}
	if !final(err) {
		return nil, err
	}
	o.Failed = err.Error()
	return o, nil
}

var workflows = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}

// workflowsOf are the Workflows where a candidate is deployed, as whoever acts
// there.
func (c *Controller) workflowsOf(ctx context.Context, s *scene, at decide.Place) (dynamic.ResourceInterface, *v1alpha1.Deployment, error) {
	e := s.entry(at)
	if e == nil || e.Deployment == nil {
		return nil, nil, fmt.Errorf("nothing is deployed to %s", at.Environment)
	}
	t, err := c.reach(ctx, s, s.environment(at.Environment))
	if err != nil {
		return nil, nil, err
	}
	d, err := dynamic.NewForConfig(t.config)
	if err != nil {
		return nil, nil, fmt.Errorf("make a client: %w", err)
	}
	return d.Resource(workflows).Namespace(e.Deployment.Namespace), e.Deployment, nil
}

// submit submits a smoke run. Its name is that of the attempt, so one that is
// there was submitted before.
func (c *Controller) submit(ctx context.Context, s *scene, a decide.Action) (*decide.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	all, d, err := c.workflowsOf(ctx, s, a.Place)
	if err != nil {
		return nil, err
	}
	var g *v1alpha1.SmokeGate
	for _, one := range s.environment(a.Environment).Gates {
		if one.ID() == a.Gate {
			g = one.Smoke
		}
	}
	if g == nil {
		return nil, fmt.Errorf("there is no smoke gate %q any more", a.Gate)
	}
	want := smokeRun(s, a, g, d)
	w, err := all.Create(ctx, want, metav1.CreateOptions{FieldManager: Manager})
	if apierrors.IsAlreadyExists(err) {
		if w, err = all.Get(ctx, a.Run, metav1.GetOptions{}); err == nil {
			for k, v := range want.GetLabels() {
				if w.GetLabels()[k] != v {
					return &decide.Outcome{Action: a, Failed: fmt.Sprintf("Workflow %s is there and of somebody else: delete it", a.Run)}, nil
				}
			}
			spec, _, _ := unstructured.NestedMap(w.Object, "spec")
			for k, v := range want.Object["spec"].(map[string]any) { // a workflow engine may add to it
				if !reflect.DeepEqual(spec[k], v) {
					return &decide.Outcome{Action: a, Failed: fmt.Sprintf("Workflow %s is there and has another %s than the gate: somebody else submitted it", a.Run, k)}, nil
				}
			}
		}
	}
	o := &decide.Outcome{Action: a}
	if err != nil {
		err = fmt.Errorf("submit smoke run %s: %w", a.Run, err)
		if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
			o.Failed = err.Error()
			return o, nil
		}
		return nil, err
	}
	o.Run = &v1alpha1.RunRecord{
		Name: w.GetName(), UID: string(w.GetUID()), Gate: a.Gate, Attempt: a.Attempt, Candidate: a.Candidate, Promotion: s.Namespace + "/" + s.Name,
		Revision: d.Revision, Template: g.Template, Created: w.GetCreationTimestamp(),
	}
	return o, nil
}

func smokeRun(s *scene, a decide.Action, g *v1alpha1.SmokeGate, d *v1alpha1.Deployment) *unstructured.Unstructured {
	spec := map[string]any{"workflowTemplateRef": map[string]any{"name": g.Template}}
	if g.ClusterScope {
		spec["workflowTemplateRef"].(map[string]any)["clusterScope"] = true
	}
	if len(g.Arguments) > 0 {
		var all []any
		for _, p := range g.Arguments {
			all = append(all, map[string]any{"name": p.Name, "value": p.Value})
		}
		spec["arguments"] = map[string]any{"parameters": all}
	}
	if g.ServiceAccount != "" {
		spec["serviceAccountName"] = g.ServiceAccount
	}
	w := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": spec}}
	w.SetName(a.Run)
	labels := map[string]string{
		v1alpha1.NamespaceLabel: s.Namespace, v1alpha1.PromotionLabel: s.Name, v1alpha1.CandidateLabel: a.Candidate,
		v1alpha1.EnvironmentLabel: a.Environment, v1alpha1.GateLabel: a.Gate, v1alpha1.AttemptLabel: strconv.Itoa(int(a.Attempt)),
	}
	if d.Revision > 0 {
		labels[v1alpha1.RevisionLabel] = strconv.Itoa(int(d.Revision))
	}
	w.SetLabels(labels)
	return w
}

// stop has a smoke run stop that took too long.
func (c *Controller) stop(ctx context.Context, s *scene, a decide.Action) (*decide.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	all, _, err := c.workflowsOf(ctx, s, a.Place)
	if err != nil {
		return nil, err
	}
	_, err = all.Patch(ctx, a.Run, types.MergePatchType, []byte(`{"spec":{"shutdown":"Terminate"}}`), metav1.PatchOptions{FieldManager: Manager})
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("stop smoke run %s: %w", a.Run, err)
	}
	return &decide.Outcome{Action: a}, nil
}

// pinTime bounds what is done in git for one pin.
const pinTime = 2 * time.Minute

// pin brings a pin into git, or looks how far one is.
func (c *Controller) pin(ctx context.Context, s *scene, a decide.Action) (*decide.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, pinTime)
	defer cancel()
	order, err := c.order(ctx, s, a)
	if err != nil {
		return nil, err
	}
	s.known.asked[a.Place] = c.clock.Now()
	do := pin.Commit
	if order.Forge != nil {
		do = pin.Propose
	}
	r, err := do(ctx, *order)
	o := &decide.Outcome{Action: a}
	switch {
	case errors.Is(err, pin.ErrWrong):
		return nil, &fault{"PinsWrong", err} // how pins are written, not what is pinned
	case err != nil:
		return nil, &fault{"GitUnreachable", err}
	}
	switch r.Standing {
	case pin.Merged:
		o.Deployment = &v1alpha1.Deployment{At: stamp(c.clock.Now()), Release: cmp.Or(s.state.Promotion.Spec.Release, s.candidate(a.Candidate).Spec.Chart),
			Namespace: s.environment(a.Environment).Namespace, Commit: r.Commit, PullRequest: r.PullRequest}
	case pin.Proposed:
		o.PullRequest = r.PullRequest
	default:
		o.Failed = fmt.Sprintf("pull request %s was closed", r.PullRequest)
	}
	return o, nil
}

// order is the pin of a candidate for an environment.
func (c *Controller) order(ctx context.Context, s *scene, a decide.Action) (*pin.Order, error) {
	p, candidate := s.state.Promotion, s.candidate(a.Candidate)
	o := &pin.Order{
		URL: p.Spec.Pins.URL, Branch: p.Spec.Pins.Branch, Path: p.Spec.Pins.Path, Environment: a.Environment, Local: c.options.Local,
		Pin: pin.Pin{Digest: candidate.Spec.Digest, Chart: candidate.Spec.Chart, Version: candidate.Spec.Version, Source: candidate.Spec.Source,
			Revision: candidate.Spec.Revision, Candidate: candidate.Name},
	}
	from := p.Spec.Pins.Secret
	if o.URL == "" && p.Spec.Source.Git != nil {
		o.URL = p.Spec.Source.Git.URL
		if from == nil {
			from = p.Spec.Source.Secret
		}
	}
	if o.URL == "" {
		return nil, &fault{"PinsWrong", errors.New("spec.pins names no url, and the source is no git repository")}
	}
	var err error
	if from != nil {
		if o.Credentials, err = c.secret(ctx, s.Namespace, from.Name); err != nil {
			return nil, err
		}
	}
	if k := p.Spec.Pins.SigningKey; k != nil {
		if o.SigningKey, err = c.secretKey(ctx, s.Namespace, *k, "key"); err != nil {
			return nil, err
		}
	}
	if r := p.Spec.Pins.PullRequest; r != nil {
		token, err := c.secretKey(ctx, s.Namespace, r.Token, "token")
		if err != nil {
			return nil, err
		}
		o.Forge = &pin.Forge{Kind: r.Forge, API: r.API, Token: string(token)}
	}
	if e := s.entry(a.Place); e != nil {
		o.Evidence = pin.Evidence(e.Gates, e.Approvals)
		o.Since = e.Since.Time
		for _, h := range e.History {
			if h.Reason == string(v1alpha1.Deploying) {
				o.Since = h.At.Time
			}
		}
	}
	return o, nil
}
