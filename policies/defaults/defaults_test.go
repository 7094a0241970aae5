package defaults_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
	"github.com/tiphys-dev/tiphys/policies/defaults"
	"github.com/tiphys-dev/tiphys/policies/mutate"
)

// always are policies that match everything.
type always struct{ terms *lint.Terms }

func (a always) Terms(*manifest.Node) *lint.Terms { return a.terms }

// world knows one library by each name.
type world map[string]string

func (w world) Library(_, name string, _ bool) (*resolve.Library, resolve.State) {
	text, ok := w[name]
	if !ok {
		return nil, resolve.Unknown
	}
	return resolve.LibraryOf(workflow.From(parse(nil, text).Root)[0]), resolve.Known
}
func (world) Object(string, string, string) resolve.State { return resolve.Unknown }
func (world) Names(string, string) []string               { return nil }

func parse(t *testing.T, text string) *manifest.Document {
	d := manifest.Parse(source.NewFile("in.yaml", []byte(text)))[0]
	if d.Root == nil {
		t.Fatalf("%s: %v", text, d.Problems)
	}
	return d
}

// compiled returns the defaults of policies, each "name: {defaults}" on a line.
func compiled(t *testing.T, text string) lint.Policies {
	t.Helper()
	var all []*defaults.Defaults
	for _, f := range parse(t, text).Root.Fields() {
		d, problems := defaults.Compile(f.Key.Value, f)
		for _, p := range problems {
			t.Fatalf("%s: %s", p.Node.Path(), p.Message)
		}
		all = append(all, d)
	}
	return always{&lint.Terms{Extra: defaults.Extras(all...)}}
}

const (
	pod  = "kind: Workflow\nspec: {templates: [{name: a, container: {image: x}}]}\n"
	libs = "kind: Workflow\nspec: {workflowTemplateRef: {name: %s}}\n"
)

