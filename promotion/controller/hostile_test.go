package controller_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/promotion/decide"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// TestHostile is about those who may do a part, and want more.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	api := cluster.Start(t)
	api.InstallCRDs(t)
	for name, test := range map[string]func(*bench){
		"runs that the account may not list are not shown": unseen,
		"a smoke run of another template does not count":   forged,
		"a chart that fails with a megabyte is recorded":   loud,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newBench(t, api))
		})
	}
}

// workflow makes one in an environment that went well.
func (b *bench) workflow(env, name, template string, labels map[string]string) {
	b.Helper()
	w := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": map[string]any{"workflowTemplateRef": map[string]any{"name": template}},
		"status": map[string]any{"phase": "Succeeded", "finishedAt": time.Now().UTC().Format(time.RFC3339)},
	}}
	w.SetName(name)
	w.SetLabels(labels)
	if _, err := dynamic.NewForConfigOrDie(b.config).Resource(workflows).Namespace(b.in(env)).Create(b.Context(), w, metav1.CreateOptions{}); err != nil {
		b.Fatal(err)
	}
}

func unseen(b *bench) {
	// It may deploy, and not list Workflows.
	b.create(&rbac.Role{ObjectMeta: metav1.ObjectMeta{Name: "deployer", Namespace: b.in("dev")}, Rules: []rbac.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets", "configmaps"}, Verbs: []string{"*"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"*"}},
	}})
	b.create(&rbac.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "deployer", Namespace: b.in("dev")}, RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "Role", Name: "deployer"},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: "deployer", Namespace: b.namespace}}})
	all := &rbac.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: b.namespace}}
	if err := b.Delete(b.Context(), all); err != nil {
		b.Fatal(err)
	}
	b.promotion("  - {name: dev, gates: [{runs: {template: others, count: 1}}]}\n")
	b.clock.SetTime(time.Now().Add(-time.Minute)) // so that the run is one of after the deployment
	b.run(controller.Options{})
	b.summary("dev 1 Verifying")
	b.workflow("dev", "private", "others", nil)
	cluster.Until(b, func() error {
		c := meta.FindStatusCondition(b.get().Status.Conditions, "Ready")
		if c == nil || c.Reason != "RunsUnseen" || !strings.Contains(c.Message, "may not list workflows.argoproj.io in namespace "+b.in("dev")) {
			return fmt.Errorf("it is %+v", c)
		}
		return nil
	})
	if e := b.candidate("1").Status.Environments[0]; e.State != v1alpha1.Verifying || len(e.Runs) != 0 {
		b.Errorf("it is %s, and shows the runs %v", e.State, e.Runs)
	}
	// Once it may, it is looked at again by itself.
	all = &rbac.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: b.namespace}, RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: "deployer", Namespace: b.namespace}}}
	b.create(all)
	cluster.Until(b, func() error {
		b.step(time.Minute)
		if s := b.candidate("1").Status.State; s != v1alpha1.Verified {
			return fmt.Errorf("it is %s", s)
		}
		return nil
	})
}

func forged(b *bench) {
	b.promotion("  - {name: dev, freeze: {reason: not yet}, gates: [{smoke: {template: smoke}}, {name: other, smoke: {template: smoke}}]}\n")
	stop := b.run(controller.Options{})
	b.waits("dev/freeze")
	stop()
	b.clock.SetTime(time.Now().Add(-time.Minute)) // so that runs are of after the deployment
	c := b.candidate("1")
	c.Status.Environments = []v1alpha1.CandidateEnvironment{{Name: "dev", Deployment: &v1alpha1.Deployment{Revision: 1}}}
	labels := func(gate string) map[string]string {
		return map[string]string{
			v1alpha1.NamespaceLabel: b.namespace, v1alpha1.PromotionLabel: "etl", v1alpha1.CandidateLabel: c.Name, v1alpha1.EnvironmentLabel: "dev",
			v1alpha1.GateLabel: gate, v1alpha1.AttemptLabel: "1", v1alpha1.RevisionLabel: "1",
		}
	}
	b.workflow("dev", "of-any-name", "smoke", labels("smoke"))
	b.workflow("dev", decide.RunName(c, "dev", "other", 1), "harmless", labels("other"))
	b.edit(func(p *v1alpha1.Promotion) { p.Spec.Environments[0].Freeze = nil })
	b.run(controller.Options{})
	cluster.Until(b, func() error {
		e := b.candidate("1").Status.Environments[0]
		if e.State != v1alpha1.Failed || !strings.Contains(e.Message, "another workflowTemplateRef than the gate") {
			return fmt.Errorf("it is %s: %s", e.State, e.Message)
		}
		return nil
	})
	e := b.candidate("1").Status.Environments[0]
	for _, r := range e.Runs {
		if r.Phase != "" {
			b.Errorf("a run that nobody ended is %+v", r)
		}
	}
}

func loud(b *bench) {
	b.push("shout", map[string]string{"etl/templates/loud.yaml": `{{ fail (repeat 1000000 "x ") }}` + "\n"})
	b.promotion("  - {name: dev, gates: [{lint: {}}]}\n")
	b.run(controller.Options{})
	b.waits("dev/lint")
	if g := b.candidate("1").Status.Environments[0].Gates[0]; g.Open || len(g.Message) > 2000 {
		b.Errorf("the gate is %v with %d bytes", g.Open, len(g.Message))
	}
}
