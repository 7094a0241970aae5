package controller

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// The conditions of a policy, and their reasons.
const (
	conditionCompiled = "Compiled"
	conditionReady    = "Ready"

	reasonCompiled = "Compiled"
	reasonBroken   = "NotCompiled"
	reasonPrevious = "PreviousEnforced" // the last generation that compiled is enforced
	reasonStrict   = "FailureEnforced"  // what the policy may be for is denied
	reasonLenient  = "NotEnforced"      // what the policy may be for is let through with a warning
	reasonEnforced = "Enforced"
)

// writeStatus gathers what is known of one policy, works out its status and
// writes it if it is another than before.
func (t *term) writeStatus(ctx context.Context, q reconcile.Request) (reconcile.Result, error) {
	u := policy()
	if err := t.manager.GetCache().Get(ctx, q.NamespacedName, u); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	e := t.catalog.get(q.Name)
	if e == nil || e.uid != u.GetUID() || e.generation < u.GetGeneration() {
		return reconcile.Result{}, nil // whoever compiles it wakes us
	}
	before, err := statusOf(u)
	if err != nil {
		return reconcile.Result{}, err
	}
	after := e.status(before, t.Audit(), metav1.NewTime(t.options.Now()))
	if equality.Semantic.DeepEqual(before, after) {
		return reconcile.Result{}, nil
	}
	if err := t.apply(ctx, e, after); err != nil {
		return reconcile.Result{}, fmt.Errorf("write the status of policy %s: %w", e.name, err)
	}
	// The cache may be behind what was written last, and told of.
	if last, ok := t.written[u.GetUID()]; ok {
		before = last
	}
	t.written[u.GetUID()] = after
	t.tellPolicy(u, before, after)
	return reconcile.Result{}, nil
}

func statusOf(u *unstructured.Unstructured) (s v1alpha1.WorkflowPolicyStatus, err error) {
	part, _, err := unstructured.NestedMap(u.Object, "status")
	if err == nil {
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(part, &s)
	}
	if err != nil {
		return s, fmt.Errorf("read the status of policy %s: %w", u.GetName(), err)
	}
	return s, nil
}

// apply writes a status by server-side apply.
func (t *term) apply(ctx context.Context, e *entry, s v1alpha1.WorkflowPolicyStatus) error {
	part, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&s)
	if err != nil {
		return err
	}
	u := policy()
	u.SetName(e.name)
	u.SetUID(e.uid) // never another object of the same name
	u.Object["status"] = part
	err = t.manager.GetClient().Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(Manager), client.ForceOwnership)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // it is gone, or another now: its own event comes
	}
	return err
}

// status is what has become of a policy. What no audit of this replica has
// looked at stays as it was.
func (e *entry) status(before v1alpha1.WorkflowPolicyStatus, a *Audit, now metav1.Time) v1alpha1.WorkflowPolicyStatus {
	s := *before.DeepCopy()
	s.ObservedGeneration, s.ActiveGeneration = e.generation, e.activeGeneration()
	compiled, ready := e.conditions()
	for _, one := range []metav1.Condition{compiled, ready} {
		one.ObservedGeneration, one.LastTransitionTime = e.generation, now
		meta.SetStatusCondition(&s.Conditions, one)
	}
	if a == nil || a.policies[e.name] == nil || a.policies[e.name].uid != e.uid {
		return s
	}
	t := a.policies[e.name]
	s.Objects, s.Violations, s.Rules, s.Waivers = new(t.objects), new(t.violations()), t.list(), t.waiverList()
	at := metav1.NewTime(a.At).Rfc3339Copy()
	s.LastAudit = &at
	return s
}

func (e *entry) conditions() (compiled, ready metav1.Condition) {
	compiled = metav1.Condition{Type: conditionCompiled, Status: metav1.ConditionTrue, Reason: reasonCompiled, Message: "the policy compiles"}
	ready = metav1.Condition{Type: conditionReady, Status: metav1.ConditionTrue, Reason: reasonEnforced, Message: "the policy is enforced"}
	if e.compiled() {
		return compiled, ready
	}
	compiled.Status, compiled.Reason, compiled.Message = metav1.ConditionFalse, reasonBroken, cut(e.mistakes(), 4000)
	ready.Status = metav1.ConditionFalse
	switch {
	case e.active != nil:
		ready.Reason, ready.Message = reasonPrevious, fmt.Sprintf("generation %d does not compile: generation %d is enforced instead", e.generation, e.active.Generation)
	case standIn(e).Ignore:
		ready.Reason, ready.Message = reasonLenient, "no generation compiles: with failurePolicy Ignore, all that the policy is for is let through with a warning"
	default:
		ready.Reason, ready.Message = reasonStrict, "no generation compiles: with failurePolicy Fail, all that the policy is for is denied"
	}
	return compiled, ready
}