// cases are what defaults write.
var cases = map[string]struct {
	policies, object string
	want             []string
}{
	"a missing subtree is one step": {"p: {containers: {resources: {limits: {memory: 1Gi, cpu: 1}, requests: {cpu: 100m}}}}", pod,
		[]string{`add /spec/templates/0/container/resources {"limits":{"cpu":1,"memory":"1Gi"},"requests":{"cpu":"100m"}}`}},
	"limits are filled up one by one": {"p: {containers: {resources: {limits: {memory: 1Gi, cpu: 1}}}}",
		"kind: Workflow\nspec: {templates: [{name: a, container: {image: x, resources: {limits: {memory: 4Gi}}}}]}\n",
		[]string{`add /spec/templates/0/container/resources/limits/cpu 1`}},
	"no request over the limit": {"p: {containers: {resources: {requests: {memory: 1Gi, cpu: 2}}}}",
		"kind: Workflow\nspec: {templates: [{name: a, container: {image: x, resources: {limits: {cpu: 1, memory: 2Gi}}}}]}\n",
		[]string{`add /spec/templates/0/container/resources/requests {"memory":"1Gi"}`}},
	"no limit under the request": {"p: {containers: {resources: {limits: {memory: 1Gi, cpu: 2}}}}",
		"kind: Workflow\nspec: {templates: [{name: a, container: {image: x, resources: {requests: {cpu: 4, memory: 1Gi}}}}]}\n",
		[]string{`add /spec/templates/0/container/resources/limits {"memory":"1Gi"}`}},
	"no limit beside a request that is a tag": {"p: {containers: {resources: {limits: {cpu: 2}}}}",
		"kind: Workflow\nspec: {templates: [{name: a, container: {image: x, resources: {requests: {cpu: \"{{=1}}\"}}}}]}\n", nil},
	"devices are requested as they are limited": {"p: {containers: {resources: {limits: {nvidia.com/gpu: 2}}}}",
		"kind: Workflow\nspec: {templates: [{name: a, container: {image: x, resources: {requests: {nvidia.com/gpu: 1}}}}]}\n", nil},
	"no device is requested alone": {"p: {containers: {resources: {limits: {nvidia.com/gpu: 1}, requests: {nvidia.com/gpu: 1}}}}",
		"kind: Workflow\nspec: {templates: [{name: a, container: {image: x, resources: {limits: {nvidia.com/gpu: 2}}}}]}\n", nil},
	"volumes and what is mounted": {"p: {spec: {volumes: [{name: tmp, emptyDir: {}}]}, containers: {volumeMounts: [{name: tmp, mountPath: /tmp}]}}", pod,
		[]string{`add /spec/templates/0/container/volumeMounts [{"mountPath":"/tmp","name":"tmp"}]`, `add /spec/volumes [{"emptyDir":{},"name":"tmp"}]`}},
	"no mount without its volume": {"p: {spec: {volumes: [{name: tmp, emptyDir: {}}]}, containers: {volumeMounts: [{name: tmp, mountPath: /tmp}]}}",
		"kind: Workflow\nspec: {volumes: [{name: x, emptyDir: {}}], templates: [{name: a, container: {image: x}}, {name: b, volumes: [{name: tmp, emptyDir: {}}], container: {image: x}}]}\n",
		[]string{`add /spec/templates/1/container/volumeMounts [{"mountPath":"/tmp","name":"tmp"}]`}},
	"no mount where an artifact is put": {"p: {spec: {volumes: [{name: tmp, emptyDir: {}}]}, containers: {volumeMounts: [{name: tmp, mountPath: /tmp}]}}",
		"kind: Workflow\nspec: {templates: [{name: a, inputs: {artifacts: [{name: x, path: /tmp}]}, container: {image: x}}]}\n",
		[]string{`add /spec/volumes [{"emptyDir":{},"name":"tmp"}]`}},
	"no volume in the place of another": {"p: {spec: {volumes: [{name: work, emptyDir: {}}]}, templates: {volumes: [{name: work, emptyDir: {}}]}}",
		"kind: Workflow\nspec: {volumeClaimTemplates: [{metadata: {name: work}}], templates: [{name: a, container: {image: x}}]}\n", nil},
	"init containers have no probes": {"p: {containers: {livenessProbe: {exec: {command: [a]}}}}",
		"kind: Workflow\nspec: {templates: [{name: a, container: {image: x}, initContainers: [{name: i, image: x}, {name: j, image: x, restartPolicy: Always}]}]}\n",
		[]string{`add /spec/templates/0/container/livenessProbe {"exec":{"command":["a"]}}`, `add /spec/templates/0/initContainers/1/livenessProbe {"exec":{"command":["a"]}}`}},
	"null and {} are silent": {"p: {containers: {resources: {limits: {cpu: 1}}}, spec: {ttlStrategy: {secondsAfterCompletion: 60}}}",
		"kind: Workflow\nspec: {ttlStrategy: null, templates: [{name: a, container: {image: x, resources: {}}}]}\n",
		[]string{`replace /spec/ttlStrategy {"secondsAfterCompletion":60}`, `add /spec/templates/0/container/resources/limits {"cpu":1}`}},
	"a ttlStrategy is one decision": {"p: {spec: {ttlStrategy: {secondsAfterSuccess: 60}}}",
		"kind: Workflow\nspec: {ttlStrategy: {secondsAfterCompletion: 5}, templates: []}\n", nil},
	"lists are not filled up": {"p: {spec: {tolerations: [{key: a}], imagePullSecrets: [{name: b}]}}",
		"kind: Workflow\nspec: {tolerations: [{key: c}], templates: []}\n", []string{`add /spec/imagePullSecrets [{"name":"b"}]`}},
	"an empty list is a word": {"p: {spec: {tolerations: [{key: a}]}}", "kind: Workflow\nspec: {tolerations: []}\n", nil},
	"what is of the wrong type is left alone": {"p: {containers: {resources: {limits: {cpu: 1}}}, podMetadata: {labels: {a: b}}}",
		"kind: Workflow\nspec: {podMetadata: [], templates: [{name: a, container: {image: x, resources: no}}]}\n", nil},
	"labels, annotations and those of pods": {"p: {metadata: {labels: {team: a, cost: b}, annotations: {x.io/y: z}}, podMetadata: {labels: {team: a}, annotations: {ad.datadoghq.com/tags: '{}'}}}",
		"kind: Workflow\nmetadata: {labels: {team: mine}}\nspec: {podMetadata: {labels: {team: mine}}}\n",
		[]string{`add /metadata/labels/cost "b"`, `add /metadata/annotations {"x.io/y":"z"}`, `add /spec/podMetadata/annotations {"ad.datadoghq.com/tags":"{}"}`}},
	"an object without metadata": {"p: {metadata: {labels: {team: a}}}", "kind: Workflow\nspec: {}\n", []string{`add /metadata {"labels":{"team":"a"}}`}},
	"runs of a CronWorkflow get the labels too": {"p: {metadata: {labels: {team: a, x: z}}, spec: {parallelism: 3}}",
		"kind: CronWorkflow\nmetadata: {name: n, labels: {team: b}}\nspec: {workflowMetadata: {labelsFrom: {x: {expression: a}}}, workflowSpec: {}}\n",
		[]string{`add /metadata/labels/x "z"`, `add /spec/workflowMetadata/labels {"team":"b"}`, `add /spec/workflowSpec/parallelism 3`}},
	"templates that run a pod": {"p: {templates: {activeDeadlineSeconds: 60, metadata: {annotations: {a: b}}}}",
		"kind: Workflow\nspec: {templates: [{name: a, script: {image: x}}, {name: b, dag: {tasks: [{name: t, inline: {container: {image: y}}}]}}, {name: c, suspend: {}}, {name: d, resource: {action: get}}, {name: e, http: {url: x}}]}\n",
		[]string{`add /spec/templates/0/activeDeadlineSeconds 60`, `add /spec/templates/0/metadata {"annotations":{"a":"b"}}`,
			`add /spec/templates/1/dag/tasks/0/inline/activeDeadlineSeconds 60`, `add /spec/templates/1/dag/tasks/0/inline/metadata {"annotations":{"a":"b"}}`,
			`add /spec/templates/3/activeDeadlineSeconds 60`, `add /spec/templates/3/metadata {"annotations":{"a":"b"}}`}},
	"a timeout is a deadline, and a daemon has none": {"p: {templates: {activeDeadlineSeconds: 60}}",
		"kind: Workflow\nspec: {templates: [{name: a, timeout: 5m, container: {image: x}}, {name: b, daemon: true, container: {image: x}}]}\n", nil},
	"templateDefaults are a word for all": {"p: {templates: {activeDeadlineSeconds: 60, retryStrategy: {limit: 2}}, containers: {resources: {limits: {cpu: 1, memory: 1Gi}}}}",
		"kind: Workflow\nspec: {templateDefaults: {activeDeadlineSeconds: 5, container: {resources: {limits: {cpu: 2}}}}, templates: [{name: a, container: {image: x}}]}\n",
		[]string{`add /spec/templates/0/container/resources {"limits":{"memory":"1Gi"}}`, `add /spec/templates/0/retryStrategy {"limit":2}`}},
	"what a template inherits is a word": {"p: {templates: {retryStrategy: {limit: 2}, tolerations: [{key: a}], securityContext: {runAsNonRoot: true}, metadata: {labels: {a: b, c: d}}}}",
		"kind: Workflow\nspec: {retryStrategy: {limit: 9}, tolerations: [{key: b}], securityContext: {fsGroup: 5}, podMetadata: {labels: {a: x}}, templates: [{name: a, container: {image: x}}]}\n",
		[]string{`add /spec/templates/0/metadata {"labels":{"c":"d"}}`}},
	"of spec and template the spec is written": {"p: {spec: {serviceAccountName: s}, templates: {serviceAccountName: t}}", pod, []string{`add /spec/serviceAccountName "s"`}},
	"a containerSet with its own retries": {"p: {templates: {retryStrategy: {limit: 2}}}",
		"kind: Workflow\nspec: {templates: [{name: a, containerSet: {retryStrategy: {retries: 1}, containers: [{name: m, image: x}]}}]}\n", nil},
	"all kinds of containers": {"p: {containers: {imagePullPolicy: Always}}",
		"kind: Workflow\nspec: {templates: [{name: a, script: {image: x}, initContainers: [{name: i, image: x}], sidecars: [{name: s, image: x, imagePullPolicy: Never}]}, {name: b, containerSet: {containers: [{name: m, image: x}]}}]}\n",
		[]string{`add /spec/templates/0/script/imagePullPolicy "Always"`, `add /spec/templates/0/initContainers/0/imagePullPolicy "Always"`, `add /spec/templates/1/containerSet/containers/0/imagePullPolicy "Always"`}},
	"a podSpecPatch is a word": {"p: {containers: {resources: {limits: {cpu: 1, memory: 1Gi}}}}",
		"kind: Workflow\nspec: {podSpecPatch: 'containers: [{name: main, resources: {limits: {cpu: 4}}}]', templates: [{name: a, container: {image: x}}]}\n",
		[]string{`add /spec/templates/0/container/resources {"limits":{"memory":"1Gi"}}`}},
	"a podSpecPatch that cannot be read may say anything": {"p: {containers: {resources: {limits: {cpu: 1}}}}",
		"kind: Workflow\nspec: {podSpecPatch: '{{workflow.parameters.patch}}', templates: [{name: a, container: {image: x}}]}\n", nil},
	"root stays root": {"p: {spec: {securityContext: {runAsNonRoot: true, fsGroup: 1}}, containers: {securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false}}}",
		"kind: Workflow\nspec: {templates: [{name: a, container: {image: x, securityContext: {runAsUser: 0, privileged: true}}}]}\n",
		[]string{`add /spec/securityContext {"fsGroup":1}`}},
	"the context of a pod is one of its containers": {"p: {containers: {securityContext: {runAsNonRoot: true, runAsUser: 7, readOnlyRootFilesystem: true}}}",
		"kind: Workflow\nspec: {securityContext: {runAsUser: 0}, templates: [{name: a, container: {image: x}}]}\n",
		[]string{`add /spec/templates/0/container/securityContext {"readOnlyRootFilesystem":true}`}},
	"capabilities are one decision": {"p: {containers: {securityContext: {capabilities: {add: [NET_ADMIN]}, privileged: false}}}",
		"kind: Workflow\nspec: {templates: [{name: a, container: {image: x, securityContext: {capabilities: {drop: [ALL]}}}}]}\n",
		[]string{`add /spec/templates/0/container/securityContext/privileged false`}},
	"the first of two policies": {"q: {spec: {parallelism: 9, priority: 2}}\np: {spec: {parallelism: 3}}", "kind: Workflow\nspec: {}\n",
		[]string{`add /spec/parallelism 3`, `add /spec/priority 2`}},
	"two policies fill one object": {"q: {containers: {resources: {limits: {cpu: 1}}}}\np: {containers: {resources: {limits: {memory: 1Gi}}}}", pod,
		[]string{`add /spec/templates/0/container/resources {"limits":{"cpu":1,"memory":"1Gi"}}`}},
	"a request of one over the limit of another": {"q: {containers: {resources: {requests: {cpu: 4}}}}\np: {containers: {resources: {limits: {cpu: 1}}}}", pod,
		[]string{`add /spec/templates/0/container/resources {"limits":{"cpu":1}}`}},
	"a library that is silent":    {"p: {spec: {podGC: {strategy: OnPodSuccess}, parallelism: 3}}", fmt.Sprintf(libs, "silent"), []string{`add /spec/parallelism 3`, `add /spec/podGC {"strategy":"OnPodSuccess"}`}},
	"a library that says it":      {"p: {podMetadata: {labels: {a: b, c: d}}, spec: {podGC: {strategy: OnPodSuccess}}}", fmt.Sprintf(libs, "says"), []string{`add /spec/podMetadata {"labels":{"c":"d"}}`}},
	"a library that is not known": {"p: {podMetadata: {labels: {a: b}}, spec: {podGC: {strategy: OnPodSuccess}}, metadata: {labels: {x: z}}}", fmt.Sprintf(libs, "other"), []string{`add /metadata {"labels":{"x":"z"}}`}},
	"a workflow in a Sensor": {"p: {metadata: {labels: {a: b}}, spec: {parallelism: 3, podGC: {strategy: OnPodSuccess}, activeDeadlineSeconds: 9}, containers: {imagePullPolicy: Always}}",
		"apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: s}\nspec: {triggers: [{template: {name: t, argoWorkflow: {operation: submit, source: {resource: {kind: Workflow, spec: {templates: [{name: a, container: {image: x}}]}}}, parameters: [{dest: spec.podGC.strategy}, {dest: spec.templates.0.container.imagePullPolicy}]}}}]}\n",
		[]string{`add /metadata/labels {"a":"b"}`, `add /spec/triggers/0/template/argoWorkflow/source/resource/spec/activeDeadlineSeconds 9`,
			`add /spec/triggers/0/template/argoWorkflow/source/resource/spec/parallelism 3`, `add /spec/triggers/0/template/argoWorkflow/source/resource/metadata {"labels":{"a":"b"}}`}},
	"objects of others":        {"p: {metadata: {labels: {a: b}}, spec: {parallelism: 3}}", "apiVersion: x.io/v1\nkind: Workflow\nspec: {}\n", nil},
	"a spec that is no object": {"p: {spec: {parallelism: 3}}", "kind: Workflow\nspec: [no]\n", nil},
	"a null spec of a cron":    {"p: {metadata: {labels: {a: b}}, spec: {parallelism: 3}}", "kind: CronWorkflow\nmetadata: {labels: {a: c}}\nspec: null\n", nil},
}

