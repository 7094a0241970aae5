// Package ownership_test measures, on a real API server, to whom fields belong
// that are written at admission, for docs/defaults.md.
package ownership_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admission "k8s.io/api/admission/v1"
	registration "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/policies/mutate"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

const policy = `apiVersion: tiphys.dev/v1alpha1
kind: WorkflowPolicy
metadata: {name: team}
spec:
  defaults:
    metadata: {labels: {team: data}}
    spec: {ttlStrategy: {secondsAfterCompletion: 60}}
    containers: {resources: {limits: {memory: 1Gi}}}
`

const template = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: etl
spec:
  entrypoint: main
  templates:
  - name: main
    container:
      image: registry.example.com/etl:1.2.3
`

// wrote are the paths that the policy writes into the template.
var wrote = []string{
	"metadata.annotations[\"policy.tiphys.dev/defaults\"]", "metadata.labels.team",
	"spec.templates[0].container.resources.limits.memory", "spec.ttlStrategy.secondsAfterCompletion",
}

// A hall is a namespace of an API server that asks us what to write.
type hall struct {
	kubeconfig, namespace string
	objects               dynamic.ResourceInterface
}

func open(t *testing.T) *hall {
	t.Helper()
	all, findings := policies.Parse(source.NewFile("team.yaml", []byte(policy)))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	set := policies.NewSet(all, policies.Options{})
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { review(t, set, w, r) }))
	t.Cleanup(s.Close)

	h := &hall{kubeconfig: cluster.Start(t).Kubeconfig, namespace: cluster.NamespaceName()}
	config, err := clientcmd.BuildConfigFromFlags("", h.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if _, err := client.CoreV1().Namespaces().Create(ctx, &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: h.namespace}}, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	url, none, fail := s.URL+"/mutate", registration.SideEffectClassNone, registration.Fail
	hook := &registration.MutatingWebhookConfiguration{
		ObjectMeta: meta.ObjectMeta{Name: h.namespace},
		Webhooks: []registration.MutatingWebhook{{
			Name: "mutate.tiphys.dev", ClientConfig: registration.WebhookClientConfig{URL: &url, CABundle: ca}, SideEffects: &none, FailurePolicy: &fail,
			AdmissionReviewVersions: []string{"v1"},
			NamespaceSelector:       &meta.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": h.namespace}},
			Rules: []registration.RuleWithOperations{{
				Operations: []registration.OperationType{registration.Create, registration.Update},
				Rule:       registration.Rule{APIGroups: []string{"argoproj.io"}, APIVersions: []string{"v1alpha1"}, Resources: []string{"workflowtemplates"}},
			}},
		}},
	}
	hooks := client.AdmissionregistrationV1().MutatingWebhookConfigurations()
	if _, err := hooks.Create(ctx, hook, meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hooks.Delete(context.WithoutCancel(ctx), h.namespace, meta.DeleteOptions{}) })
	d, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	h.objects = d.Resource(schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflowtemplates"}).Namespace(h.namespace)
	h.ready(t)
	return h
}

// ready waits until the API server asks: a webhook takes a moment to count.
func (h *hall) ready(t *testing.T) {
	t.Helper()
	for t.Context().Err() == nil {
		o := read(t, strings.ReplaceAll(template, "etl\n", "ready\n"))
		got, err := h.objects.Create(t.Context(), o, meta.CreateOptions{DryRun: []string{meta.DryRunAll}})
		if err != nil {
			t.Fatal(err)
		}
		if got.GetLabels()["team"] != "" {
			return
		}
	}
	t.Fatal("the API server does not ask")
}

func review(t *testing.T, set *policies.Set, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
		return
	}
	var in admission.AdmissionReview
	if err := json.Unmarshal(body, &in); err != nil {
		t.Error(err)
		return
	}
	o := lint.Options{Rules: rules.All(), Policies: set.For(policies.Request{Operation: string(in.Request.Operation), Defaults: true})}
	result, err := mutate.Object(o, manifest.ParseObject(source.NewFile("", in.Request.Object.Raw)).Root)
	if err == nil {
		err = result.Annotate()
	}
	if err != nil {
		t.Error(err)
		return
	}
	kind := admission.PatchTypeJSONPatch
	in.Response = &admission.AdmissionResponse{UID: in.Request.UID, Allowed: true}
	if p := result.Patch(); len(p) > 0 {
		in.Response.Patch, in.Response.PatchType = patch.JSON(p), &kind
	}
	in.Request = nil
	if err := json.NewEncoder(w).Encode(in); err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	var o unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return &o
}

func (h *hall) apply(t *testing.T, manager, text string) *unstructured.Unstructured {
	t.Helper()
	body, err := json.Marshal(read(t, text))
	if err != nil {
		t.Fatal(err)
	}
	force := true
	o, err := h.objects.Patch(t.Context(), "etl", types.ApplyPatchType, body, meta.PatchOptions{FieldManager: manager, Force: &force})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// owners says who owns what, without what each object has.
func owners(t *testing.T, o *unstructured.Unstructured) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, m := range o.GetManagedFields() {
		var fields map[string]any
		if err := json.Unmarshal(m.FieldsV1.GetRawBytes(), &fields); err != nil {
			t.Fatal(err)
		}
		key := m.Manager + " " + string(m.Operation)
		out[key] = append(out[key], leaves("", fields)...)
		slices.Sort(out[key])
	}
	return out
}

func leaves(path string, fields map[string]any) []string {
	var out []string
	for k, v := range fields {
		if k == "." {
			continue
		}
		below := leaves(path+"."+strings.TrimPrefix(k, "f:"), v.(map[string]any))
		if len(below) == 0 {
			below = []string{strings.TrimPrefix(path+"."+strings.TrimPrefix(k, "f:"), ".")}
		}
		out = append(out, below...)
	}
	return out
}

func holds(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	root := manifest.ParseObject(source.NewFile("", text)).Root
	for _, path := range wrote {
		if root.Find(path) == nil {
			t.Errorf("%s is not there: %s", path, text)
		}
	}
}

// What is written at admission belongs to nobody, unless it lies in a list, which
// belongs to whoever applies it as a whole: the schema of Argo's kinds names no
// keys of lists.
func TestServerSideApply(t *testing.T) {
	h := open(t)
	first := h.apply(t, "git", template)
	holds(t, first)
	git := map[string][]string{"git Apply": {"spec.entrypoint", "spec.templates"}}
	if diff := cmp.Diff(git, owners(t, first)); diff != "" {
		t.Errorf("after the first apply: %s", diff)
	}
	again := h.apply(t, "git", template)
	if holds(t, again); again.GetResourceVersion() != first.GetResourceVersion() {
		t.Error("the second apply wrote something")
	}
	const own = "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: etl}\n"
	other := h.apply(t, "other", own+"spec: {ttlStrategy: {secondsAfterCompletion: 5}}\n")
	if got, _, _ := unstructured.NestedInt64(other.Object, "spec", "ttlStrategy", "secondsAfterCompletion"); got != 5 {
		t.Errorf("another manager's value is %d", got)
	}
	back := h.apply(t, "other", own)
	holds(t, back)
	if diff := cmp.Diff(git, owners(t, back)); diff != "" {
		t.Errorf("once the other manager has given it up: %s", diff)
	}
}

func TestKubectl(t *testing.T) {
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Skip("there is no kubectl")
	}
	h := open(t)
	// kubectl returns what it prints, and its exit code.
	kubectl := func(args ...string) (string, int) {
		c := exec.Command("kubectl", append([]string{"--kubeconfig", h.kubeconfig, "-n", h.namespace}, args...)...)
		c.Stdin = strings.NewReader(template)
		out, err := c.CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return string(out), c.ProcessState.ExitCode()
	}
	diff := func(want int, words string, args ...string) {
		t.Helper()
		if out, code := kubectl(append([]string{"diff", "-f", "-"}, args...)...); code != want || !strings.Contains(out, words) {
			t.Errorf("kubectl diff %v: exit code %d, want %d with %q\n%s", args, code, want, words, out)
		}
	}
	apply := func(words string, args ...string) {
		t.Helper()
		if out, _ := kubectl(append([]string{"apply", "-f", "-"}, args...)...); !strings.Contains(out, words) {
			t.Errorf("kubectl apply %v: %s", args, out)
		}
	}
	diff(1, "+    secondsAfterCompletion: 60")
	apply("created")
	diff(0, "")
	generation := h.generation(t)
	apply("configured") // a list is sent again as a whole, and comes back the same
	if h.generation(t) != generation {
		t.Error("the second apply made a new generation")
	}
	apply("serverside-applied", "--server-side", "--force-conflicts")
	diff(0, "", "--server-side")
	if out, _ := kubectl("replace", "-f", "-"); !strings.Contains(out, "replaced") || h.generation(t) != generation {
		t.Errorf("replace makes a new generation: %s", out)
	}
}

func (h *hall) generation(t *testing.T) int64 {
	t.Helper()
	o, err := h.objects.Get(t.Context(), "etl", meta.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	holds(t, o)
	return o.GetGeneration()
}
