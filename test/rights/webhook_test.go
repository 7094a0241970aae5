package rights

import (
	"fmt"
	"os/exec"
	"strings"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

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

// events waits until so many Events of a reason have been counted in a namespace.
func (s *scene) events(space, reason string, count int) {
	s.Helper()
	cluster.Until(s, func() error {
		all, err := s.set.EventsV1().Events(space).List(s.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		n := 0
		for _, e := range all.Items {
			if e.Reason == reason {
				n++
				if e.Series != nil {
					n += int(e.Series.Count) - 1
				}
			}
		}
		if n < count {
			return fmt.Errorf("there are %d Events %s of %d", n, reason, count)
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
		cluster.Until(s, func() error { // it has no rights of its own to say who leads
			_, err := s.set.CoordinationV1().Leases(chart.Namespace).Get(s.Context(), "tiphys-webhook", metav1.GetOptions{})
			return err
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
	s.tell("it starts where the API server cannot stream lists, as before 1.34", func() {
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
