package webhook_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies/defaults"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/webhooktest"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

// shown is what a user of kubectl sees of an answer.
func shown(name string, r webhook.Response) string {
	var b strings.Builder
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "Warning: %s\n", w)
	}
	o := r.Request
	switch {
	case r.Allowed:
		fmt.Fprintf(&b, "%s.%s/%s created\n", strings.ToLower(o.Kind), o.Group, o.Name)
	case r.Reason == "Invalid" && len(r.Causes) > 0:
		fmt.Fprintf(&b, "The %s %q is invalid: \n", o.Kind, o.Name)
		for _, c := range r.Causes {
			fmt.Fprintf(&b, "* %s: %s\n", c.Field, c.Message)
		}
	default:
		fmt.Fprintf(&b, "Error from server (%s): error when creating %q: admission webhook \"validate.tiphys.dev\" denied the request: %s\n", r.Reason, name, r.Message)
	}
	if r.Skipped != "" {
		fmt.Fprintf(&b, "skipped: %s\n", r.Skipped)
	}
	for _, k := range slices.Sorted(mapKeys(r.Audit)) {
		fmt.Fprintf(&b, "audit: %s: %s\n", k, r.Audit[k])
	}
	return b.String()
}

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// terms are what a policy of a test wants of all objects.
type terms lint.Terms

func (t *terms) Terms(*manifest.Node) *lint.Terms { return (*lint.Terms)(t) }

// production denies root users and what has no deadline, and lets nothing waive.
func production(context.Context, *webhook.Request) lint.Policies {
	return &terms{Rules: map[string][]lint.Setting{
		"deadline-missing":  {{Policy: "production", Severity: lint.Error}},
		"image-unpinned":    {{Policy: "production", Severity: lint.Warning}},
		"resources-missing": {{Policy: "production", Severity: lint.Info}},
	}}
}

