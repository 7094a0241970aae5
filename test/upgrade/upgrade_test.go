package upgrade

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admission "k8s.io/api/admissionregistration/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// TestUpgrade has each helm upgrade what each older version left.
func TestUpgrade(t *testing.T) {
	if testing.Short() {
		t.Skip("starts API servers")
	}
	for _, v := range versions(t) {
		for name, helm := range map[string]func(testing.TB) string{"helm3": testbin.Helm3, "helm4": testbin.Helm4} {
			t.Run(v.name+"/"+name, func(t *testing.T) {
				s := newStage(t, helm(t))
				s.repository(filepath.Join(v.dir, "etl.bundle"), !v.promotes())
				s.load(v)
				before := s.stored(v)
				s.helmUpgrade(v)
				s.same("the upgrade", before, v)
				s.run(v, testbin.Webhook(t), testbin.Controller(t))
				s.certificate(v)
				s.policies()
				s.byHand(v)
				if v.promotes() {
					s.goOn()
				}
				s.downgrade(v)
			})
		}
	}
}

// load brings the API server to where it was with the old version: its kinds, as
// if its helm had made them, what is stored, and its release.
func (s *stage) load(v version) {
	s.Helper()
	s.crds(v)
	s.tryKubectl("", "create", "namespace", "tiphys")
	var last string
	uids := map[string]string{} // of now, by those of before
	all := v.objects(s, s.tree)
	for i, u := range all {
		if u.GetKind() == "Candidate" && last == "Candidate" {
			time.Sleep(1100 * time.Millisecond) // they are told apart by the second of their creation
		}
		last = u.GetKind()
		all[i] = s.create(u, uids)
	}
	for _, u := range all { // which names runs that were made after it
		if status := u.Object["status"]; status != nil && u.GroupVersionKind().Group == "tiphys.dev" {
			made, err := s.resource(u).Get(s.Context(), u.GetName(), metav1.GetOptions{})
			if err != nil {
				s.Fatal(err)
			}
			made.Object["status"] = renamed(s, status, uids)
			if _, err := s.resource(u).UpdateStatus(s.Context(), made, metav1.UpdateOptions{}); err != nil {
				s.Fatalf("status of %s %s: %v", u.GetKind(), u.GetName(), err)
			}
		}
	}
	s.helmInstall(v)
	// What the old webhook had made the API server trust.
	trust := s.trust()
	for _, kind := range []string{"validating", "mutating"} {
		text := s.kubectl("", "get", kind+"webhookconfiguration", "tiphys-webhook", "-o", "json")
		var o map[string]any
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			s.Fatal(err)
		}
		for _, w := range o["webhooks"].([]any) {
			w.(map[string]any)["clientConfig"].(map[string]any)["caBundle"] = base64.StdEncoding.EncodeToString(trust)
		}
		asJSON, err := json.Marshal(o)
		if err != nil {
			s.Fatal(err)
		}
		s.kubectl(string(asJSON), "replace", "-f", "-")
	}
}

// crds makes the kinds of a version as its chart does.
func (s *stage) crds(v version) {
	s.Helper()
	for _, c := range v.crds(s) {
		s.serve(c)
	}
}

// serve has the API server serve a kind that belongs to the release.
func (s *stage) serve(c *apiextensions.CustomResourceDefinition) {
	s.Helper()
	c.Labels = map[string]string{"app.kubernetes.io/managed-by": "Helm"}
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations["meta.helm.sh/release-name"], c.Annotations["meta.helm.sh/release-namespace"], c.Annotations["helm.sh/resource-policy"] = "tiphys", "tiphys", "keep"
	text, err := yaml.Marshal(c)
	if err != nil {
		s.Fatal(err)
	}
	s.kubectl(string(text), "apply", "--server-side", "--force-conflicts", "-f", "-")
	s.kubectl("", "wait", "--for=condition=Established", "--timeout=30s", "crd/"+c.Name)
}

