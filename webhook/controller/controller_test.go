package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/controller"
	"github.com/tiphys-dev/tiphys/webhook/webhooktest"
	"github.com/tiphys-dev/tiphys/webhook/world"
)

// A bench is a namespace, and what tests do in it.
type bench struct {
	config    *rest.Config
	objects   dynamic.Interface
	core      *kubernetes.Clientset
	namespace string
}

func newBench(t *testing.T, api *cluster.Cluster) *bench {
	t.Helper()
	config := api.Config(t)
	config.QPS = -1
	b := &bench{config, dynamic.NewForConfigOrDie(config), kubernetes.NewForConfigOrDie(config), cluster.NamespaceName()}
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: b.namespace}}
	if _, err := b.core.CoreV1().Namespaces().Create(t.Context(), n, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return b
}

// run runs a controller with its world until the test is over, or stop is called.
func (b *bench) run(t *testing.T, o controller.Options) (c *controller.Controller, stop func()) {
	t.Helper()
	if o.Config == nil {
		o.Config = b.config
	}
	w, err := world.New(o.Config, world.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o.Namespace, o.World, o.Settle = b.namespace, w, 50*time.Millisecond
	o.State.Rules = rules.All()
	c, err = controller.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go w.Run(ctx)
	go func() { ended <- c.Run(ctx) }()
	stop = func() {
		if cancel == nil {
			return
		}
		cancel()
		cancel = nil
		if err := <-ended; err != nil {
			t.Errorf("the controller ended: %v", err)
		}
	}
	t.Cleanup(stop)
	cluster.Until(t, func() error { return errors.Join(w.Ready(), c.Ready()) })
	return c, stop
}

var policyResource = schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: "workflowpolicies"}

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		err = json.Unmarshal(asJSON, &u.Object)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// policy creates or replaces the policy of the namespace, which is for it alone.
func (b *bench) policy(t *testing.T, spec string) (generation int64) {
	t.Helper()
	u := object(t, fmt.Sprintf("apiVersion: tiphys.dev/v1alpha1\nkind: WorkflowPolicy\nmetadata: {name: %s}\nspec: %s", b.namespace, spec))
	if _, ok, _ := unstructured.NestedMap(u.Object, "spec", "match"); !ok {
		if err := unstructured.SetNestedStringSlice(u.Object, []string{b.namespace}, "spec", "match", "namespaces"); err != nil {
			t.Fatal(err)
		}
	}
	out, err := b.objects.Resource(policyResource).Apply(t.Context(), b.namespace, u, metav1.ApplyOptions{FieldManager: "test", Force: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = b.objects.Resource(policyResource).Delete(context.Background(), b.namespace, metav1.DeleteOptions{})
	})
	return out.GetGeneration()
}

// status waits until the status of the policy is as ok wants it.
func (b *bench) status(t *testing.T, ok func(*v1alpha1.WorkflowPolicyStatus) error) *v1alpha1.WorkflowPolicyStatus {
	t.Helper()
	var p v1alpha1.WorkflowPolicy
	cluster.Until(t, func() error {
		u, err := b.objects.Resource(policyResource).Get(t.Context(), b.namespace, metav1.GetOptions{})
		if err != nil {
			return err
		}
		p = v1alpha1.WorkflowPolicy{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &p); err != nil {
			return err
		}
		return ok(&p.Status)
	})
	return &p.Status
}

// ready wants a condition Ready of one status for a generation.
func ready(generation int64, reason string) func(*v1alpha1.WorkflowPolicyStatus) error {
	return func(s *v1alpha1.WorkflowPolicyStatus) error {
		c := meta.FindStatusCondition(s.Conditions, "Ready")
		if c == nil || c.Reason != reason || c.ObservedGeneration != generation || s.ObservedGeneration != generation {
			return fmt.Errorf("the status of generation %d is %+v", generation, s)
		}
		return nil
	}
}

// suspended is a workflow that is fine but for what tests want of it.
const suspended = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec: {entrypoint: a, templates: [{name: a, container: {image: a:1}}]}"