// TestShown compares what kubectl shows for each case with its page.
func TestShown(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			q, want := webhooktest.Request{Operation: "CREATE"}, -1
			for i, f := range archive.Files {
				switch f.Name {
				case "object.yaml":
					q.Object = string(f.Data)
				case "old.yaml":
					q.Old, q.Operation = string(f.Data), "UPDATE"
				case "want":
					want = i
				}
			}
			s := &webhook.State{Rules: rules.All()}
			if strings.Contains(string(archive.Comment), "policy: production") {
				s.Policies = production
			}
			r, err := webhook.Review(t.Context(), webhook.Validate, q.Body(), s)
			if err != nil {
				t.Fatal(err)
			}
			got := shown("object.yaml", r)
			if *update {
				archive.Files[want].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(archive.Files[want].Data), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

const good = `{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: a, namespace: data}, spec: {entrypoint: main, templates: [{name: main, container: {image: "a:1"}}]}}`

// TestBadBodies: what is no review fails the call, with the status of HTTP.
func TestBadBodies(t *testing.T) {
	body := string(webhooktest.Request{Object: good}.Body())
	tests := map[string]struct{ body, want string }{
		"nothing":                     {"", `400 the body is empty: an AdmissionReview of admission.k8s.io/v1 is expected`},
		"truncated":                   {body[:len(body)/2], `400 the body is no JSON: line 1, column`},
		"text after the end":          {body + "x", `400 the body is no JSON: line 1, column`},
		"a list":                      {"[]", `400 the body is a JSON list: an AdmissionReview of admission.k8s.io/v1 is expected`},
		"YAML":                        {"kind: AdmissionReview", `400 the body is no JSON: line 1, column 1: expected a value`},
		"an empty object":             {"{}", `400 the body is "" of ""`},
		"another version":             {strings.Replace(body, "admission.k8s.io/v1", "admission.k8s.io/v1beta1", 1), `400 the body is "AdmissionReview" of "admission.k8s.io/v1beta1": only an AdmissionReview of admission.k8s.io/v1 is understood`},
		"no request":                  {`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}`, `400 the AdmissionReview has no request`},
		"a request that is text":      {`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":"x"}`, `400 the AdmissionReview has no request`},
		"no uid":                      {strings.Replace(body, `"8f2c"`, `""`, 1), `400 the request has no uid`},
		"no object":                   {string(webhooktest.Request{Group: "argoproj.io", Kind: "Workflow"}.Body()), `400 the request has no object`},
		"not UTF-8":                   {strings.Replace(body, `"a:1"`, "\"a\xff\"", 1), `400 the body is no JSON: line 1, column`},
		"two objects":                 {strings.Replace(body, `"object":`, `"object":{},"object":`, 1), `400 key "object" is already set on line 1: keep one of the two`},
		"two uids":                    {strings.Replace(body, `"uid":`, `"uid":"1","uid":`, 1), `400 key "uid" is already set`},
		"nested too deep for anybody": {strings.Repeat("[", 20_000), `400 the body is no JSON: line 1, column 1001: nested deeper than 1000 levels`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, e := range []webhook.Endpoint{webhook.Validate, webhook.Mutate} {
				_, err := webhook.Review(t.Context(), e, []byte(test.body), &webhook.State{Rules: rules.All()})
				var call *webhook.CallError
				if !errors.As(err, &call) {
					t.Fatalf("%s: no failure of the call: %v", e, err)
				}
				if got := fmt.Sprintf("%d %v", call.Status, call); !strings.HasPrefix(got, test.want) {
					t.Errorf("%s: got  %s\nwant %s", e, got, test.want)
				}
			}
		})
	}
}

// TestVerdicts: what is read gets an answer, whatever is wrong with the object.
func TestVerdicts(t *testing.T) {
	deep := `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"name":"a"},"spec":{"x":` + strings.Repeat("[", 1500) + strings.Repeat("]", 1500) + `}}`
	stop := strings.Replace(good, "entrypoint: main", "entrypoint: main, shutdown: Stop, suspend: true", 1)
	deleted := strings.Replace(good, "name: a,", `name: a, deletionTimestamp: "2026-01-01T00:00:00Z",`, 1)
	stored := strings.TrimSuffix(good, "}") + `, status: {storedWorkflowTemplateSpec: {entrypoint: mian, workflowTemplateRef: {name: t}, templates: [{name: main, container: {image: "a:1"}}]}}}`
	filled := `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"name":"a"},"spec":{"entrypoint":"main","templates":[{"name":"main","container":{"image":"a:1","args":[%s"z"]}}]}}`
	none := `{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: a, namespace: data}}`
	tests := map[string]struct {
		request  webhooktest.Request
		endpoint webhook.Endpoint
		want     string
	}{
		"good":                        {webhooktest.Request{Object: good}, webhook.Validate, "allowed"},
		"empty":                       {webhooktest.Request{Object: "{}", Group: "argoproj.io", Version: "v1alpha1", Kind: "Workflow"}, webhook.Validate, "422 Invalid: the object is empty: a Workflow with apiVersion, kind, metadata and spec is expected"},
		"text":                        {webhooktest.Request{Object: "text", Group: "argoproj.io", Version: "v1alpha1", Kind: "Workflow"}, webhook.Validate, "422 Invalid: the object is empty"},
		"of another kind":             {webhooktest.Request{Object: good, Kind: "CronWorkflow"}, webhook.Validate, `422 Invalid: the object says that its kind is "Workflow", the request that it is "CronWorkflow"`},
		"of another version":          {webhooktest.Request{Object: good, Version: "v1"}, webhook.Validate, `422 Invalid: the object says that its apiVersion is "argoproj.io/v1alpha1", the request that it is "argoproj.io/v1"`},
		"deep":                        {webhooktest.Request{Object: deep}, webhook.Validate, "422 Invalid: the object cannot be read: nested deeper than 1000 levels"},
		"many":                        {webhooktest.Request{Object: fmt.Sprintf(filled, strings.Repeat("1,", 300_000))}, webhook.Validate, "422 Invalid: the object cannot be read: more than 250000 values"},
		"many, to be mutated":         {webhooktest.Request{Object: fmt.Sprintf(filled, strings.Repeat("1,", 300_000))}, webhook.Mutate, "allowed"},
		"many, to be deleted":         {webhooktest.Request{Object: fmt.Sprintf(filled, strings.Repeat("1,", 300_000)), Operation: "DELETE"}, webhook.Validate, "allowed, skipped: operation"},
		"many commas in a text":       {webhooktest.Request{Object: fmt.Sprintf(filled, `"`+strings.Repeat(`\",[`, 160_000)+`",`)}, webhook.Validate, "allowed"},
		"deep, to be mutated":         {webhooktest.Request{Object: deep}, webhook.Mutate, "allowed"},
		"deep, to be deleted":         {webhooktest.Request{Object: deep, Operation: "DELETE"}, webhook.Validate, "allowed, skipped: operation"},
		"deleted":                     {webhooktest.Request{Old: good, Operation: "DELETE"}, webhook.Validate, "allowed, skipped: operation"},
		"connected to":                {webhooktest.Request{Object: good, Operation: "CONNECT"}, webhook.Validate, "allowed, skipped: operation"},
		"its status":                  {webhooktest.Request{Object: good, Old: good, Operation: "UPDATE", SubResource: "status"}, webhook.Validate, "allowed, skipped: subresource"},
		"a pod":                       {webhooktest.Request{Object: "{apiVersion: v1, kind: Pod, metadata: {name: a}}"}, webhook.Validate, "allowed, skipped: kind"},
		"an event bus":                {webhooktest.Request{Object: "{apiVersion: argoproj.io/v1alpha1, kind: EventBus, metadata: {name: a}}"}, webhook.Validate, "allowed, skipped: kind"},
		"spec as it was":              {webhooktest.Request{Object: good, Old: good, Operation: "UPDATE"}, webhook.Validate, "allowed, skipped: unchanged"},
		"spec as it was, in disarray": {webhooktest.Request{Object: good, Old: strings.Replace(good, "entrypoint: main, templates: [{name: main, container", "templates: [{container", 1), Operation: "UPDATE"}, webhook.Validate, "allowed"},
		"stopped":                     {webhooktest.Request{Object: stop, Old: good, Operation: "UPDATE"}, webhook.Validate, "allowed, skipped: stopping"},
		"stopped in another way":      {webhooktest.Request{Object: strings.Replace(stop, "Stop", "Halt", 1), Old: good, Operation: "UPDATE"}, webhook.Validate, `403 Forbidden: spec.shutdown: shutdown "Halt" is none of Stop, Terminate`},
		"suspended by an object":      {webhooktest.Request{Object: strings.Replace(stop, "suspend: true", "suspend: {a: b}", 1), Old: good, Operation: "UPDATE"}, webhook.Validate, "403 Forbidden: spec.suspend: "},
		"stopped and changed":         {webhooktest.Request{Object: strings.Replace(stop, "a:1", "a:2", 1), Old: good, Operation: "UPDATE"}, webhook.Validate, "allowed"},
		"created with another spec":   {webhooktest.Request{Object: stored}, webhook.Validate, "403 Forbidden: status.storedWorkflowTemplateSpec.entrypoint: "},
		"given another spec":          {webhooktest.Request{Object: stored, Old: good, Operation: "UPDATE"}, webhook.Validate, "403 Forbidden: status.storedWorkflowTemplateSpec.entrypoint: "},
		"had another spec":            {webhooktest.Request{Object: strings.Replace(stored, "a:1", "a:2", 1), Old: stored, Operation: "UPDATE"}, webhook.Validate, "allowed"},
		"given a good spec":           {webhooktest.Request{Object: strings.Replace(stored, "mian", "main", 1), Old: good, Operation: "UPDATE"}, webhook.Validate, "allowed"},
		"created with templates":      {webhooktest.Request{Object: strings.Replace(stored, "storedWorkflowTemplateSpec", "storedTemplates", 1)}, webhook.Validate, "403 Forbidden: status.storedTemplates: Argo would run these templates"},
		"deleted, and given a spec":   {webhooktest.Request{Object: strings.Replace(deleted, "main,", "mian,", 1), Old: good, Operation: "UPDATE"}, webhook.Validate, "403 Forbidden: spec.entrypoint: "},
		"never had a spec":            {webhooktest.Request{Object: none, Old: none, Operation: "UPDATE"}, webhook.Validate, "allowed, skipped: unchanged"},
		"lost its spec":               {webhooktest.Request{Object: none, Old: good, Operation: "UPDATE"}, webhook.Validate, "403 Forbidden: "},
		"waits for finalizers":        {webhooktest.Request{Object: deleted, Old: good, Operation: "UPDATE"}, webhook.Validate, "allowed, skipped: unchanged"},
		"created again by an update":  {webhooktest.Request{Object: good, Operation: "UPDATE"}, webhook.Validate, "allowed"},
		"a template as a run":         {webhooktest.Request{Object: strings.Replace(good, "kind: Workflow", "kind: WorkflowTemplate", 1)}, webhook.Runs, "allowed, skipped: kind"},
		"an update as a run":          {webhooktest.Request{Object: good, Old: stop, Operation: "UPDATE"}, webhook.Runs, "allowed, skipped: operation"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := webhook.Review(t.Context(), test.endpoint, test.request.Body(), &webhook.State{Rules: rules.All()})
			if err != nil {
				t.Fatal(err)
			}
			got := "allowed"
			if !r.Allowed {
				got = fmt.Sprintf("%d %s: %s", r.Code, r.Reason, r.Message)
			}
			if r.Skipped != "" {
				got += ", skipped: " + r.Skipped
			}
			if got != test.want && (r.Allowed || !strings.HasPrefix(got, test.want)) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			valid(t, r)
		})
	}
}

