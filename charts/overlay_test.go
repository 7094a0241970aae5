package charts

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

// A flow is one workflow as the tests below lay overlays over it.
const (
	cron = `
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: etl}
spec:
  schedules: ["0 1 * * *"]
  workflowSpec:
    arguments: {parameters: [{name: day, value: today}, {name: full, valueFrom: {configMapKeyRef: {name: a, key: b}}}]}
    templates:
      - {name: main, container: {image: "r.example.com:5000/etl:1.4", resources: {requests: {cpu: 1, memory: 1Gi}}}}
`
	oldCron = "{apiVersion: argoproj.io/v1alpha1, kind: CronWorkflow, metadata: {name: old}, spec: {schedule: \"0 1 * * *\"}}\n"
	train   = `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: train, labels: {team: ml, old: "1"}}
spec:
  templateDefaults: {container: {image: tools}}
  templates:
    - name: main
      steps: [[{name: a, template: script}], [{name: b, template: set}]]
    - name: script
      metadata: {labels: {image: tools}}
      script: {image: "tools@sha256:abc", source: "{{=sprig.now()}}"}
      initContainers: [{name: wait, image: "wait:1"}]
    - name: set
      containerSet: {containers: [{name: one, image: "tools:1"}, {name: two, image: "{{workflow.parameters.image}}"}]}
      sidecars: [{name: proxy, image: "proxy:1", resources: {limits: {cpu: 1}}}]
`
	submitted = "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {generateName: run-}, spec: {workflowTemplateRef: {name: train}}}\n"
)