// review asks for the verdict about a workflow in the namespace.
func (b *bench) review(t *testing.T, c *controller.Controller) webhook.Response {
	t.Helper()
	body := webhooktest.Request{Object: suspended, Namespace: b.namespace}.Body()
	r, err := webhook.Review(t.Context(), webhook.Validate, body, c.State())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (b *bench) verdict(t *testing.T, c *controller.Controller, allowed bool, text string) {
	t.Helper()
	cluster.Until(t, func() error {
		r := b.review(t, c)
		if all := r.Message + strings.Join(r.Warnings, "\n"); r.Allowed != allowed || !strings.Contains(all, text) {
			return fmt.Errorf("allowed is %v: %s", r.Allowed, all)
		}
		return nil
	})
}

const (
	strict = "{rules: {deadline-missing: deny}}"
	broken = "{rules: {deadline-mising: deny}}"
)

func TestController(t *testing.T) {
	api := cluster.Start(t)
	api.InstallCRDs(t)
	for name, f := range map[string]func(*testing.T, *bench){
		"a policy is compiled, broken, mended and deleted": lifecycle,
		"a broken policy after a restart":                  restart,
		"a broken policy that cannot tell what it is for":  everywhere,
		"an audit": audit,
		"a policy deleted while a request is under way":        underway,
		"one of two replicas leads, and then the other":        election,
		"the API server is gone for longer than a lease lasts": func(t *testing.T, b *bench) { gone(t, b, api) },
	} {
		t.Run(name, func(t *testing.T) { f(t, newBench(t, api)) })
	}
}

func lifecycle(t *testing.T, b *bench) {
	c, _ := b.run(t, controller.Options{Alone: true})
	b.verdict(t, c, true, "")
	first := b.policy(t, strict)
	b.verdict(t, c, false, "deadline-missing, policy "+b.namespace)
	b.status(t, ready(first, "Enforced"))

	second := b.policy(t, broken)
	s := b.status(t, ready(second, "PreviousEnforced"))
	if s.ActiveGeneration != first {
		t.Errorf("the generation that is enforced is %d, not %d", s.ActiveGeneration, first)
	}
	compiled := meta.FindStatusCondition(s.Conditions, "Compiled")
	if compiled.Status != metav1.ConditionFalse || !strings.Contains(compiled.Message, `did you mean "deadline-missing"?`) {
		t.Errorf("the condition is %+v", compiled)
	}
	b.verdict(t, c, false, "deadline-missing")
	b.events(t, "NotCompiled", 1)

	third := b.policy(t, "{rules: {deadline-missing: warn}}")
	b.status(t, ready(third, "Enforced"))
	b.verdict(t, c, true, "deadline-missing")
	if err := b.objects.Resource(policyResource).Delete(t.Context(), b.namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	cluster.Until(t, func() error {
		if r := b.review(t, c); strings.Contains(strings.Join(r.Warnings, ""), b.namespace) {
			return errors.New("the policy speaks on")
		}
		return nil
	})
}

// events waits until so many Events of a reason are about the policy.
func (b *bench) events(t *testing.T, reason string, want int) {
	t.Helper()
	cluster.Until(t, func() error {
		list, err := b.core.EventsV1().Events("").List(t.Context(), metav1.ListOptions{FieldSelector: "reason=" + reason})
		if err != nil {
			return err
		}
		n := 0
		for _, e := range list.Items {
			if e.Regarding.Name == b.namespace || e.Regarding.Namespace == b.namespace {
				n++
			}
		}
		if n != want {
			return fmt.Errorf("%d Events say %s", n, reason)
		}
		return nil
	})
}

func restart(t *testing.T, b *bench) {
	generation := b.policy(t, broken)
	c, _ := b.run(t, controller.Options{Alone: true})
	b.verdict(t, c, false, fmt.Sprintf("policy %q cannot be enforced", b.namespace))
	b.status(t, ready(generation, "FailureEnforced"))
	elsewhere := webhooktest.Request{Object: suspended, Namespace: "elsewhere"}.Body()
	if r, err := webhook.Review(t.Context(), webhook.Validate, elsewhere, c.State()); err != nil || !r.Allowed {
		t.Errorf("an object that the policy is not for: %+v, %v", r, err)
	}
	b.policy(t, `{modules: [{name: a, rego: "package a\n\ndeny contains input.spce.x"}]}`)
	b.status(t, func(s *v1alpha1.WorkflowPolicyStatus) error {
		if m := meta.FindStatusCondition(s.Conditions, "Compiled").Message; !strings.Contains(m, "module a, line 3, column 15: ") {
			return fmt.Errorf("it does not tell the place: %s", m)
		}
		return nil
	})
	generation = b.policy(t, "{rules: {deadline-mising: deny}, failurePolicy: Ignore}")
	b.status(t, ready(generation, "NotEnforced"))
	b.verdict(t, c, true, "cannot be enforced")
	generation = b.policy(t, strict)
	b.status(t, ready(generation, "Enforced"))
	b.verdict(t, c, false, "deadline-missing")
	b.status(t, func(s *v1alpha1.WorkflowPolicyStatus) error {
		if s.LastAudit == nil || s.Objects == nil || s.Violations == nil || *s.Violations != 0 {
			return fmt.Errorf("an audit that finds nothing does not say so: %+v", s)
		}
		return nil
	})
}

func everywhere(t *testing.T, b *bench) {
	b.policy(t, "{match: {namespaces: ['a*b']}}")
	c, _ := b.run(t, controller.Options{Alone: true})
	b.verdict(t, c, false, "cannot be enforced")
}

func (b *bench) create(t *testing.T, name string) {
	t.Helper()
	u := object(t, suspended)
	u.SetName(name)
	r := b.objects.Resource(schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}).Namespace(b.namespace)
	if _, err := r.Create(t.Context(), u, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func audit(t *testing.T, b *bench) {
	for i := range 7 {
		b.create(t, fmt.Sprint("w", i))
	}
	day := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	var now atomic.Pointer[time.Time]
	now.Store(&day)
	b.policy(t, `{rules: {deadline-missing: deny}, waivers: [
		{rule: deadline-missing, match: {names: [w1]}, reason: r, until: 2026-05-20},
		{rule: dag-cycle, reason: r, until: 2026-06-01},
		{rule: deadline-missing, match: {names: [w2]}, reason: r, until: 2026-05-19}]}`)
	c, _ := b.run(t, controller.Options{Alone: true, Audit: 300 * time.Millisecond, Now: func() time.Time { return *now.Load() }})
	b.status(t, func(s *v1alpha1.WorkflowPolicyStatus) error {
		if s.LastAudit == nil || *s.Objects != 7 || *s.Violations != 6 || len(s.Rules) != 1 || len(s.Waivers) != 3 {
			return fmt.Errorf("the status is %+v", s)
		}
		if r := s.Rules[0]; r.Rule != "deadline-missing" || r.Enforcement != v1alpha1.Deny || r.Count != 6 || len(r.First) != 5 || r.First[0].Namespace != b.namespace {
			return fmt.Errorf("the rule is %+v", r)
		}
		for i, want := range []string{"Active", "Unused", "Expired"} {
			if s.Waivers[i].State != want {
				return fmt.Errorf("waiver %d is %+v", i, s.Waivers[i])
			}
		}
		return nil
	})
	if a := c.Audit(); a == nil || a.Objects < 7 || len(a.Unread) > 0 {
		t.Errorf("the audit is %+v", a)
	}
	b.events(t, "PolicyViolated", 0) // what was there before is in the status
	b.create(t, "later")
	b.events(t, "PolicyViolated", 1)

	waived := webhooktest.Request{Object: strings.Replace(suspended, "{name: w}", "{name: w1}", 1), Namespace: b.namespace}.Body()
	if r, err := webhook.Review(t.Context(), webhook.Validate, waived, c.State()); err != nil || !r.Allowed {
		t.Errorf("on the last day of its waiver: %+v, %v", r, err)
	}
	midnight := day.Add(12 * time.Hour)
	now.Store(&midnight)
	if r, err := webhook.Review(t.Context(), webhook.Validate, waived, c.State()); err != nil || r.Allowed {
		t.Errorf("after the last day of its waiver: %+v, %v", r, err)
	}
	b.status(t, func(s *v1alpha1.WorkflowPolicyStatus) error {
		if s.Waivers[0].State != "Expired" || *s.Violations != 8 {
			return fmt.Errorf("after midnight, the status is %+v", s)
		}
		return nil
	})
	b.events(t, "WaiverExpired", 2) // one was over from the beginning
}

// underway takes a State as a request does, and then the policy goes.
func underway(t *testing.T, b *bench) {
	c, _ := b.run(t, controller.Options{Alone: true})
	b.policy(t, strict)
	b.verdict(t, c, false, "deadline-missing")
	state := c.State()
	if err := b.objects.Resource(policyResource).Delete(t.Context(), b.namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	cluster.Until(t, func() error {
		if c.State() == state {
			return errors.New("the State is the same")
		}
		return nil
	})
	body := webhooktest.Request{Object: suspended, Namespace: b.namespace}.Body()
	if r, err := webhook.Review(t.Context(), webhook.Validate, body, state); err != nil || r.Allowed {
		t.Errorf("a request that has begun ends with other policies: %+v, %v", r, err)
	}
}

func election(t *testing.T, b *bench) {
	o := controller.Options{Lease: 2 * time.Second}
	one, stop := b.run(t, o)
	generation := b.policy(t, strict)
	b.status(t, ready(generation, "Enforced"))
	two, _ := b.run(t, o)
	b.verdict(t, two, false, "deadline-missing")
	cluster.Until(t, func() error {
		if one.Audit() == nil {
			return errors.New("nobody audits")
		}
		return nil
	})
	if two.Audit() != nil {
		t.Error("both replicas lead")
	}
	stop()
	generation = b.policy(t, broken)
	b.status(t, ready(generation, "PreviousEnforced"))
}

// gone cuts the API server off until the lease is lost: reviews go on, and when
// it is back, so does the rest.
func gone(t *testing.T, b *bench, api *cluster.Cluster) {
	proxy := api.Proxy(t)
	c, _ := b.run(t, controller.Options{Config: proxy.Through(b.config), Lease: 2 * time.Second})
	generation := b.policy(t, strict)
	b.status(t, ready(generation, "Enforced"))
	led := func() error {
		if c.Audit() == nil {
			return errors.New("it does not lead")
		}
		return nil
	}
	cluster.Until(t, led)
	proxy.Cut()
	cluster.Until(t, func() error {
		if led() == nil {
			return errors.New("it still leads")
		}
		return nil
	})
	b.verdict(t, c, false, "deadline-missing")
	generation = b.policy(t, "{rules: {deadline-missing: warn}}")
	proxy.Pass()
	b.status(t, ready(generation, "Enforced"))
	b.verdict(t, c, true, "deadline-missing")
	cluster.Until(t, led)
}