// valid checks what the API server asks of every answer.
func valid(t *testing.T, r webhook.Response) {
	t.Helper()
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Kind, APIVersion string
		Response         struct {
			UID     string
			Allowed bool
			Status  *struct{ Code int }
		}
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if v.Kind != "AdmissionReview" || v.APIVersion != "admission.k8s.io/v1" || v.Response.UID != r.Request.UID || v.Response.UID == "" {
		t.Errorf("no answer that an API server takes: %s", b)
	}
	if !v.Response.Allowed && (v.Response.Status == nil || v.Response.Status.Code < 400) {
		t.Errorf("denied without a code: %s", b)
	}
}

// TestLarge: a workflow near what etcd stores and one of 5,000 tasks get an
// answer in a time that leaves the deadline room.
func TestLarge(t *testing.T) {
	var tasks strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&tasks, "{name: t%d, template: work, depends: %q},", i, fmt.Sprintf("t%d", max(i-1, 0)))
	}
	many := `{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: a, namespace: data}, spec: {entrypoint: main, templates: [{name: main, dag: {tasks: [` + tasks.String() + `]}}, {name: work, container: {image: "a:1"}}]}}`
	large := strings.Replace(good, `image: "a:1"`, `image: "a:1", args: ["`+strings.Repeat("x", 3<<20)+`"]`, 1)
	for name, test := range map[string]struct{ object, want string }{
		"5,000 tasks": {many, "dag-cycle"},
		"3 MB":        {large, "spec-too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			r, err := webhook.Review(t.Context(), webhook.Validate, webhooktest.Request{Object: test.object}.Body(), &webhook.State{Rules: rules.All()})
			if err != nil {
				t.Fatal(err)
			}
			if r.Allowed || !strings.Contains(r.Message, test.want) {
				t.Errorf("not denied for %s: %s", test.want, r.Message)
			}
			if b, _ := r.JSON(); len(b) > 64<<10 {
				t.Errorf("the answer has %d bytes", len(b))
			}
			t.Logf("%s", time.Since(start))
		})
	}
}

