package example

import (
	"context"
	"encoding/base64"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/chart/pods"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// A site is a cluster with the product in it, and the policies that the
// environments name.
type site struct {
	*cluster.Cluster
	shop
}

// kubectl runs kubectl, with a manifest as its input.
func (s site) kubectl(t testing.TB, stdin string, args ...string) (string, error) {
	t.Helper()
	c := exec.CommandContext(context.WithoutCancel(t.Context()), testbin.Kubectl(t), append([]string{"--kubeconfig", s.Kubeconfig}, args...)...)
	c.Dir, c.Stdin = testbin.Root(), strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	return string(out), err
}

func (s site) must(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	out, err := s.kubectl(t, stdin, args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// guarded is a cluster whose webhook runs, with the policies of the environments.
func guarded(t *testing.T) site {
	t.Helper()
	s := site{Cluster: cluster.Start(t)}
	s.shop = shop{testbin.Root(), key("dev"), s.Kubeconfig}
	if out, stderr, err := s.run(t, testbin.Helm4(t), "install", "tiphys", "charts/tiphys", "--namespace", chart.Namespace, "--create-namespace"); err != nil {
		t.Fatalf("%v\n%s%s", err, out, stderr)
	}
	release := pods.Release{Kubeconfig: s.Kubeconfig, Dir: t.TempDir(), Webhook: testbin.Webhook(t)}
	pod, err := release.StartWebhook(t.Context(), pods.Options{Args: []string{"--drain=0s"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pod.Kill)
	b, err := pods.NewBalancer("webhook")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	b.Add(pod)
	if err := release.Route(t.Context(), b.Port()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := pod.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"baseline", "production"} {
		s.must(t, s.tiphys(t, "policy", "show", name), "apply", "-f", "-")
		s.must(t, "", "wait", "workflowpolicy", name, "--for=condition=Ready", "--timeout=60s")
	}
	s.must(t, "", "create", "namespace", "etl-dev")
	cluster.Until(t, func() error { // nobody owns it, so it is refused once the policies hold
		out, err := s.kubectl(t, run("", "", ""), "create", "--dry-run=server", "-f", "-")
		if err == nil || !strings.Contains(out, "owner-missing") {
			return fmt.Errorf("the policies do not hold yet: %v %s", err, out)
		}
		return nil
	})
	return s
}

// run is a Workflow in dev: of a template, or without one a bad one.
func run(template, labels, more string) string {
	spec := "{entrypoint: main, activeDeadlineSeconds: 60, templates: [{name: main, container: {image: 'a:1', resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 1Mi}}}}]}"
	if template != "" {
		spec = "{workflowTemplateRef: {name: " + template + "}" + more + "}"
	}
	return "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: run-, namespace: etl-dev, labels: {" + labels + "}}\nspec: " + spec + "\n"
}

// The example is deployed as a team's robot does it, past the webhook with the
// policies of production, and what starts it is let in.
func TestOnCluster(t *testing.T) {
	s := guarded(t)
	s.must(t, "", "create", "namespace", "data")
	for _, e := range []string{"qa", "prod"} {
		s.must(t, "", "create", "namespace", "etl-"+e)
	}
	s.must(t, "", "apply", "-f", "examples/promotion/rights.yaml")
	s.must(t, "", "--namespace", "data", "apply", "-f", "examples/promotion/nightly-etl.yaml")
	token := strings.TrimSpace(s.must(t, "", "--namespace", "data", "create", "token", "deploy-dev"))
	robot := shop{s.dir, key("dev"), chart.Kubeconfig(t, s.Cluster, token)}

	t.Run("the key of another environment", func(t *testing.T) {
		robot := robot
		robot.key = key("qa")
		out, stderr, err := robot.run(t, testbin.Tiphys(t), "upgrade", chartDir, "-e", "dev")
		if err == nil || !strings.Contains(stderr, "no key of this machine opens it") {
			t.Errorf("%v\n%s%s", err, out, stderr)
		}
	})
	t.Run("the rights in another environment", func(t *testing.T) {
		robot := robot
		robot.key = key("prod")
		if out, stderr, err := robot.run(t, testbin.Tiphys(t), "upgrade", chartDir, "-e", "prod"); err == nil || !strings.Contains(out+stderr, "forbidden") {
			t.Errorf("%v\n%s%s", err, out, stderr)
		}
	})
	robot.tiphys(t, "upgrade", chartDir, "-e", "dev")
	robot.tiphys(t, "upgrade", chartDir, "-e", "dev")
	robot.tiphys(t, "verify", chartDir, "-e", "dev")

	t.Run("objects", func(t *testing.T) {
		for name := range read(t, robot.tiphys(t, "render", chartDir, "-e", "dev", "--decrypt=always")) {
			s.must(t, "", "--namespace", "etl-dev", "get", name)
		}
		out := s.must(t, "", "--namespace", "etl-dev", "get", "secret", "nightly-etl-warehouse", "-o", "jsonpath={.data.password}")
		if b, err := base64.StdEncoding.DecodeString(out); err != nil || string(b) != "demo-warehouse-password-of-dev" {
			t.Errorf("the password is %q, %v", b, err)
		}
	})
	starts(t, s)
	uninstall(t, s, robot)
}

// starts starts it in each way that there is.
func starts(t *testing.T, s site) {
	for name, one := range map[string]struct{ manifest, as string }{
		"the smoke test, by the gate": {run("nightly-etl-smoke", "", ""), "system:serviceaccount:data:deploy-dev"},
		"argo submit --from":          {run("nightly-etl", "", ", arguments: {parameters: [{name: date, value: '2026-02-03'}]}"), ""},
		"the schedule":                {run("nightly-etl", "team: data, workflows.argoproj.io/cron-workflow: nightly-etl", ""), ""},
		"the Sensor":                  {triggered(t, s), "system:serviceaccount:etl-dev:nightly-etl-sensor"},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"create", "-f", "-", "-o", "yaml"}
			if one.as != "" {
				args = append(args, "--as", one.as)
			}
			if out := s.must(t, one.manifest, args...); !strings.Contains(out, "workflowTemplateRef") {
				t.Errorf("it has become\n%s", out)
			}
		})
	}
}

// triggered is the Workflow that the Sensor makes of an event.
func triggered(t *testing.T, s site) string {
	t.Helper()
	var sensor struct {
		Spec struct {
			Triggers []struct {
				Template struct {
					K8s struct {
						Source     struct{ Resource map[string]any }
						Parameters []struct{ Dest string }
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(s.must(t, "", "--namespace", "etl-dev", "get", "sensor", "nightly-etl", "-o", "yaml")), &sensor); err != nil {
		t.Fatal(err)
	}
	trigger := sensor.Spec.Triggers[0].Template.K8s
	text, err := yaml.Marshal(trigger.Source.Resource)
	if err != nil {
		t.Fatal(err)
	}
	if want := "spec.arguments.parameters.0.value"; trigger.Parameters[0].Dest != want || !strings.Contains(string(text), "- name: date\n      value: \"\"") {
		t.Fatalf("the event goes to %s of\n%s", trigger.Parameters[0].Dest, text)
	}
	text = []byte(strings.Replace(string(text), `value: ""`, `value: "2026-02-03"`, 1))
	return strings.Replace(string(text), "metadata:\n", "metadata:\n  namespace: etl-dev\n", 1)
}

// uninstall leaves nothing, and no private key was anywhere in the cluster.
func uninstall(t *testing.T, s site, robot shop) {
	t.Helper()
	if out := s.must(t, "", "get", "configmaps,secrets", "--all-namespaces", "-o", "yaml"); strings.Contains(out, "AGE-SECRET-KEY") {
		t.Error("a private key is in the cluster")
	}
	robot.tiphys(t, "uninstall", chartDir, "-e", "dev")
	out := s.must(t, "", "--namespace", "etl-dev", "get", "cronworkflows,workflowtemplates,sensors,eventsources,secrets,roles", "-o", "name")
	if strings.TrimSpace(out) != "" {
		t.Errorf("this is left:\n%s", out)
	}
}
