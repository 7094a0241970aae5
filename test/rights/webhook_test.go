package rights

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/chart/pods"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

var workflows = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}

// kubectl runs kubectl as an administrator, with a manifest.
func (s *scene) kubectl(manifest string, args ...string) (string, error) {
	c := exec.Command(testbin.Kubectl(s), append([]string{"--kubeconfig", s.api.Kubeconfig}, args...)...)
	c.Stdin = strings.NewReader(manifest)
	out, err := c.CombinedOutput()
	return string(out), err
}

// apply has the API server hold objects.
func (s *scene) apply(manifest string) {
	s.Helper()
	if out, err := s.kubectl(manifest, "apply", "-f", "-"); err != nil {
		s.Fatalf("%v: %s", err, out)
	}
}

// refused wants an object to be refused with these words.
func (s *scene) refused(manifest, words string) {
	s.Helper()
	cluster.Until(s, func() error {
		if out, err := s.kubectl(manifest, "apply", "-f", "-"); err == nil || !strings.Contains(out, words) {
			return fmt.Errorf("it is not refused with %q: %s", words, out)
		}
		return nil
	})
}

func (s *scene) space() string {
	s.Helper()
	name := cluster.NamespaceName()
	if _, err := s.set.CoreV1().Namespaces().Create(s.Context(), &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
	return name
}

func policy(space, spec string) string {
	return fmt.Sprintf("apiVersion: tiphys.dev/v1alpha1\nkind: WorkflowPolicy\nmetadata: {name: %s}\nspec: {match: {namespaces: [%s]}, %s}\n", space, space, spec)
}

func workflow(kind, name, space, more string) string {
	return fmt.Sprintf(`apiVersion: argoproj.io/v1alpha1
kind: %s
metadata: {name: %s, namespace: %s}
spec: {entrypoint: main, templates: [{name: main, container: {image: "busybox:1.36", command: [sh]%s}}]}
`, kind, name, space, more)
}

// enforced waits until a policy is, and has been audited as it is now.
func (s *scene) enforced(name string) {
	s.Helper()
	cluster.Until(s, func() error {
		out, err := s.kubectl("", "get", "workflowpolicy", name, "-o", "jsonpath={.metadata.generation} {.status.observedGeneration} {.status.activeGeneration}")
		if f := strings.Fields(out); err != nil || len(f) != 3 || f[0] != f[1] || f[0] != f[2] {
			return fmt.Errorf("policy %s has generations %s", name, out)
		}
		return nil
	})
}

// events waits until an Event of a reason was told so many times in a namespace.
func (s *scene) events(space, reason string, count int) {
	s.Helper()
	cluster.Until(s, func() error {
		all, err := s.set.EventsV1().Events(space).List(s.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		most := 0
		for _, e := range all.Items {
			if e.Reason == reason && e.Series != nil {
				most = max(most, int(e.Series.Count))
			} else if e.Reason == reason {
				most = max(most, 1)
			}
		}
		if most < count {
			return fmt.Errorf("an Event %s was told %d times, not %d", reason, most, count)
		}
		return nil
	})
}

// leads waits until a program leads, has said so, and has renewed its Lease.
func (s *scene) leads(name string) {
	s.Helper()
	cluster.Until(s, func() error {
		l, err := s.set.CoordinationV1().Leases(chart.Namespace).Get(s.Context(), name, metav1.GetOptions{})
		if err != nil || l.Spec.RenewTime == nil || !l.Spec.RenewTime.After(l.Spec.AcquireTime.Time) {
			return fmt.Errorf("the Lease of %s is not renewed yet: %v", name, err)
		}
		all, err := s.set.CoreV1().Events(chart.Namespace).List(s.Context(), metav1.ListOptions{FieldSelector: "reason=LeaderElection,involvedObject.name=" + name})
		if err != nil || len(all.Items) == 0 {
			return fmt.Errorf("%s does not say that it leads: %v", name, err)
		}
		return nil
	})
}

// webhook is what the webhook does all day.
func webhook(s *scene) {
	space := s.space()
	var p *pods.Pod
	s.tell("it starts, and makes its certificate", func() {
		p = s.release.RunWebhook(s, pods.Options{Server: s.hears.Server, CA: s.hears.CA})
		s.leads("tiphys-webhook")
		cluster.Until(s, func() error {
			if _, text, err := p.Get("/metrics"); err != nil || !strings.Contains(text, "tiphys_webhook_audit_timestamp_seconds") {
				return fmt.Errorf("it has audited nothing yet: %v", err)
			}
			return nil
		})
	})
	s.tell("a workflow that cannot run is refused", func() {
		s.refused(strings.Replace(workflow("Workflow", "circle", space, ""), "entrypoint: main", "entrypoint: mian", 1), "mian")
	})
	s.tell("a policy is enforced, and what is there is audited", func() {
		s.apply(workflow("WorkflowTemplate", "old", space, ""))
		s.apply(policy(space, "rules: {deadline-missing: warn}"))
		s.enforced(space)
		cluster.Until(s, func() error {
			if out, err := s.kubectl("", "get", "workflowpolicy", space, "-o", "jsonpath={.status.violations}"); err != nil || out != "1" {
				return fmt.Errorf("the policy has the violations %q", out)
			}
			return nil
		})
	})
	s.tell("a violation changes, and changes again", func() {
		s.apply(policy(space, "rules: {deadline-missing: warn, resources-missing: warn}"))
		s.events(space, "PolicyViolated", 1)
		s.apply(policy(space, "rules: {resources-missing: warn}"))
		s.events(space, "PolicyViolated", 2)
	})
	s.tell("one run too many is rejected", func() {
		s.apply(policy(space, "concurrency: {max: 2, per: namespace, exceeded: reject}"))
		s.enforced(space)
		s.apply(workflow("Workflow", "first", space, ""))
		s.apply(workflow("Workflow", "second", space, ""))
		s.refused(workflow("Workflow", "third", space, ""), "may exist at once")
	})
	s.tell("one run too many is queued", func() {
		s.apply(policy(space, "concurrency: {max: 3, per: namespace}"))
		s.enforced(space)
		s.apply(workflow("Workflow", "fourth", space, ""))
		cluster.Until(s, func() error {
			_, err := s.set.CoreV1().ConfigMaps(space).Get(s.Context(), "tiphys-concurrency", metav1.GetOptions{})
			return err
		})
	})
	s.tell("it ends", func() { s.release.Stop(s, p) })
	s.tell("the API server cannot stream lists, as before 1.34", func() {
		s.release.Stop(s, s.release.RunWebhook(s, pods.Options{Server: s.hears.Server, CA: s.hears.CA, Env: listing}))
	})
}

// listing has clients do without lists that are watches.
var listing = []string{"KUBE_FEATURE_WatchListClient=false"}

// secrets is what it does where it may know the names of Secrets.
func secrets(s *scene) {
	space := s.space()
	s.tell("a reference to a Secret that is missing is found", func() {
		p := s.release.RunWebhook(s, pods.Options{Server: s.hears.Server, CA: s.hears.CA})
		s.refused(workflow("Workflow", "secretive", space, `, envFrom: [{secretRef: {name: missing}}]`), "missing")
		s.release.Stop(s, p)
	})
}

// fewer is what it does where all that can be is switched off.
func fewer(s *scene) {
	space := s.space()
	s.tell("nothing that can be left out is asked for", func() {
		p := s.release.RunWebhook(s, pods.Options{Server: s.hears.Server, CA: s.hears.CA})
		s.refused(strings.Replace(workflow("Workflow", "circle", space, ""), "entrypoint: main", "entrypoint: mian", 1), "mian")
		s.apply(policy(space, "rules: {deadline-missing: warn}"))
		s.enforced(space)
		s.release.Stop(s, p)
	})
}

// tested is what the pod of helm test does. Helm makes its rights when it runs it.
func tested(s *scene) {
	objects := chart.Render(s)
	for _, kind := range []string{"ServiceAccount", "Role", "RoleBinding"} {
		s.apply(objects.Manifest(s, kind+"/tiphys-webhook-test"))
	}
	s.release.RunWebhook(s, pods.Options{})
	s.tell("a workflow that can never run is tried", func() {
		c := exec.Command(testbin.Webhook(s), "check", "--namespace="+chart.Namespace, "--kubeconfig="+s.kubeconfig("tiphys-webhook-test"))
		if out, err := c.CombinedOutput(); err != nil {
			s.Errorf("%v: %s", err, out)
		}
	})
}

// kubeconfig is one of a service account of the release, for what is listened to.
func (s *scene) kubeconfig(account string) string {
	s.Helper()
	k, err := clientcmd.LoadFromFile(chart.Kubeconfig(s, s.api, chart.Token(s, s.api, account)))
	if err != nil {
		s.Fatal(err)
	}
	for _, c := range k.Clusters {
		c.Server, c.CertificateAuthorityData = s.hears.Server, s.hears.CA
	}
	path := filepath.Join(s.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*k, path); err != nil {
		s.Fatal(err)
	}
	return path
}

// viewer is what somebody does with the role view, to which that of the chart is
// added where a controller manager runs.
func viewer(s *scene) {
	space := s.space()
	s.apply(strings.NewReplacer("SPACE", space, "RELEASE", chart.Namespace).Replace(viewing))
	config := rest.CopyConfig(s.api.Config(s))
	config.Host, config.CAData, config.CAFile = s.hears.Server, s.hears.CA, ""
	config.BearerToken = chart.Token(s, s.api, "viewer")
	its := dynamic.NewForConfigOrDie(config)
	s.tell("somebody looks how promotions go", func() {
		for of, name := range map[string]string{"promotions": "etl", "candidates": "etl-0123456789ab", "approvals": "yes"} {
			in := its.Resource(schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: of}).Namespace(space)
			_, err := in.Get(s.Context(), name, metav1.GetOptions{})
			if _, more := in.List(s.Context(), metav1.ListOptions{}); more != nil || err != nil && !apierrors.IsNotFound(err) {
				s.Errorf("look at %s: %v, %v", of, err, more)
			}
			w, err := in.Watch(s.Context(), metav1.ListOptions{})
			if err != nil {
				s.Fatal(err)
			}
			w.Stop()
		}
	})
}

const viewing = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: viewer, namespace: RELEASE}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: viewer, namespace: SPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tiphys-promotion-viewer}
subjects: [{kind: ServiceAccount, name: viewer, namespace: RELEASE}]
`