// resources are where each kind is, by kind.
func (s *stage) resource(u *unstructured.Unstructured) dynamic.ResourceInterface {
	gvk := u.GroupVersionKind()
	plural := strings.ToLower(gvk.Kind) + "s"
	if strings.HasSuffix(plural, "ys") {
		plural = strings.TrimSuffix(plural, "ys") + "ies"
	}
	objects := s.objects
	if user, _, _ := unstructured.NestedString(u.Object, "spec", "by", "user"); user != "" { // an Approval is by who makes it
		config := rest.CopyConfig(s.config)
		config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:masters"}}
		objects = dynamic.NewForConfigOrDie(config)
	}
	of := objects.Resource(schema.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: plural})
	if u.GetNamespace() == "" {
		return of
	}
	return of.Namespace(u.GetNamespace())
}

// create makes an object, in which others are named by what their UID is now. It
// returns the object as it was to be.
func (s *stage) create(u *unstructured.Unstructured, uids map[string]string) *unstructured.Unstructured {
	s.Helper()
	was := string(u.GetUID())
	u.SetUID("")
	u.SetCreationTimestamp(metav1.Time{})
	u.Object = renamed(s, u.Object, uids).(map[string]any)
	made, err := s.resource(u).Create(s.Context(), u, metav1.CreateOptions{})
	if err != nil {
		s.Fatalf("%s %s: %v", u.GetKind(), u.GetName(), err)
	}
	uids[was] = string(made.GetUID())
	return u
}

