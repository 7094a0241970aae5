package schema_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/schema"
)

// problems formats what is wrong with an object for a version of Argo Workflows.
func problems(t *testing.T, kind, text string, v schema.Version) string {
	t.Helper()
	var b strings.Builder
	c := schema.Checker{Argo: v, Report: func(p schema.Problem) {
		fmt.Fprintf(&b, "%s: %s\n", p.Node.Path(), p.Message)
	}}
	c.Check(object(t, text), schema.Lookup(kind))
	return b.String()
}

func TestCheck(t *testing.T) {
	for what, c := range map[string]struct {
		kind, in, want string
		version        schema.Version
	}{
		"a misspelt field": {in: "spec: {templates: [{dag: {tasks: [{name: a, dependancies: [b]}]}}]}",
			want: `spec.templates[0].dag.tasks[0].dependancies: unknown field "dependancies" in a DAG task; did you mean "dependencies"?`},
		"a field in the wrong case": {in: "spec: {entryPoint: main}",
			want: `spec.entryPoint: unknown field "entryPoint" in a workflow spec; did you mean "entrypoint"?`},
		"a field that belongs in an object beside it": {in: "spec: {templates: [{image: alpine, container: {command: [sh]}}]}",
			want: `spec.templates[0].image: unknown field "image" in a template; did you mean "container.image"?`},
		"a field that belongs further up": {in: "spec: {templates: [{container: {image: alpine, retryStrategy: {limit: 2}}}]}",
			want: `spec.templates[0].container.retryStrategy: unknown field "retryStrategy" in "container"; it belongs further up, in a template`},
		"a field like nothing else": {in: "spec: {zebra: 1}",
			want: `spec.zebra: unknown field "zebra" in a workflow spec`},
		"an unknown field of the metadata": {in: "metadata: {nam: x}",
			want: `metadata.nam: unknown field "nam" in "metadata"; did you mean "name"?`},
		"an unknown field in a list of Kubernetes objects": {in: "spec: {volumes: [{name: a, emptydir: {}}]}",
			want: `spec.volumes[0].emptydir: unknown field "emptydir" in an item of "volumes"; did you mean "emptyDir"?`},
		"a depends in a step": {in: "spec: {templates: [{steps: [[{name: a, depends: b}]]}]}",
			want: `spec.templates[0].steps[0][0].depends: unknown field "depends" in a step`},

		"a string for an integer": {in: `spec: {parallelism: "4"}`,
			want: `spec.parallelism: "parallelism" must be an integer, not the string "4"; write 4`},
		"a tag for an integer": {in: `spec: {parallelism: "{{workflow.parameters.n}}"}`,
			want: `spec.parallelism: "parallelism" must be an integer, not the string "{{workflow.parameters.n}}": a tag cannot stand here`},
		"a fraction for an integer": {in: `spec: {parallelism: 1.5}`,
			want: `spec.parallelism: "parallelism" must be an integer, not the number 1.5`},
		"a number that is whole after all": {in: `spec: {parallelism: 2.0, priority: 1e3}`},
		"an integer out of range": {in: `spec: {priority: 3000000000}`,
			want: `spec.priority: "priority" must be an integer: 3000000000 is out of its range`},
		"an integer for a string": {in: `spec: {templates: [{container: {env: [{name: PORT, value: 8080}]}}]}`,
			want: `spec.templates[0].container.env[0].value: "value" must be a string, not the integer 8080; write "8080"`},
		"a boolean for a label": {in: `metadata: {labels: {app: true}}`,
			want: `metadata.labels.app: "app" must be a string, not true; write "true"`},
		"a number in a list of strings": {in: `spec: {templates: [{container: {args: [1, a]}}]}`,
			want: `spec.templates[0].container.args[0]: an item of "args" must be a string, not the integer 1; write "1"`},
		"a string for a list": {in: `spec: {templates: [{container: {command: sh}}]}`,
			want: `spec.templates[0].container.command: "command" must be a list, not the string "sh"; write ["sh"]`},
		"a string for a boolean": {in: `spec: {suspend: "true"}`,
			want: `spec.suspend: "suspend" must be true or false, not the string "true"; write true`},
		"an object for a list": {in: `spec: {templates: {name: main}}`,
			want: `spec.templates: "templates" must be a list, not an object; begin each item with a dash, "- "`},
		"a list for an object": {in: `spec: []`,
			want: `spec: "spec" must be an object, not a list`},
		"a step that is no group": {in: `spec: {templates: [{steps: [{name: a}]}]}`,
			want: `spec.templates[0].steps[0]: a group of steps must be a list, not an object; begin it with "- - ": it is a list in a list`},
		"a plugin with two keys": {in: `spec: {templates: [{plugin: {a: {}, b: {}}}]}`,
			want: `spec.templates[0].plugin: "plugin" must have exactly one key, not 2`},
		"an object that becomes an empty parameter": {in: `spec: {arguments: {parameters: [{name: a, value: {b: c}}]}}`,
			want: `spec.arguments.parameters[0].value: "value" must be a string, number or boolean: Argo makes an empty string of an object; write it as JSON text`},
		"a time that is none": {in: `metadata: {creationTimestamp: yesterday}`,
			want: `metadata.creationTimestamp: "creationTimestamp" must be a time such as 2006-01-02T15:04:05Z, not the string "yesterday"`},
		"text that is not base64": {in: `spec: {templates: [{http: {url: x, bodyFrom: {bytes: "%"}}}]}`,
			want: `spec.templates[0].http.bodyFrom.bytes: "bytes" must be a string in base64, not the string "%"`},
		"a boolean for an integer or string": {in: `spec: {templates: [{retryStrategy: {limit: true}}]}`,
			want: `spec.templates[0].retryStrategy.limit: "limit" must be an integer or a string, not true`},
		"a negative depth": {in: `spec: {arguments: {artifacts: [{name: a, git: {depth: -1}}]}}`,
			want: `spec.arguments.artifacts[0].git.depth: "depth" must be an integer from 0: -1 is out of its range`},

		"a value that is none of its field": {in: `spec: {templates: [{container: {imagePullPolicy: Allways}}]}`,
			want: `spec.templates[0].container.imagePullPolicy: imagePullPolicy "Allways" is none of Always, IfNotPresent, Never; did you mean "Always"?`},
		"a value of a long list": {in: `spec: {templates: [{container: {lifecycle: {stopSignal: SIGTREM}}}]}`,
			want: `spec.templates[0].container.lifecycle.stopSignal: stopSignal "SIGTREM" is none of its 65 values, such as SIGABRT; did you mean "SIGTERM"?`},
		"a value that is a tag":         {in: `spec: {templates: [{container: {imagePullPolicy: "{{inputs.parameters.p}}"}}]}`},
		"a value that is empty":         {in: `spec: {templates: [{retryStrategy: {retryPolicy: ""}}]}`},
		"a value that Argo lint checks": {in: `spec: {podGC: {strategy: Foo}}`, want: `spec.podGC.strategy: strategy "Foo" is none of OnPodCompletion, OnPodSuccess, OnWorkflowCompletion, OnWorkflowSuccess`},

		"a removed field": {kind: "CronWorkflow", in: `spec: {schedule: "* * * * *"}`,
			want: `spec.schedule: "schedule" was removed in Argo Workflows 4.0; use "schedules", a list (if you run an older version, say so: argoVersion)`},
		"a removed field in a version that has it": {kind: "CronWorkflow", in: `spec: {schedule: "* * * * *"}`, version: schema.Version{Major: 3, Minor: 7}},
		"a field of a newer version": {kind: "CronWorkflow", in: `spec: {schedules: ["* * * * *"]}`, version: schema.Version{Major: 3, Minor: 5},
			want: `spec.schedules: "schedules" came with Argo Workflows 3.6: version 3.5 does not know it`},
		"a removed mutex": {in: `spec: {synchronization: {mutex: {name: a}}}`,
			want: `spec.synchronization.mutex: "mutex" was removed in Argo Workflows 4.0; use "mutexes", a list (if you run an older version, say so: argoVersion)`},

		"null everywhere":                {in: `{metadata: null, spec: {templates: null, arguments: {parameters: [null]}, parallelism: null, suspend: null}}`},
		"a status as a cluster gives it": {in: `{metadata: {managedFields: [{whatever: 1}]}, status: {nodes: {a: {b: c}}}}`},
		"loop items of all types":        {in: `spec: {templates: [{dag: {tasks: [{withItems: [1, a, true, {b: c}, [d], null]}]}}]}`},
		"values of all scalar types":     {in: `spec: {arguments: {parameters: [{name: a, value: 1, default: 1.5, enum: [true, x, 2]}]}}`},
		"quantities as text and numbers": {in: `spec: {templates: [{container: {resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 0.5}}}}]}`},
		"a document that is no object":   {in: `[a]`, want: `: a Workflow must be an object, not a list`},

		"a workflow embedded in a sensor": {kind: "Sensor", in: `spec: {triggers: [{template: {k8s: {operation: create, source: {resource: {apiVersion: argoproj.io/v1alpha1, kind: Workflow, spec: {entrypont: a, triggers: 1}}}}}}]}`,
			want: `spec.triggers[0].template.k8s.source.resource.spec.entrypont: unknown field "entrypont" in a workflow spec; did you mean "entrypoint"?
spec.triggers[0].template.k8s.source.resource.spec.triggers: unknown field "triggers" in a workflow spec`},
		"another object embedded in a sensor": {kind: "Sensor", in: `spec: {triggers: [{template: {k8s: {source: {resource: {apiVersion: v1, kind: Pod, whatever: 1}}}}}]}`},
		"a workflow of another group":         {kind: "Sensor", in: `spec: {triggers: [{template: {k8s: {source: {resource: {apiVersion: example.com/v1, kind: Workflow, whatever: 1}}}}}]}`},
		"a field of a trigger one too deep": {kind: "Sensor", in: `spec: {triggers: [{template: {name: a, rateLimit: {unit: Second}}}]}`,
			want: `spec.triggers[0].template.rateLimit: unknown field "rateLimit" in a trigger template; it belongs further up, in a trigger`},
	} {
		t.Run(what, func(t *testing.T) {
			if c.kind == "" {
				c.kind = "Workflow"
			}
			if c.want != "" {
				c.want += "\n"
			}
			if diff := cmp.Diff(c.want, problems(t, c.kind, c.in, c.version)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblemsSayHowToMendThem(t *testing.T) {
	for what, c := range map[string]struct {
		in   string
		want schema.Problem
	}{
		"a string for an integer": {`spec: {parallelism: "4"}`, schema.Problem{Kind: schema.WrongType, Value: 4}},
		"an integer for a string": {`spec: {entrypoint: 4}`, schema.Problem{Kind: schema.WrongType, Value: "4"}},
		"a string for a list":     {`spec: {templates: [{container: {args: a}}]}`, schema.Problem{Kind: schema.WrongType, Value: []any{"a"}}},
		"a misspelt field":        {`spec: {entrypont: a}`, schema.Problem{Kind: schema.UnknownField, Suggestion: "entrypoint"}},
		"a misspelt value":        {`spec: {shutdown: stop}`, schema.Problem{Kind: schema.BadValue, Suggestion: "Stop"}},
		"a lost value":            {`spec: {arguments: {parameters: [{value: []}]}}`, schema.Problem{Kind: schema.LostValue, Ignored: true}},
	} {
		t.Run(what, func(t *testing.T) {
			var got []schema.Problem
			schema.Check(object(t, c.in), "Workflow", func(p schema.Problem) {
				got = append(got, schema.Problem{Kind: p.Kind, Value: p.Value, Suggestion: p.Suggestion, Ignored: p.Ignored})
			})
			if diff := cmp.Diff([]schema.Problem{c.want}, got, cmp.AllowUnexported(schema.Type{})); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLookup(t *testing.T) {
	for _, kind := range schema.Kinds() {
		if got := schema.Lookup(kind); got == nil || schema.ByName(got.Name) != got {
			t.Errorf("Lookup(%q) = %v", kind, got)
		}
	}
	for _, kind := range []string{"", "Pod", "Flow", "events.Sensor", "workflow"} {
		if schema.Known(kind) {
			t.Errorf("Known(%q) = true", kind)
		}
	}
	if got := schema.Lookup("Workflow").Field("spec").Type().Field("templates").Type().Elem().Name; got != "Template" {
		t.Errorf("spec.templates[] of a Workflow is a %q", got)
	}
	schema.Check(nil, "Workflow", func(p schema.Problem) { t.Errorf("nothing has a problem: %s", p.Message) })
}

func TestManyUnknownFieldsTakeLinearTime(t *testing.T) {
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, ",\"parallelismm%d\":{}", i)
	}
	n, found := node(t, []byte(`{"spec":{`+b.String()[1:]+`}}`)), 0
	start := time.Now()
	schema.Check(n, "Workflow", func(schema.Problem) { found++ })
	if took := time.Since(start); found != 100_000 || took > 5*time.Second {
		t.Errorf("%d problems in %s", found, took)
	}
}