func TestPanic(t *testing.T) {
	bad := &lint.Rule{Name: "bad", Severity: lint.Warning, Mends: true, Run: func(*lint.Pass) { panic("oh") }}
	s := &webhook.State{Rules: []*lint.Rule{bad}}
	r, err := webhook.Review(t.Context(), webhook.Validate, webhooktest.Request{Object: good}.Body(), s)
	if err != nil {
		t.Fatal(err)
	}
	if want := "the object cannot be judged: this is a mistake of tiphys, not of the object; its log tells more under request 8f2c"; r.Allowed || r.Code != 500 || r.Message != want {
		t.Errorf("got %v %d %s", r.Allowed, r.Code, r.Message)
	}
	if len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Error(), "review_test.go") {
		t.Errorf("no stack in %v", r.Failures)
	}
	r, err = webhook.Review(t.Context(), webhook.Mutate, webhooktest.Request{Object: good}.Body(), s)
	var call *webhook.CallError
	if !errors.As(err, &call) || call.Status != 500 || len(r.Failures) != 1 {
		t.Errorf("mutate: %v, %v", err, r.Failures)
	}
}

// TestMutate: what is written is what policies and safe fixes want, once.
func TestMutate(t *testing.T) {
	d := manifest.Parse(source.NewFile("defaults.yaml", []byte("{spec: {ttlStrategy: {secondsAfterCompletion: 3600}}, metadata: {labels: {team: data}}}")))[0]
	compiled, problems := defaults.Compile("production", d.Root)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s := &webhook.State{Rules: rules.All(), Policies: func(_ context.Context, r *webhook.Request) lint.Policies {
		if !r.Defaults {
			return nil
		}
		return &terms{Extra: defaults.Extras(compiled)}
	}}
	mutate := func(q webhooktest.Request) webhook.Response {
		t.Helper()
		r, err := webhook.Review(t.Context(), webhook.Mutate, q.Body(), s)
		if err != nil {
			t.Fatal(err)
		}
		valid(t, r)
		return r
	}
	r := mutate(webhooktest.Request{Object: good})
	want := `[{"op":"add","path":"/metadata/labels","value":{"team":"data"}},` +
		`{"op":"add","path":"/metadata/annotations","value":{"policy.tiphys.dev/defaults":"production: metadata.labels.team, spec.ttlStrategy.secondsAfterCompletion"}},` +
		`{"op":"add","path":"/spec/ttlStrategy","value":{"secondsAfterCompletion":3600}}]`
	if diff := cmp.Diff(want, string(r.Patch)); diff != "" || !r.Allowed {
		t.Errorf("(-want +got)\n%s", diff)
	}
	b, err := r.JSON()
	if err != nil || !strings.Contains(string(b), `"patchType":"JSONPatch","patch":"`+base64.StdEncoding.EncodeToString(r.Patch)) {
		t.Errorf("the answer is %s", b)
	}
	done := strings.Replace(strings.Replace(good, "namespace: data", "namespace: data, labels: {team: x}", 1), "entrypoint: main", "entrypoint: main, ttlStrategy: {secondsAfterFailure: 1, secondsAfterCompletion: 9}", 1)
	if r := mutate(webhooktest.Request{Object: done}); len(r.Patch) > 0 {
		t.Errorf("what is there is written again: %s", r.Patch)
	}
	if r := mutate(webhooktest.Request{Object: strings.Replace(good, "a:1", "a:2", 1), Old: good, Operation: "UPDATE"}); len(r.Patch) > 0 {
		t.Errorf("a run that exists is mutated: %s", r.Patch)
	}
	was := strings.Replace(good, "entrypoint: main", "entrypoint: main, ttlStrategy: {secondsAfterCompletion: 3600}", 1)
	if r := mutate(webhooktest.Request{Object: good, Old: was, Operation: "UPDATE"}); !strings.Contains(string(r.Patch), "/spec/ttlStrategy") {
		t.Errorf("a run that is applied again loses what was written into it: %s", r.Patch)
	}
}

