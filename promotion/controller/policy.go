package controller

import (
	"context"
	"fmt"
	"slices"
	"sync"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/policies"
)

func policyObject() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(policies.Kind))
	return u
}

// A policyBook has the policies of the cluster, each at the last generation that
// compiled.
type policyBook struct {
	mu  sync.Mutex
	all map[types.UID]*policies.Policy
	// version is another one when the policies are others.
	version int
}

// readPolicies compiles the policies of the cluster. What was linted under others
// is linted anew.
func (c *Controller) readPolicies(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(policies.Kind + "List"))
	if err := c.client.List(ctx, list); err != nil {
		return reconcile.Result{}, fmt.Errorf("list policies: %w", err)
	}
	if !c.policies.update(list.Items, func(name, problem string) {
		c.log.Warn("policy does not compile, so its last generation that did is linted by, if there is one", "policy", name, "problem", problem)
	}) {
		return reconcile.Result{}, nil
	}
	var promotions v1alpha1.PromotionList
	if err := c.client.List(ctx, &promotions); err != nil {
		return reconcile.Result{}, fmt.Errorf("list promotions: %w", err)
	}
	for i := range promotions.Items {
		c.wakes.now(client.ObjectKeyFromObject(&promotions.Items[i]))
	}
	return reconcile.Result{}, nil
}

func (b *policyBook) update(items []unstructured.Unstructured, broken func(name, problem string)) (changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := map[types.UID]*policies.Policy{}
	for i := range items {
		u := items[i].DeepCopy()
		was := b.all[u.GetUID()]
		if was != nil && was.Generation == u.GetGeneration() {
			next[u.GetUID()] = was
			continue
		}
		u.SetManagedFields(nil)
		unstructured.RemoveNestedField(u.Object, "status")
		text, err := u.MarshalJSON()
		if err != nil {
			broken(u.GetName(), err.Error())
			continue
		}
		p, problems := policies.FromObject(manifest.ParseJSON(source.NewFile("", text)).Root)
		switch {
		case p != nil:
			next[u.GetUID()], changed = p, true
		case was != nil:
			next[u.GetUID()] = was
		}
		if len(problems) > 0 {
			broken(u.GetName(), problems[0].Message)
		}
	}
	changed = changed || len(next) != len(b.all)
	if changed {
		b.all = next
		b.version++
	}
	return changed
}

func (b *policyBook) list() (all []*policies.Policy, version int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.all {
		all = append(all, p)
	}
	slices.SortFunc(all, func(x, y *policies.Policy) int { return compare(x.Name, y.Name) })
	return all, b.version
}

// policiesFor are those that hold in an environment: the policies of the
// cluster that are for it, and those that come with tiphys and environment.yaml
// names. One that it names and nobody has is an error of its own.
func (c *Controller) policiesFor(ctx context.Context, t *target) func(*environment.Environment, string) lint.Policies {
	return func(e *environment.Environment, namespace string) lint.Policies {
		all, _ := c.policies.list()
		var missing []string
		for _, name := range e.Policies {
			if slices.ContainsFunc(all, func(p *policies.Policy) bool { return p.Name == name }) {
				continue
			}
			file := policies.Shipped(name)
			if file == nil {
				missing = append(missing, name)
				continue
			}
			shipped, _ := policies.Parse(file)
			all = append(all, shipped...)
		}
		r := policies.Request{Context: ctx, Operation: "CREATE", Namespace: namespace, Now: c.clock.Now(),
			User: policies.User{Name: t.config.Impersonate.UserName, Groups: groups(t.config.Impersonate.UserName)}}
		if t.cluster == "" {
			var ns core.Namespace
			if err := c.direct.Get(ctx, types.NamespacedName{Name: namespace}, &ns); err == nil {
				r.NamespaceLabels, r.NamespaceKnown = ns.Labels, true
			}
		}
		held := policies.NewSet(all, policies.Options{Now: c.clock.Now()}).For(r)
		if len(missing) == 0 {
			return held
		}
		return &lacking{held, missing}
	}
}

// lacking adds that policies are wanted that are not there.
type lacking struct {
	lint.Policies
	names []string
}

// Terms implements lint.Policies.
func (l *lacking) Terms(o *manifest.Node) *lint.Terms {
	var out lint.Terms
	if t := l.Policies.Terms(o); t != nil {
		out = *t
		out.Extra = slices.Clone(t.Extra)
	}
	for _, name := range l.names {
		rule := &lint.Rule{Name: "policy-unknown", Severity: lint.Error, Object: func(pass *lint.Pass) {
			pass.Report(lint.Finding{Message: fmt.Sprintf("environment.yaml names policy %q, which is neither a WorkflowPolicy of the cluster nor comes with tiphys", name)})
		}}
		out.Extra = append(out.Extra, lint.Extra{Rule: rule, Setting: lint.Setting{Policy: name, Severity: lint.Error}})
	}
	return &out
}