// Each row lays values over a document; want is what of the result is looked
// at, found by a path of keys, of list indexes and of names within lists.
func TestOverlay(t *testing.T) {
	type row struct {
		file, values string
		want         map[string]any
	}
	tests := map[string]row{
		"suspend":               {cron, `{etl: {suspend: true}}`, map[string]any{"spec.suspend": true}},
		"suspend of a template": {train, `{train: {suspend: true}}`, map[string]any{"spec.suspend": true}},
		"schedules and timezone": {cron, `{etl: {schedules: ["0 3 * * *", "0 4 * * *"], timezone: Europe/Berlin}}`,
			map[string]any{"spec.schedules": []any{"0 3 * * *", "0 4 * * *"}, "spec.timezone": "Europe/Berlin"}},
		"one schedule, where the file says schedule": {oldCron, `{old: {schedules: ["0 3 * * *"]}}`,
			map[string]any{"spec.schedule": "0 3 * * *", "spec.schedules": nil}},
		"several schedules, where the file says schedule": {oldCron, `{old: {schedules: [a, b]}}`,
			map[string]any{"spec.schedule": nil, "spec.schedules": []any{"a", "b"}}},

		"an image by its repository, of a registry with a port": {cron, `{etl: {images: {"r.example.com:5000/etl": "other/etl:2"}}}`,
			map[string]any{"spec.workflowSpec.templates.main.container.image": "other/etl:2"}},
		"a tag, and a digest": {train, `{train: {images: {tools: ":2", proxy: "@sha256:def"}}}`, map[string]any{
			"spec.templates.script.script.image": "tools:2", "spec.templates.set.containerSet.containers.one.image": "tools:2",
			"spec.templateDefaults.container.image": "tools:2", "spec.templates.set.sidecars.proxy.image": "proxy@sha256:def",
			"spec.templates.script.initContainers.wait.image": "wait:1", "spec.templates.script.metadata.labels.image": "tools",
		}},
		"a whole image before its repository": {train, `{train: {images: {tools: ":2", "tools:1": "tools:one"}}}`, map[string]any{
			"spec.templates.set.containerSet.containers.one.image": "tools:one", "spec.templates.script.script.image": "tools:2",
		}},
		"an image that is a tag": {train, `{train: {images: {"{{workflow.parameters.image}}": x}}}`, map[string]any{
			"spec.templates.set.containerSet.containers.two.image": "x",
		}},

		"resources of a container": {cron, `{etl: {resources: {main: {requests: {memory: 8Gi}, limits: {memory: 9Gi}}}}}`, map[string]any{
			"spec.workflowSpec.templates.main.container.resources": map[string]any{
				"requests": map[string]any{"cpu": 1.0, "memory": "8Gi"}, "limits": map[string]any{"memory": "9Gi"}},
		}},
		"resources of a script, of one of a set, and of a sidecar": {train,
			`{train: {resources: {script: {requests: {cpu: 2}}, set.one: {requests: {cpu: 3}}, set.proxy: {limits: {cpu: null, memory: 1Gi}}}}}`, map[string]any{
				"spec.templates.script.script.resources.requests.cpu":                   2.0,
				"spec.templates.set.containerSet.containers.one.resources.requests.cpu": 3.0,
				"spec.templates.set.sidecars.proxy.resources":                           map[string]any{"limits": map[string]any{"memory": "1Gi"}},
			}},

		"parameters": {cron, `{etl: {parameters: {day: "2026-01-01", full: true}}}`, map[string]any{
			"spec.workflowSpec.arguments.parameters": []any{
				map[string]any{"name": "day", "value": "2026-01-01"}, map[string]any{"name": "full", "value": "true"}},
		}},
		"parameters that are no text": {cron, `{etl: {parameters: {day: 1000000, full: [1, {a: b}]}}}`, map[string]any{
			"spec.workflowSpec.arguments.parameters.day.value": "1000000", "spec.workflowSpec.arguments.parameters.full.value": `[1,{"a":"b"}]`,
		}},
		"a parameter that another template may declare": {submitted, `{run: {parameters: {day: x}}}`, map[string]any{
			"spec.arguments.parameters": []any{map[string]any{"name": "day", "value": "x"}},
		}},

		"labels and annotations": {train, `{train: {labels: {team: null, env: "1"}, annotations: {a: b}}}`, map[string]any{
			"metadata.labels": map[string]any{"old": "1", "env": "1"}, "metadata.annotations": map[string]any{"a": "b"},
		}},
		"spec": {cron, `{etl: {spec: {concurrencyPolicy: Forbid, workflowSpec: {templates: [{name: main, container: {args: [a]}}]}}}}`, map[string]any{
			"spec.concurrencyPolicy": "Forbid", "spec.workflowSpec.templates.main.container.args": []any{"a"},
			"spec.workflowSpec.templates.main.container.image": "r.example.com:5000/etl:1.4",
		}},

		"everything, from weak to strong": {cron,
			`{"CronWorkflow/etl": {timezone: "4"}, etl: {timezone: "3", labels: {b: "3"}}, "CronWorkflow/*": {timezone: "2", labels: {b: "2", c: "2"}}, "*": {timezone: "1", labels: {a: "1"}}}`,
			map[string]any{"spec.timezone": "4", "metadata.labels": map[string]any{"a": "1", "b": "3", "c": "2"}}},
		"a wildcard that is for nothing here":  {train, `{"CronWorkflow/*": {suspend: true}}`, map[string]any{"spec.suspend": nil}},
		"an overlay that is null":              {cron, `{etl: null, other: null}`, map[string]any{"spec.suspend": nil}},
		"global values of Helm are no overlay": {cron, "{}\nglobal: {a: b}", map[string]any{"spec.suspend": nil}},
	}
	for name, test := range tests {
		for version, helm := range helms {
			t.Run(name+", "+version, func(t *testing.T) {
				t.Parallel()
				out, err := template(t, helm(t), chart(t, map[string]string{"flow.yaml": test.file}), "workflows: "+test.values)
				if err != nil {
					t.Fatal(err)
				}
				got := meaning(t, out)
				for path, want := range test.want {
					if diff := cmp.Diff(want, at(got, path)); diff != "" {
						t.Errorf("%s (-want +got):\n%s\n%s", path, diff, out)
					}
				}
			})
		}
	}
}

// at returns what lies at a path of keys and, in lists, of names.
func at(node any, path string) any {
	for _, key := range strings.Split(path, ".") {
		switch n := node.(type) {
		case map[string]any:
			node = n[key]
		case []any:
			node = nil
			for _, item := range n {
				if m, ok := item.(map[string]any); ok && m["name"] == key {
					node = m
				}
			}
		default:
			return nil
		}
	}
	return node
}