func TestRuns(t *testing.T) {
	s := &webhook.State{Runs: func(context.Context, *webhook.Request, *manifest.Node) ([]webhook.Refusal, error) {
		return []webhook.Refusal{{Policy: "production", Message: `1 run of template "etl" may exist at once, and "etl-1" is not over`}}, nil
	}}
	r, err := webhook.Review(t.Context(), webhook.Runs, webhooktest.Request{Object: good}.Body(), s)
	if want := `1 run of template "etl" may exist at once, and "etl-1" is not over [policy production]`; err != nil || r.Allowed || r.Code != 403 || r.Message != want {
		t.Errorf("got %v %d %s, %v", r.Allowed, r.Code, r.Message, err)
	}
	s.Runs = func(context.Context, *webhook.Request, *manifest.Node) ([]webhook.Refusal, error) {
		return nil, errors.New("no list")
	}
	_, err = webhook.Review(t.Context(), webhook.Runs, webhooktest.Request{Object: good}.Body(), s)
	var call *webhook.CallError
	if !errors.As(err, &call) || call.Status != 503 || call.Error() != "count the runs: no list" {
		t.Errorf("runs that cannot be counted: %v", err)
	}
}

// vault has names in one namespace only.
type vault struct{}

func (vault) Library(namespace, _ string, _ bool) (*resolve.Library, resolve.State) {
	return nil, vault{}.Object("", namespace, "")
}