// renamed is a copy of a value with other UIDs in it.
func renamed(t testing.TB, value any, uids map[string]string) (out any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	for was, is := range uids {
		if was != "" {
			text = bytes.ReplaceAll(text, []byte(was), []byte(is))
		}
	}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// stored reads back all that the version left, without what the API server adds.
func (s *stage) stored(v version) map[string]map[string]any {
	s.Helper()
	all := map[string]map[string]any{}
	for _, u := range v.objects(s, s.tree) {
		got, err := s.resource(u).Get(s.Context(), u.GetName(), metav1.GetOptions{})
		if err != nil {
			s.Fatalf("%s %s: %v", u.GetKind(), u.GetName(), err)
		}
		delete(got.Object, "metadata")
		all[fmt.Sprintf("%s %s/%s", u.GetKind(), u.GetNamespace(), u.GetName())] = got.Object
	}
	return all
}

// same fails where something that is stored is another one after something was
// done.
func (s *stage) same(what string, before map[string]map[string]any, v version) {
	s.Helper()
	if diff := cmp.Diff(before, s.stored(v)); diff != "" {
		s.Errorf("%s has changed what is stored (-before +after):\n%s", what, diff)
	}
}

// helmUpgrade puts the chart of now over what is installed.
func (s *stage) helmUpgrade(v version) {
	s.Helper()
	args := append([]string{"--kubeconfig", s.api.Kubeconfig, "upgrade", "tiphys", filepath.Join(testbin.Root(), "charts", "tiphys"), "--namespace", "tiphys"}, v.values()...)
	run(s, "", nil, nil, s.helm, args...)
}

// trust is the certificate of the authority that the old webhook made.
func (s *stage) trust() []byte {
	s.Helper()
	set := kubernetes.NewForConfigOrDie(s.config)
	secret, err := set.CoreV1().Secrets("tiphys").Get(s.Context(), "tiphys-webhook-certificate", metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	return secret.Data["ca.crt"]
}

// certificate: the authority goes on, so API servers trust the new replicas from
// the first moment.
func (s *stage) certificate(v version) {
	s.Helper()
	old := base64.StdEncoding.EncodeToString(s.trust())
	kept := false
	for _, u := range v.objects(s, s.tree) {
		if u.GetName() == "tiphys-webhook-certificate" {
			text, _, _ := unstructured.NestedString(u.Object, "data", "ca.crt")
			kept = text == old
		}
	}
	if !kept {
		s.Error("there is another authority after the upgrade")
	}
	set := kubernetes.NewForConfigOrDie(s.config)
	var all *admission.ValidatingWebhookConfiguration
	cluster.Until(s, func() (err error) {
		if all, err = set.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(s.Context(), "tiphys-webhook", metav1.GetOptions{}); err != nil {
			return err
		}
		for _, w := range all.Webhooks {
			if base64.StdEncoding.EncodeToString(w.ClientConfig.CABundle) != old {
				return fmt.Errorf("webhook %s does not trust the authority", w.Name)
			}
		}
		return nil
	})
}

// policies of before hold: rules, defaults, and a limit whose only slot is taken.
func (s *stage) policies() {
	s.Helper()
	cluster.Until(s, func() error { return s.denied("data") })
	flow := "apiVersion: argoproj.io/v1alpha1\nkind: %s\nmetadata: {name: second, namespace: data}\nspec: {entrypoint: main, activeDeadlineSeconds: 60, templates: [{name: main, container: {image: \"busybox:1.37.0\", command: [sh]}}]}"
	out, err := s.tryKubectl(fmt.Sprintf(flow, "Workflow"), "create", "-f", "-")
	if err == nil || !strings.Contains(out, `"first" is not over`) {
		s.Errorf("a second run: %s", out)
	}
	out, err = s.tryKubectl(fmt.Sprintf(flow, "WorkflowTemplate"), "create", "--dry-run=server", "-o", "jsonpath={.metadata.labels.team} {.spec.ttlStrategy.secondsAfterCompletion}", "-f", "-")
	if err != nil || !strings.HasSuffix(out, "data 86400") {
		s.Errorf("the defaults are not written: %s", out)
	}
	for _, name := range []string{"strict", "filled", "one-night"} {
		cluster.Until(s, func() error {
			return s.holds("workflowpolicies", "", name, `status.conditions[?(@.type=="Ready")].status`, "True")
		})
	}
}

// byHand goes on with a release that the old tiphys has deployed.
func (s *stage) byHand(v version) {
	s.Helper()
	tiphys := func(args ...string) string {
		s.Helper()
		return run(s, s.tree, s.environ(), nil, testbin.Tiphys(s), args...)
	}
	history := s.history("data-hand", "etl")
	if len(history) != 2 || history[1].Status != "deployed" || history[0].Status != "superseded" || history[1].Digest == "" {
		s.Errorf("the history is %+v", history)
	}
	write(s, filepath.Join(s.tree, "environments/hand/etl/values.yaml"), "note: second\n")
	if out := tiphys("diff", "charts/etl", "-e", "hand"); !strings.Contains(out, "0 to create, 0 to change, 0 to remove") {
		s.Errorf("nothing has changed, but tiphys diff says:\n%s", out)
	}
	tiphys("rollback", "charts/etl", "1", "-e", "hand")
	if got := s.note("data-hand", "smoke"); got != "first" {
		s.Errorf("after the rollback it is %q", got)
	}
	if got := s.kubectl("", "get", "secret", "warehouse", "-n", "data-hand", "-o", "jsonpath={.data.password}"); got != base64.StdEncoding.EncodeToString([]byte("of-hand")) {
		s.Errorf("after the rollback the Secret holds %q", got)
	}
	write(s, filepath.Join(s.tree, "environments/hand/etl/values.yaml"), "note: third\n")
	tiphys("upgrade", "charts/etl", "-e", "hand")
	if got := s.note("data-hand", "smoke"); got != "third" {
		s.Errorf("after an upgrade it is %q", got)
	}
	tiphys("status", "charts/etl", "-e", "hand")
	if out := run(s, "", []string{"KUBECONFIG=" + s.api.Kubeconfig}, nil, s.helm, "history", "etl", "-n", "data-hand"); strings.Count(out, "superseded") != 3 || strings.Count(out, "deployed") != 1 {
		s.Errorf("helm says:\n%s", out)
	}
	if err := os.Remove(filepath.Join(s.tree, "environments/hand/etl/values.yaml")); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) history(space, name string) []release.Revision {
	s.Helper()
	all, err := release.OpenConfig(s.config, space).History(s.Context(), name)
	if err != nil {
		s.Fatal(err)
	}
	return all
}

func (s *stage) note(space, template string) string {
	s.Helper()
	return s.kubectl("", "get", "workflowtemplate", template, "-n", space, "-o", "jsonpath={.metadata.labels.note}")
}

// goOn has promotions that were under way come to their end, with no candidate
// deployed twice.
func (s *stage) goOn() {
	s.Helper()
	cluster.Until(s, func() error { return s.at("etl", "dev Verified, qa Verified, prod Verified", "prod/approval") })
	if got := s.note("data-prod", "smoke"); got != "first" {
		s.Errorf("prod runs %q before it is approved", got)
	}
	s.approve("etl")
	s.engine("features")
	cluster.Until(s, func() error {
		if err := s.at("etl", "dev Verified, qa Verified, prod Verified", ""); err != nil {
			return err
		}
		return s.at("features", "dev Verified, qa Verified", "")
	})
	for _, one := range []struct {
		space, name string
		count       int
	}{{"data-dev", "etl", 2}, {"data-qa", "etl", 2}, {"data-prod", "etl", 2}, {"data-dev", "features", 1}, {"data-qa", "features", 1}} {
		if all := s.history(one.space, one.name); len(all) != one.count || all[len(all)-1].Status != "deployed" {
			s.Errorf("%s in %s has the revisions %+v", one.name, one.space, all)
		}
	}
	if got := s.note("data-prod", "smoke"); got != "second" {
		s.Errorf("prod runs %q", got)
	}
	for promotion, count := range map[string]int{"etl": 2, "features": 1} {
		runs, err := s.objects.Resource(workflows).List(s.Context(), metav1.ListOptions{LabelSelector: "tiphys.dev/promotion=" + promotion})
		if err != nil || len(runs.Items) != count {
			s.Errorf("%s had %d smoke runs, not %d: %v", promotion, len(runs.Items), count, err)
		}
	}
	// And what comes next does, too.
	s.push("third")
	s.engine("etl")
	cluster.Until(s, func() error {
		if got := s.note("data-qa", "smoke"); got != "third" {
			return fmt.Errorf("qa runs %q", got)
		}
		return s.at("etl", "dev Verified, qa Verified, prod Verified", "prod/approval")
	})
}

// downgrade stops the programs and puts the old kinds and then the new ones back:
// nothing that is stored is lost by that.
func (s *stage) downgrade(v version) {
	s.Helper()
	for _, p := range s.running {
		if err := p.Stop(context.WithoutCancel(s.Context())); err != nil {
			s.Error(err)
		}
	}
	before := s.everything()
	s.crds(v)
	s.readable(before)
	for _, c := range current(s) {
		s.serve(c)
	}
	if diff := cmp.Diff(before, s.everything()); diff != "" {
		s.Errorf("after a downgrade of the kinds and an upgrade something is lost (-before +after):\n%s", diff)
	}
}

// everything are the objects of our kinds that are stored now.
func (s *stage) everything() map[string]map[string]any {
	s.Helper()
	all := map[string]map[string]any{}
	for _, plural := range []string{"workflowpolicies", "promotions", "candidates", "approvals"} {
		list, err := s.objects.Resource(schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: plural}).List(s.Context(), metav1.ListOptions{})
		if err != nil {
			continue // a kind that the version does not have
		}
		for _, u := range list.Items {
			delete(u.Object, "metadata")
			name := u.GetKind() + " " + fmt.Sprint(u.Object["spec"])
			all[name] = u.Object
		}
	}
	return all
}

// readable fails where something cannot be read with the old kinds.
func (s *stage) readable(all map[string]map[string]any) {
	s.Helper()
	if now := s.everything(); len(now) != len(all) {
		s.Errorf("with the old kinds %d of %d objects can be read", len(now), len(all))
	}
}