// The rules of merging, as rows of a table: spec.x of the file, spec.x of the
// overlay, and what comes out.
func TestMerge(t *testing.T) {
	tests := map[string]struct{ file, overlay, want string }{
		"a value replaces a value":                  {`{x: 1}`, `{x: two}`, `{x: two}`},
		"maps merge":                                {`{x: {a: 1, b: {c: 2}}}`, `{x: {b: {d: 3}}}`, `{x: {a: 1, b: {c: 2, d: 3}}}`},
		"null removes":                              {`{x: {a: 1, b: 2}}`, `{x: {a: null}}`, `{x: {b: 2}}`},
		"null removes a list":                       {`{x: [1], y: 1}`, `{x: null}`, `{y: 1}`},
		"null for what is not there":                {`{y: 1}`, `{x: {a: null, b: 1}}`, `{y: 1, x: {b: 1}}`},
		"a list replaces a list":                    {`{x: [1, 2]}`, `{x: [3]}`, `{x: [3]}`},
		"a list that is empty replaces":             {`{x: [{name: a}]}`, `{x: []}`, `{x: []}`},
		"lists of names merge, new ones at the end": {`{x: [{name: a, v: 1}, {name: b, w: 2}]}`, `{x: [{name: c, v: 9}, {name: b, v: 3, w: null}]}`, `{x: [{name: a, v: 1}, {name: b, v: 3}, {name: c, v: 9}]}`},
		"a name that stands twice: replaced":        {`{x: [{name: a, p: /1}, {name: a, p: /2}]}`, `{x: [{name: a, p: /3}]}`, `{x: [{name: a, p: /3}]}`},
		"an item without a name: replaced":          {`{x: [{name: a}, {b: 1}]}`, `{x: [{name: a, c: 1}]}`, `{x: [{name: a, c: 1}]}`},
		"steps are replaced":                        {`{steps: [[{name: a}], [{name: b}]]}`, `{steps: [[{name: b, when: x}]]}`, `{steps: [[{name: b, when: x}]]}`},
		"a null in the file":                        {`{x: null, y: null}`, `{x: {a: 1}}`, `{x: {a: 1}, y: null}`},
		"false, zero and nothing are values":        {`{x: true, y: 1, z: a}`, `{x: false, y: 0, z: ""}`, `{x: false, y: 0, z: ""}`},
		"nulls in what is new are left out":         {`{}`, `{x: [{name: a, b: null}]}`, `{x: [{name: a}]}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := minimal + "a\nspec: " + test.file + "\n"
			out, err := template(t, testbin.Helm4(t), chart(t, map[string]string{"flow.yaml": file}), "workflows: {a: {spec: "+test.overlay+"}}")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(meaning(t, test.want), at(meaning(t, out), "spec")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Two documents get one overlay, and neither gets what a stronger overlay lays
// over the other.
func TestOverlaysAreNotShared(t *testing.T) {
	dir := chart(t, map[string]string{"a.yaml": minimal + "a\n", "b.yaml": minimal + "b\n"})
	out, err := template(t, testbin.Helm3(t), dir, `workflows: {"*": {spec: {x: {y: 1}, z: [{name: a, b: {c: 1}}], l: [[{d: 1}]]}}, a: {spec: {x: {y: 2}, z: [{name: a, b: {c: 2}}]}}}`)
	if err != nil {
		t.Fatal(err)
	}
	got := meaning(t, documents(t, out)["b.yaml:1, with an overlay"])
	if diff := cmp.Diff(meaning(t, `{x: {y: 1}, z: [{name: a, b: {c: 1}}], l: [[{d: 1}]]}`), at(got, "spec")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An overlay is for each document of its name; the others stay as they are.
func TestWhichDocuments(t *testing.T) {
	list := "apiVersion: v1\nkind: List\nitems:\n  - " + strings.ReplaceAll(strings.TrimSpace(minimal+"x"), "\n", "\n    ") +
		"\n  - " + strings.ReplaceAll(strings.TrimSpace(minimal+"y"), "\n", "\n    ") + "\n  - {kind: ConfigMap, apiVersion: v1, metadata: {name: x}}\n"
	files := map[string]string{
		"cron.yaml": cron, "same.yaml": strings.ReplaceAll(train, "name: train", "name: etl"), "run.yaml": submitted + "---\n# {{tag}}\n" + minimal + "z\n",
		"list.yaml": list, "other.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: etl}\n",
	}
	tests := map[string]struct {
		values string
		want   []string // as they come out, in any order
	}{
		"by name, a CronWorkflow and a template alike": {`{etl: {labels: {a: b}}}`,
			[]string{"cron.yaml:2, with an overlay", "list.yaml:1", "other.yaml:1", "run.yaml:1", "run.yaml:3", "same.yaml:2, with an overlay"}},
		"by kind and name": {`{WorkflowTemplate/etl: {labels: {a: b}}}`,
			[]string{"cron.yaml:2", "list.yaml:1", "other.yaml:1", "run.yaml:1", "run.yaml:3", "same.yaml:2, with an overlay"}},
		"by generateName, left out": {`{run: {enabled: false}}`,
			[]string{"cron.yaml:2", "list.yaml:1", "other.yaml:1", "run.yaml:3", "same.yaml:2"}},
		"changed by nothing": {`{"*": {}, etl: {enabled: true, labels: {}, suspend: null}, z: {spec: {a: null}}}`,
			[]string{"cron.yaml:2", "list.yaml:1", "other.yaml:1", "run.yaml:1", "run.yaml:3", "same.yaml:2"}},
		"all left out but one": {`{"*": {enabled: false}, z: {enabled: true}}`,
			[]string{"list.yaml:1, with an overlay", "other.yaml:1", "run.yaml:3"}},
		"an item of a list": {`{x: {labels: {a: b}}}`,
			[]string{"cron.yaml:2", "list.yaml:1, with an overlay", "other.yaml:1", "run.yaml:1", "run.yaml:3", "same.yaml:2"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := template(t, testbin.Helm3(t), chart(t, files), "workflows: "+test.values)
			if err != nil {
				t.Fatal(err)
			}
			got := documents(t, out)
			want := map[string]bool{}
			for _, from := range test.want {
				want[from] = true
			}
			for from := range got {
				if !want[from] {
					t.Errorf("%s came out", from)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d documents came out, want %v", len(got), test.want)
			}
		})
	}
	out, err := template(t, testbin.Helm3(t), chart(t, files), `workflows: {x: {enabled: false}, etl: {suspend: true}}`)
	if err != nil {
		t.Fatal(err)
	}
	all := documents(t, out)
	if got, _ := at(meaning(t, all["list.yaml:1, with an overlay"]), "items").([]any); len(got) != 2 {
		t.Errorf("x was to be left out of the list, which has %v", got)
	}
	if at(meaning(t, all["cron.yaml:2, with an overlay"]), "spec.suspend") != true || at(meaning(t, all["same.yaml:2, with an overlay"]), "spec.suspend") != nil {
		t.Error("suspend of both a CronWorkflow and a template was to be that of the CronWorkflow")
	}
}

// What would be lost without a word fails, and says what there is.
func TestFailures(t *testing.T) {
	large := minimal + "a\nspec: {x: 0x7fffffffffffffff}\n"
	tests := map[string]struct{ file, values, want string }{
		"a name that no file has":       {cron + "---" + train, `{elt: {suspend: true}}`, `workflows.elt: there is no workflow "elt" below workflows/; there are etl, train`},
		"a kind and name that none has": {cron + "---" + train, `{Workflow/etl: {suspend: true}}`, `there is no workflow "etl" below workflows/; there are CronWorkflow/etl, WorkflowTemplate/train`},
		"no workflow at all":            {"kind: ConfigMap", `{etl: {}}`, `no file below workflows/ has any`},
		"a kind that is none":           {cron, `{Job/etl: {}}`, `"Job" is no kind of workflow; the kinds are Workflow, WorkflowTemplate, ClusterWorkflowTemplate, CronWorkflow`},
		"a key that is unknown":         {cron, `{etl: {suspended: true}}`, `workflows.etl.suspended: an overlay knows no "suspended"; it knows enabled, suspend, schedules,`},
		"a text for a bool":             {cron, `{etl: {suspend: "yes"}}`, `workflows.etl.suspend is "yes", where a bool is needed`},
		"a schedule that is no list":    {cron, `{etl: {schedules: "0 1 * * *"}}`, `where a list is needed`},
		"no map":                        {cron, `{etl: 1}`, `workflows.etl is no map`},
		"an image that nothing uses":    {cron, `{etl: {images: {etl: x}}}`, `workflows.etl.images: no image "etl" is used; there are r.example.com:5000/etl:1.4`},
		"a template that is not there":  {train, `{train: {resources: {scirpt: {}}}}`, `there is no template "scirpt"; there are main, script, set`},
		"a template without container":  {train, `{train: {resources: {main: {}}}}`, `template "main" has no such container; it has none`},
		"a template with several":       {train, `{train: {resources: {set: {}}}}`, `template "set" has no such container; it has set.one, set.two, set.proxy`},
		"an argument that is not there": {cron, `{etl: {parameters: {dya: x}}}`, `workflows.etl.parameters: there is no argument "dya"; there are day, full`},
		"a schedule of a template":      {train, `{train: {schedules: [a]}}`, `workflows.train.schedules: "train" is no CronWorkflow but a WorkflowTemplate`},
		"a map over a list":             {cron, `{etl: {spec: {schedules: {a: b}}}}`, `workflows.etl.spec.schedules is a map in the overlay and a list in the workflow`},
		"a spec for two kinds":          {cron + "---" + train, `{"*": {spec: {a: b}}}`, `write "CronWorkflow/*" and "WorkflowTemplate/*"`},
		"a file that is no YAML":        {minimal + "a\nspec: [\n", `{a: {}}`, `workflows/flow.yaml:1: error converting YAML to JSON`},
		"a number that Helm rounds":     {large, `{a: {}}`, `workflows/flow.yaml:1: x holds a number that is too large for Helm to keep its digits: put it in quotes`},
		"a number beyond all numbers":   {strings.ReplaceAll(large, "0x7fffffffffffffff", "99999999999999999999"), `{a: {}}`, `99999999999999999999 is too large for a number`},
		"two numbers that are one":      {strings.ReplaceAll(large, "0x7fffffffffffffff", "9007199254740993, y: 9007199254740992"), `{a: {}}`, `too large for Helm to keep its digits`},
		"a number of the overlay":       {minimal + "a\n", `{a: {spec: {x: 9007199254740993}}}`, `workflows.a: x holds a number that is too large for Helm to keep its digits`},
		"a number that is infinite":     {minimal + "a\nspec: {x: .inf}\n", `{a: {}}`, `unsupported value: +Inf`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := chart(t, map[string]string{"flow.yaml": test.file})
			out, err := template(t, testbin.Helm4(t), dir, "workflows: "+test.values, "--skip-schema-validation")
			if err == nil {
				t.Fatalf("it renders:\n%s", out)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %s\nwant %s", err, test.want)
			}
		})
	}
}

// Helm holds the values under the name of the library against its schema.
func TestSchema(t *testing.T) {
	tests := map[string]struct{ values, want string }{
		"a key that is unknown":      {`{etl: {suspended: true}}`, "suspended"},
		"a text for a bool":          {`{etl: {suspend: "yes"}}`, "etl"},
		"a label that is a number":   {`{etl: {labels: {a: 1}}}`, "labels"},
		"a kind that is none":        {`{Job/etl: {}}`, "Job/etl"},
		"a resource that is unknown": {`{etl: {resources: {main: {request: {}}}}}`, "request"},
	}
	for name, test := range tests {
		for version, helm := range helms {
			t.Run(name+", "+version, func(t *testing.T) {
				t.Parallel()
				out, err := template(t, helm(t), chart(t, map[string]string{"flow.yaml": cron}), "workflows: "+test.values)
				if err == nil || !strings.Contains(err.Error(), "schema") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %s%v, want a word about %q against the schema", out, err, test.want)
				}
			})
		}
	}
}

// What Helm reads and writes for an overlay still means the same, where YAML
// makes that hard.
func TestScalarsSurvive(t *testing.T) {
	const file = minimal + `a
spec:
  texts: ["010", "yes", "1e3", "0x1F", "1_000", "12:30:45", "~", "", "null", "=", "2026-01-01", "0o17", ".5", "NaN", "y", " a", "a ", "a: b", "#", "9007199254740993", "- x", "{{a}}", "\t", "\u2028é😀", "\ufeffa", "\0\x07"]
  numbers: [010, 1e3, 0x1F, 1_000, 1000000, 123456789012345, 0.1, -5, 1.0, 1.5e-7, 12345678.9]
  large: {max: 9223372036854775807, min: -9223372036854775808, next: 9007199254740993, again: 9007199254740993}
  bools: [yes, no, on, off, true]
  dates: [2026-01-01, 12:30:45]
  on: key
  1: key
  "010": key
  block: |
    a

      b {{c}}
  folded: >-
    a
    b
  base: &base {a: 1}
  anchors: {<<: *base, b: 2}
  script: "a\r\nb\n\n"
`
	for name, file := range map[string]string{"as YAML": file, "as JSON, as YAML takes a next line for white space": file + "  next: \"a\\u0085b\"\n"} {
		for version, helm := range helms {
			t.Run(name+", "+version, func(t *testing.T) {
				t.Parallel()
				out, err := template(t, helm(t), chart(t, map[string]string{"flow.yaml": file}), "workflows: {a: {labels: {b: c}}}")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(at(meaning(t, file), "spec"), at(meaning(t, out), "spec")); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				for digits, times := range map[string]int{"9223372036854775807": 1, "-9223372036854775808": 1, "9007199254740993": 3} {
					if strings.Count(out, digits) != times {
						t.Errorf("%s stands not %d times in\n%s", digits, times, out)
					}
				}
			})
		}
	}
}

// The chart is a chart to all that helm does with one.
func TestHelmLintsAndPackages(t *testing.T) {
	dir := chart(t, map[string]string{"flow.yaml": cron})
	for version, helm := range helms {
		for _, args := range [][]string{{"lint", "--strict", dir}, {"package", dir, "-d", t.TempDir()}, {"dependency", "list", dir}, {"dependency", "update", dir}, {"lint", filepath.Join(dir, "charts", "workflows")}} {
			if out, err := exec.Command(helm(t), args...).CombinedOutput(); err != nil {
				t.Errorf("%s %s: %v\n%s", version, args[0], err, out)
			}
		}
	}
}
