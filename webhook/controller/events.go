package controller

import (
	"fmt"
	"hash/fnv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint"
)

// Bounds of Events: of one audit, and of the objects that are remembered.
const (
	mostEvents = 50
	mostTold   = 20_000
	noteLength = 1000 // an API server takes 1024 bytes
)

// tellPolicy sends at most one Event for each of what has changed of a policy:
// that it compiles, how much violates it, and which waivers are over.
func (t *term) tellPolicy(u *unstructured.Unstructured, before, after v1alpha1.WorkflowPolicyStatus) {
	was, is := meta.FindStatusCondition(before.Conditions, conditionCompiled), meta.FindStatusCondition(after.Conditions, conditionCompiled)
	if was == nil || was.ObservedGeneration != is.ObservedGeneration || was.Status != is.Status {
		kind, ready := corev1.EventTypeNormal, meta.FindStatusCondition(after.Conditions, conditionReady)
		note := ready.Message
		if is.Status != metav1.ConditionTrue {
			kind, note = corev1.EventTypeWarning, is.Message+"; "+ready.Message
		}
		t.event(u, kind, is.Reason, "Compile", note)
	}
	if n, more := violations(after), violations(after)-violations(before); more > 0 {
		t.event(u, corev1.EventTypeWarning, "Violations", "Audit",
			fmt.Sprintf("violations: %d, %d more than before", n, more))
	}
	if all := expired(after); len(all) > len(expired(before)) {
		t.event(u, corev1.EventTypeWarning, "WaiverExpired", "Audit", "expired, so that what they covered counts again: waivers of "+strings.Join(all, ", "))
	}
}

// violations are those of the last audit, none before the first.
func violations(s v1alpha1.WorkflowPolicyStatus) int32 {
	if s.Violations == nil {
		return 0
	}
	return *s.Violations
}

// expired names the rules of the waivers that are over, and the last day of each.
func expired(s v1alpha1.WorkflowPolicyStatus) (all []string) {
	for _, w := range s.Waivers {
		if w.State == "Expired" {
			all = append(all, fmt.Sprintf("%s (until %s)", w.Rule, w.Until))
		}
	}
	return all
}

func (t *term) event(u *unstructured.Unstructured, kind, reason, action, note string) {
	if len(note) > noteLength {
		note = cut(note, noteLength/4)
	}
	t.manager.GetEventRecorder(Manager).Eventf(u, nil, kind, reason, action, "%s", note)
}

// objectEvents are the Events about objects that an audit leads to: one for
// each object that violates otherwise than at the audit before. The first audit
// of a process tells nothing: it does not know what was told already.
type objectEvents struct {
	first  bool
	before map[types.UID]uint64
	now    map[types.UID]uint64
	send   []objectEvent
	more   int
}

type objectEvent struct {
	object *unstructured.Unstructured
	note   string
}

func (t *term) told() objectEvents {
	t.audits.mu.Lock()
	defer t.audits.mu.Unlock()
	return objectEvents{first: t.audits.last == nil, before: t.audits.told, now: map[types.UID]uint64{}}
}

// see notes what was found of an object.
func (o *objectEvents) see(u *unstructured.Unstructured, findings []lint.Finding) {
	hash, count, first := fnv.New64a(), 0, ""
	for i := range findings {
		f := &findings[i]
		if f.Policy == "" || f.Severity < lint.Warning {
			continue
		}
		if count++; count == 1 {
			first = fmt.Sprintf("%s: %s [%s, policy %s]", f.Path, f.Message, f.Rule, f.Policy)
		}
		fmt.Fprintf(hash, "%s\x00%s\x00%s\x00%s\n", f.Rule, f.Policy, f.Path, f.Severity)
	}
	if count == 0 || len(o.now) >= mostTold {
		return
	}
	o.now[u.GetUID()] = hash.Sum64()
	if was, ok := o.before[u.GetUID()]; o.first || ok && was == hash.Sum64() {
		return
	}
	if len(o.send) == mostEvents {
		o.more++
		return
	}
	if count > 1 {
		first += fmt.Sprintf("; and %d more", count-1)
	}
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(u.GroupVersionKind())
	object.SetNamespace(u.GetNamespace())
	object.SetName(u.GetName())
	object.SetUID(u.GetUID())
	object.SetResourceVersion(u.GetResourceVersion())
	o.send = append(o.send, objectEvent{object, first})
}

func (t *term) tell(o *objectEvents) {
	for _, e := range o.send {
		t.event(e.object, corev1.EventTypeWarning, "PolicyViolated", "Audit", e.note)
	}
	if o.more > 0 {
		t.options.Log.Warn("more objects violate policies than Events are sent for", "sent", len(o.send), "more", o.more)
	}
}
