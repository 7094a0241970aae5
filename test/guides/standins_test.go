package guides

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	apps "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// prepare runs the lines of a setup. Some lines are not for
// the shell: they are what a cluster would do that has nodes and Argo.
//
//	as-the-kubelet-would run NAME [FLAG...]   runs the only container of the Deployment
//	    NAME of namespace tiphys beside the API server: its program, with its
//	    arguments and the token of its service account. Addresses are those of this
//	    machine, and a Service that webhooks call becomes a name for it.
//	as-argo-would finish workflows            has each Workflow succeed at once
func (r *reader) prepare(t *testing.T, where, lines string) {
	t.Helper()
	var shell strings.Builder
	flush := func() {
		if out, err := r.session.Strictly(shell.String()); err != nil {
			t.Fatalf("%s: %v\n%s", where, err, out)
		}
		shell.Reset()
	}
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		switch {
		case len(words) > 2 && words[0] == "as-the-kubelet-would" && words[1] == "run":
			flush()
			r.run(t, words[2], words[3:])
		case slices.Equal(words, []string{"as-argo-would", "finish", "workflows"}):
			flush()
			r.finish(t)
		default:
			shell.WriteString(line)
		}
	}
	flush()
}

// run runs the program of a Deployment, in place of the one that it ran before.
func (r *reader) run(t *testing.T, name string, more []string) {
	t.Helper()
	var d apps.Deployment
	if err := json.Unmarshal([]byte(r.kubectl(t, "get", "deployment", name, "-n", chart.Namespace, "-o", "json")), &d); err != nil {
		t.Fatal(err)
	}
	pod := d.Spec.Template.Spec
	var args []string
	for _, a := range pod.Containers[0].Args {
		args = append(args, strings.ReplaceAll(a, "$(POD_NAMESPACE)", chart.Namespace))
	}
	args = append(args, "--kubeconfig="+chart.Kubeconfig(t, r.api, chart.Token(t, r.api, pod.ServiceAccountName)))
	program := testbin.Webhook(t)
	if strings.HasSuffix(name, "-controller") {
		program = testbin.Controller(t)
		args = append(args, "--metrics-address=", "--hook-address=", "--leader-elect=false")
	} else {
		port := r.redirect(t, name)
		args = append(args, fmt.Sprint("--address=localhost:", port), "--metrics-address=", "--drain=0s")
	}
	log, err := os.Create(filepath.Join(t.TempDir(), name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, append(args, more...)...)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		log.Close()
		if text, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("%s said:\n%s", name, text[max(0, len(text)-4000):])
		}
	})
	if program == testbin.Webhook(t) {
		r.trusted(t)
	}
}

// redirect has the API server call a free port of this machine in place of a
// Service of the chart, and returns the port.
func (r *reader) redirect(t *testing.T, service string) int {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	r.kubectl(t, "delete", "service", service, "-n", chart.Namespace)
	r.kubectl(t, "create", "service", "externalname", service, "--external-name=localhost", "-n", chart.Namespace)
	for _, kind := range []string{"validatingwebhookconfiguration", "mutatingwebhookconfiguration"} {
		text := r.kubectl(t, "get", kind, service, "-o", "json", "--show-managed-fields")
		file := filepath.Join(t.TempDir(), kind+".json")
		if err := os.WriteFile(file, regexp.MustCompile(`"port": \d+`).ReplaceAll([]byte(text), fmt.Appendf(nil, `"port": %d`, port)), 0o600); err != nil {
			t.Fatal(err)
		}
		r.kubectl(t, "replace", "-f", file)
	}
	return port
}

// trusted waits until the API server calls the webhook with success.
func (r *reader) trusted(t *testing.T) {
	t.Helper()
	const probe = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: probe, namespace: default}\nspec: {entrypoint: a, templates: [{name: a, dag: {tasks: [{name: a, template: a, depends: b}]}}]}"
	r.kubectl(t, "get", "namespaces")
	cluster.Until(t, func() error {
		c := exec.Command(testbin.Kubectl(t), "--kubeconfig", r.api.Kubeconfig, "create", "--dry-run=server", "-f", "-")
		c.Stdin = strings.NewReader(probe)
		if out, _ := c.CombinedOutput(); !strings.Contains(string(out), "dag-unknown-dependency") {
			return fmt.Errorf("the webhook does not answer yet: %s", out)
		}
		return nil
	})
}

func (r *reader) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(testbin.Kubectl(t), append([]string{"--kubeconfig", r.api.Kubeconfig}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// finish has each Workflow succeed as soon as it is there.
func (r *reader) finish(t *testing.T) {
	t.Helper()
	objects := dynamic.NewForConfigOrDie(r.api.Config(t)).Resource(schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"})
	w, err := objects.Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	go func() {
		for e := range w.ResultChan() {
			o, ok := e.Object.(*unstructured.Unstructured)
			if !ok {
				continue
			}
			if phase, _, _ := unstructured.NestedString(o.Object, "status", "phase"); phase != "" {
				continue
			}
			o.Object["status"] = map[string]any{"phase": "Succeeded", "finishedAt": time.Now().UTC().Format(time.RFC3339)}
			objects.Namespace(o.GetNamespace()).Update(t.Context(), o, metav1.UpdateOptions{}) // a conflict comes again
		}
	}()
}