var known = world{
	"silent": "kind: WorkflowTemplate\nmetadata: {name: silent}\nspec: {entrypoint: a, templates: [{name: a, container: {image: x}}]}\n",
	"says":   "kind: WorkflowTemplate\nmetadata: {name: says}\nspec: {podGC: {strategy: OnPodCompletion}, podMetadata: {labels: {a: x}}}\n",
}

func TestDefaults(t *testing.T) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := lint.Options{Policies: compiled(t, c.policies), World: known}
			r, err := mutate.Apply(o, parse(t, c.object))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range r.Patch() {
				got = append(got, fmt.Sprintf("%s %s %s", p.Op, p.Path, patch.AppendJSON(nil, p.Value)))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if r.Rounds > 2 {
				t.Errorf("%d rounds: one should write all, and one find nothing", r.Rounds)
			}
		})
	}
}

func TestMessages(t *testing.T) {
	o := lint.Options{Policies: compiled(t, "q: {spec: {ttlStrategy: {secondsAfterCompletion: 60}}, metadata: {labels: {a.b/c: d}}}\np: {containers: {resources: {limits: {cpu: 1, memory: 1Gi}}}}")}
	r := lint.Run(o, source.NewFile("in.yaml", []byte(pod)))
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.String())
	}
	want := []string{
		`in.yaml:1:7: info: the Workflow says nothing of metadata: policy "q" sets metadata.labels["a.b/c"] to d [default-missing]`,
		`in.yaml:2:1: info: the Workflow says nothing of ttlStrategy: policy "q" sets ttlStrategy to {"secondsAfterCompletion":60} [default-missing]`,
		`in.yaml:2:30: info: the container of template "a" says nothing of resources: policy "p" sets resources.limits.cpu to 1, resources.limits.memory to 1Gi [default-missing]`,
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestCompileRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"{spec: {templates: []}}":                                           `templates of spec cannot have a default: say it in templates or containers`,
		"{templates: {dag: {tasks: []}}}":                                   `dag of templates cannot have a default`,
		"{containers: {name: x}}":                                           `name of containers cannot have a default`,
		"{containers: {resources: {limits: {cpu: 1}, requests: {cpu: 2}}}}": `requests.cpu 2 is over limits.cpu 1: it needs to be at most the limit`,
		"{containers: {resources: {requests: {nvidia.com/gpu: 2}}}}":        `requests.nvidia.com/gpu has no limits.nvidia.com/gpu: it cannot be shared`,
		"{containers: {restartPolicy: Always}}":                             `restartPolicy of containers cannot have a default`,
		"{spec: {synchronization: {mutexes: [{name: a}]}}, templates: {synchronization: {mutexes: [{name: b}, {name: a}]}}}": `mutex "a" is that of spec, which a workflow holds until it is done, so each run would wait for itself: name it in spec alone, or in templates alone`,
		"{templates: {daemon: true}}": `daemon of templates cannot have a default`,
	} {
		n := parse(t, "d: "+in).Root.Get("d")
		_, problems := defaults.Compile("p", n)
		var got []string
		for _, p := range problems {
			got = append(got, p.Message)
		}
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
	for what, in := range map[string]string{
		"different mutexes":           "{spec: {synchronization: {mutexes: [{name: a}]}}, templates: {synchronization: {mutexes: [{name: b}]}}}",
		"mutexes of other namespaces": "{spec: {synchronization: {mutexes: [{name: a, namespace: x}]}}, templates: {synchronization: {mutexes: [{name: a}]}}}",
		"mutexes of each call":        "{spec: {synchronization: {mutexes: [{name: '{{=x}}'}]}}, templates: {synchronization: {mutexes: [{name: '{{=x}}'}]}}}",
	} {
		if _, problems := defaults.Compile("p", parse(t, "d: "+in).Root.Get("d")); problems != nil {
			t.Errorf("%s: %v", what, problems)
		}
	}
	if d, problems := defaults.Compile("p", nil); !d.Empty() || problems != nil {
		t.Error("no defaults are none")
	}
}
