package controller_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/promotion/decide"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
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
		"a chart that tells its secrets is not repeated":   telltale,
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

// canary is a secret that is nowhere but where it belongs. As a name of a kind it
// is one that API servers quote.
const canary = "Canary-7Vq"

// telltale is a chart that has its secrets told in what goes wrong: by a template
// that fails, and by API servers that quote what they refuse.
func telltale(b *bench) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		b.Fatal(err)
	}
	c := exec.Command(testbin.Sops(b), "encrypt", "--age", key.Recipient().String(), "--filename-override", "secrets.yaml", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin")
	c.Dir = b.TempDir() // with no .sops.yaml above
	c.Stdin = strings.NewReader("password: " + canary + "\n")
	sealed, err := c.Output()
	if err != nil {
		b.Fatal(err)
	}
	var log bytes.Buffer
	stop := b.run(controller.Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	b.create(&core.Secret{ObjectMeta: metav1.ObjectMeta{Name: "keys", Namespace: b.namespace}, StringData: map[string]string{"age.txt": key.String()}})
	b.push("secrets", map[string]string{"environments/dev/secrets.yaml": string(sealed), "etl/values.yaml": "a: 1\npassword: ''\n"})
	b.promotion("  - {name: dev, gates: [{lint: {}}]}\n")
	b.edit(func(p *v1alpha1.Promotion) { p.Spec.Decryption = []core.LocalObjectReference{{Name: "keys"}} })
	secret := "apiVersion: v1\nkind: Secret\nmetadata:\n  name: warehouse\n"
	for i, text := range []string{
		"{{ fail .Values.password }}\n",
		"{{ fail (printf \"%q is bad\" (.Values.password | upper | lower | replace \"canary-7vq\" .Values.password)) }}\n",
		secret + "type: {{ .Values.password }}/x/y!\nstringData: {password: {{ .Values.password }}}\n",
		secret + "immutable: {{ .Values.password }}\n",
		secret + "{{ .Values.password }}: {{\n",
		"apiVersion: v1\nkind: {{ .Values.password }}\nmetadata: {name: x}\n",
	} {
		b.push(fmt.Sprint("try ", i), map[string]string{"etl/templates/telltale.yaml": text, "etl/values.yaml": fmt.Sprintf("a: %d\npassword: ''\n", i)})
		b.ask()
		cluster.Until(b, func() error {
			p := b.get()
			if p.Status.Source == nil || p.Status.Source.Revision != b.git("rev-parse", "HEAD") {
				return errors.New("it was not seen yet")
			}
			if p.Status.Source.Problem != "" {
				b.Logf("%d: %s", i, p.Status.Source.Problem)
				return nil
			}
			var one v1alpha1.Candidate
			if err := b.Get(b.Context(), client.ObjectKey{Namespace: b.namespace, Name: p.Status.Source.Candidate}, &one); err != nil {
				return err
			}
			if len(one.Status.Environments) == 0 || one.Status.State == v1alpha1.Deploying {
				return fmt.Errorf("%d: nothing became of it yet: %s", i, conditions(p.Status.Conditions))
			}
			b.Logf("%d: %s %s%s", i, one.Status.State, one.Status.Environments[0].Message, conditions(one.Status.Conditions))
			return nil
		})
	}
	stop()
	for _, of := range []client.ObjectList{&v1alpha1.PromotionList{}, &v1alpha1.CandidateList{}, &core.ConfigMapList{}, &core.EventList{}, &core.SecretList{}} {
		for _, namespace := range []string{b.namespace, b.in("dev")} {
			if err := b.List(b.Context(), of, client.InNamespace(namespace)); err != nil {
				b.Fatal(err)
			}
			if text, err := json.Marshal(of); err != nil || bytes.Contains(bytes.ToLower(text), []byte(strings.ToLower(canary))) {
				at := bytes.Index(bytes.ToLower(text), []byte(strings.ToLower(canary)))
				b.Errorf("%T in %s has the secret: %v: %s", of, namespace, err, text[max(0, at-300):min(len(text), at+100)])
			}
		}
	}
	if text := log.String(); strings.Contains(strings.ToLower(text), strings.ToLower(canary)) {
		at := strings.Index(strings.ToLower(text), strings.ToLower(canary))
		b.Errorf("the log has the secret: %s", text[max(0, at-300):min(len(text), at+100)])
	}
}
