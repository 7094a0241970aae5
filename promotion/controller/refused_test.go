package controller_test

import (
	"fmt"
	"net"
	"strings"

	registration "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// configMaps are what a webhook or a policy of these tests is for.
var configMaps = registration.RuleWithOperations{
	Operations: []registration.OperationType{registration.Create, registration.Update},
	Rule:       registration.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
}

// try asks the API server whether it would take a ConfigMap in an environment.
func (b *bench) try(env, value string) error {
	m := &core.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "try-", Namespace: b.in(env)}, Data: map[string]string{"a": value}}
	return b.Create(b.Context(), m, client.DryRunAll)
}

// heeds waits until the API server heeds what admits ConfigMaps.
func (b *bench) heeds(env, value string, want bool) {
	b.Helper()
	cluster.Until(b, func() error {
		if err := b.try(env, value); (err == nil) != want {
			return fmt.Errorf("a ConfigMap in %s with %s: %v", env, value, err)
		}
		return nil
	})
}

// A webhook of the cluster that is down for a moment is no fault of a candidate.
func webhookDown(b *bench) {
	b.promotion("  - {name: dev, onFailure: rollback}\n  - {name: qa}\n")
	b.run(controller.Options{})
	b.summary("dev 1 Verified, qa 1 Verified")
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := nobody.Addr().String()
	nobody.Close()
	down := &registration.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: b.namespace}, Webhooks: []registration.ValidatingWebhook{{
		Name: "down.example.com", Rules: []registration.RuleWithOperations{configMaps}, FailurePolicy: ptr.To(registration.Fail),
		ClientConfig: registration.WebhookClientConfig{URL: ptr.To("https://" + address)}, AdmissionReviewVersions: []string{"v1"},
		SideEffects: ptr.To(registration.SideEffectClassNone), NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{core.LabelMetadataName: b.in("dev")}},
	}}}
	b.create(down)
	b.heeds("dev", "2", false)
	b.value("2")
	b.ask()
	cluster.Until(b, func() error {
		p := b.get()
		if c := meta.FindStatusCondition(p.Status.Conditions, "Ready"); c == nil || c.Reason != "WebhookUnreachable" || p.Status.BlockedBy != "dev/WebhookUnreachable" {
			return fmt.Errorf("it is blocked by %q: %s", p.Status.BlockedBy, conditions(p.Status.Conditions))
		}
		if n := b.newest("dev"); n < 5 {
			return fmt.Errorf("it was tried up to revision %d", n)
		}
		return nil
	})
	if n := b.revisions("dev"); n > 3 { // one is written before the one that it replaces is gone
		b.Errorf("while it is down history has %d revisions", n)
	}
	if e := b.candidate("2").Status.Environments[0]; e.Failed != nil || e.State != v1alpha1.Deploying || !strings.Contains(e.Message, "failed calling webhook") {
		b.Errorf("while it is down the candidate is %s: %s", e.State, e.Message)
	}
	if err := b.Delete(b.Context(), down); err != nil {
		b.Fatal(err)
	}
	b.summary("dev 2 Verified, qa 2 Verified")
	if n := b.revisions("dev"); n != 2 {
		b.Errorf("history has %d revisions of 2 packages", n)
	}
}

// newest is the number of the newest revision of Helm in an environment.
func (b *bench) newest(env string) (n int) {
	b.Helper()
	all, err := b.set.CoreV1().Secrets(b.in(env)).List(b.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range all.Items {
		var v int
		if _, err := fmt.Sscan(s.Labels["version"], &v); err == nil {
			n = max(n, v)
		}
	}
	return n
}

// What a policy denies is not tried again, until somebody asks for it.
func deniedThenAsked(b *bench) {
	b.promotion("  - {name: dev, onFailure: rollback}\n")
	b.run(controller.Options{})
	b.summary("dev 1 Verified")
	policy := &registration.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: b.namespace}, Spec: registration.ValidatingAdmissionPolicySpec{
		FailurePolicy:    ptr.To(registration.Fail),
		MatchConstraints: &registration.MatchResources{ResourceRules: []registration.NamedRuleWithOperations{{RuleWithOperations: configMaps}}},
		Validations:      []registration.Validation{{Expression: "object.data.a != '2'", Message: "no twos here"}},
	}}
	b.create(policy)
	b.create(&registration.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: b.namespace}, Spec: registration.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: policy.Name, ValidationActions: []registration.ValidationAction{registration.Deny},
		MatchResources: &registration.MatchResources{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{core.LabelMetadataName: b.in("dev")}}},
	}})
	b.heeds("dev", "2", false)
	b.value("2")
	b.ask()
	denied := func() error {
		one := b.candidate("2")
		if s := one.Status; s.State != v1alpha1.RolledBack || !strings.Contains(s.Environments[0].Message, "no twos here") {
			return fmt.Errorf("it is %s: %s", s.State, conditions(s.Conditions))
		}
		return nil
	}
	cluster.Until(b, denied)
	p := b.summary("dev 1 Verified")
	again := "tiphys promote etl --to dev --candidate " + b.candidate("2").Name
	if c := meta.FindStatusCondition(p.Status.Conditions, "Stalled"); c == nil || c.Status != metav1.ConditionTrue || !strings.Contains(c.Message, again) {
		b.Errorf("it does not say how to try again: %+v", c)
	}
	if err := b.Delete(b.Context(), policy); err != nil && !apierrors.IsNotFound(err) {
		b.Fatal(err)
	}
	b.heeds("dev", "2", true)
	b.ask()
	if err := denied(); err != nil {
		b.Error("it is tried again, and nobody asked for that:", err)
	}
	// What tiphys promote does.
	failed := b.candidate("2").Status.Environments[0].Failed
	b.edit(func(p *v1alpha1.Promotion) {
		p.Spec.Environments[0].Pin = &v1alpha1.Pin{Candidate: b.candidate("2").Name, At: metav1.NewTime(failed.Add(1e9))}
	})
	b.summary("dev 2 Verified")
	b.edit(func(p *v1alpha1.Promotion) { p.Spec.Environments[0].Pin = nil })
	b.value("3")
	b.ask()
	b.summary("dev 3 Verified")
}