func (vault) Object(_, namespace, _ string) resolve.State {
	if namespace != "vault" {
		return resolve.Unknown
	}
	return resolve.Absent
}

func (vault) Names(string, string) []string { return []string{"database-password"} }

// TestConfined: nobody learns by way of a Sensor what is in another namespace.
func TestConfined(t *testing.T) {
	for name, test := range map[string]struct{ namespace, want string }{
		"in the namespace":     {"vault", `did you mean "database-password"?`},
		"of another namespace": {"data", ""},
	} {
		t.Run(name, func(t *testing.T) {
			sensor := `{apiVersion: argoproj.io/v1alpha1, kind: Sensor, metadata: {name: a, namespace: ` + test.namespace + `}, spec: {dependencies: [{name: d, eventSourceName: e, eventName: x}], triggers: [{template: {name: t, argoWorkflow: {operation: submit, source: {resource: {apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {generateName: a-, namespace: vault}, spec: {entrypoint: main, templates: [{name: main, container: {image: "a:1", envFrom: [{secretRef: {name: database-passwor}}]}}]}}}}}}]}}`
			s := &webhook.State{Rules: rules.All(), World: vault{}}
			r, err := webhook.Review(t.Context(), webhook.Validate, webhooktest.Request{Object: sensor}.Body(), s)
			if err != nil {
				t.Fatal(err)
			}
			if test.want == "" && !r.Allowed || !strings.Contains(r.Message, test.want) {
				t.Errorf("got %v %s", r.Allowed, r.Message)
			}
		})
	}
}

// TestLater: a chart brings a CronWorkflow before its WorkflowTemplate.
func TestLater(t *testing.T) {
	spec := `{entrypoint: main, workflowTemplateRef: {name: etl}}`
	denies := func(context.Context, *webhook.Request) lint.Policies {
		return &terms{Rules: map[string][]lint.Setting{"template-unknown": {{Policy: "production", Severity: lint.Error}}}}
	}
	for sentence, test := range map[string]struct {
		object   string
		policies func(context.Context, *webhook.Request) lint.Policies
		allowed  bool
	}{
		"a schedule whose template may still come": {`{apiVersion: argoproj.io/v1alpha1, kind: CronWorkflow, metadata: {name: a, namespace: vault}, spec: {schedules: ["0 1 * * *"], workflowSpec: ` + spec + `}}`, nil, true},
		"one where a policy denies that":           {`{apiVersion: argoproj.io/v1alpha1, kind: CronWorkflow, metadata: {name: a, namespace: vault}, spec: {schedules: ["0 1 * * *"], workflowSpec: ` + spec + `}}`, denies, false},
		"a run, which starts at once":              {`{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: a, namespace: vault}, spec: ` + spec + `}`, nil, false},
		"a template that is a part of another one": {`{apiVersion: argoproj.io/v1alpha1, kind: WorkflowTemplate, metadata: {name: a, namespace: vault}, spec: {entrypoint: main, templates: [{name: main, steps: [[{name: b, templateRef: {name: etl, template: c}}]]}]}}`, nil, true},
		"and one that calls none of its own":       {`{apiVersion: argoproj.io/v1alpha1, kind: WorkflowTemplate, metadata: {name: a, namespace: vault}, spec: {entrypoint: main, templates: [{name: main, steps: [[{name: b, templateRef: {name: etl, template: c}}, {name: c, template: d}]]}]}}`, nil, false},
	} {
		s := &webhook.State{Rules: rules.All(), World: vault{}, Policies: test.policies}
		r, err := webhook.Review(t.Context(), webhook.Validate, webhooktest.Request{Object: test.object}.Body(), s)
		if err != nil || r.Allowed != test.allowed {
			t.Errorf("%s: %v %s, %v", sentence, r.Allowed, r.Message, err)
		}
		if told := strings.Join(r.Warnings, "\n") + r.Message; !strings.Contains(told, `refers to WorkflowTemplate "etl", which is`) || !strings.Contains(told, "[template-unknown") {
			t.Errorf("%s: nothing is told: %s", sentence, told)
		}
	}
}
