package concurrency_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
	"github.com/tiphys-dev/tiphys/policies/concurrency"
	"github.com/tiphys-dev/tiphys/policies/mutate"
)

func parse(t testing.TB, text string) *manifest.Document {
	t.Helper()
	d := manifest.Parse(source.NewFile("in.yaml", []byte(text)))[0]
	if d.Root == nil {
		t.Fatalf("%s: %v", text, d.Problems)
	}
	return d
}

func limit(t testing.TB, policy, text string) *concurrency.Limit {
	t.Helper()
	n := parse(t, text).Root
	most, _ := n.Get("max").Int()
	l := &concurrency.Limit{
		Policy: policy, Max: int(most), Per: v1alpha1.ConcurrencyKey(n.Get("per").Text()), Label: n.Get("label").Text(), Exceeded: v1alpha1.Queue,
	}
	if e := n.Get("exceeded"); e.Set() {
		l.Exceeded = v1alpha1.Exceeded(e.Text())
	}
	return l
}

type always struct{ terms *lint.Terms }

func (a always) Terms(*manifest.Node) *lint.Terms { return a.terms }

func terms(all ...*concurrency.Limit) lint.Policies {
	t := &lint.Terms{}
	for _, l := range all {
		t.Extra = append(t.Extra, lint.Extra{Rule: l.Rule(), Setting: lint.Setting{Policy: l.Policy, Severity: lint.Info}})
	}
	return always{t}
}

type world map[string]string

func (w world) Library(_, name string, _ bool) (*resolve.Library, resolve.State) {
	text, ok := w[name]
	if !ok {
		return nil, resolve.Unknown
	}
	d := manifest.Parse(source.NewFile("", []byte(text)))[0]
	return resolve.LibraryOf(workflow.From(d.Root)[0]), resolve.Known
}
func (world) Object(string, string, string) resolve.State { return resolve.Unknown }
func (world) Names(string, string) []string               { return nil }

var libraries = world{
	"etl":   "kind: WorkflowTemplate\nmetadata: {name: etl}\nspec: {entrypoint: a}\n",
	"locks": "kind: WorkflowTemplate\nmetadata: {name: locks}\nspec: {entrypoint: a, synchronization: {mutexes: [{name: theirs}]}, workflowMetadata: {labels: {team: b}}}\n",
}

const (
	mark    = `add /metadata {"labels":{"concurrency.tiphys.dev/p":"%s"}}`
	cron    = "kind: CronWorkflow\nmetadata: {name: nightly, namespace: etl}\nspec: {workflowSpec: {entrypoint: a}}\n"
	cronRun = "kind: Workflow\nmetadata: {labels: {workflows.argoproj.io/cron-workflow: nightly}}\nspec: {entrypoint: a}\n"
)

func TestRule(t *testing.T) {
	for name, c := range map[string]struct {
		limit, object string
		want          []string
	}{
		"one run of a CronWorkflow takes a mutex": {"{max: 1, per: cron}", cron, []string{
			`add /spec/workflowSpec/synchronization {"mutexes":[{"name":"tiphys_p_nightly"}]}`, `add /spec/workflowMetadata {"labels":{"concurrency.tiphys.dev/p":"nightly"}}`}},
		"more runs take a semaphore": {"{max: 3, per: cron}", cron, []string{
			`add /spec/workflowSpec/synchronization {"semaphores":[{"configMapKeyRef":{"key":"p_nightly","name":"tiphys-concurrency"}}]}`, `add /spec/workflowMetadata {"labels":{"concurrency.tiphys.dev/p":"nightly"}}`}},
		"reject only marks":          {"{max: 1, per: cron, exceeded: reject}", cron, []string{`add /spec/workflowMetadata {"labels":{"concurrency.tiphys.dev/p":"nightly"}}`}},
		"a run that Argo made of it": {"{max: 1, per: cron, exceeded: reject}", cronRun, []string{`add /metadata/labels/concurrency.tiphys.dev~1p "nightly"`}},
		"a run of nothing":           {"{max: 1, per: cron}", "kind: Workflow\nspec: {entrypoint: a}\n", nil},
		"a library makes no runs":    {"{max: 1, per: namespace}", "kind: WorkflowTemplate\nmetadata: {name: a, namespace: b}\nspec: {entrypoint: a}\n", nil},
		"per namespace":              {"{max: 1, per: namespace, exceeded: reject}", "kind: Workflow\nmetadata: {namespace: etl}\nspec: {entrypoint: a}\n", []string{`add /metadata/labels {"concurrency.tiphys.dev/p":"etl"}`}},
		"per template": {"{max: 1, per: template}", "kind: Workflow\nspec: {workflowTemplateRef: {name: etl}}\n", []string{
			`add /spec/synchronization {"mutexes":[{"name":"tiphys_p_etl"}]}`, fmt.Sprintf(mark, "etl")}},
		"the locks of the template stay": {"{max: 1, per: template}", "kind: Workflow\nspec: {workflowTemplateRef: {name: locks}}\n", []string{
			`add /spec/synchronization {"mutexes":[{"name":"theirs"},{"name":"tiphys_p_locks"}]}`, fmt.Sprintf(mark, "locks")}},
		"a ClusterWorkflowTemplate is another": {"{max: 1, per: template, exceeded: reject}", "kind: Workflow\nspec: {workflowTemplateRef: {name: etl, clusterScope: true}}\n", []string{fmt.Sprintf(mark, "cluster_etl")}},
		"a template that is not known":         {"{max: 1, per: template}", "kind: Workflow\nspec: {workflowTemplateRef: {name: other}}\n", nil},
		"it is no matter where the run has its own list": {"{max: 1, per: template}", "kind: Workflow\nspec: {synchronization: {mutexes: []}, workflowTemplateRef: {name: other}}\n",
			[]string{`add /spec/synchronization/mutexes/- {"name":"tiphys_p_other"}`, fmt.Sprintf(mark, "other")}},
		"per label":              {"{max: 1, per: label, label: team, exceeded: reject}", "kind: Workflow\nmetadata: {labels: {team: a}}\nspec: {entrypoint: a}\n", []string{`add /metadata/labels/concurrency.tiphys.dev~1p "a"`}},
		"a label of the library": {"{max: 1, per: label, label: team, exceeded: reject}", "kind: Workflow\nspec: {workflowTemplateRef: {name: locks}}\n", []string{fmt.Sprintf(mark, "b")}},
		"without the label":      {"{max: 1, per: label, label: team}", "kind: Workflow\nspec: {entrypoint: a}\n", nil},
		"old and new locks of the user stay": {"{max: 1, per: cron}", "kind: CronWorkflow\nmetadata: {name: m}\nspec: {workflowMetadata: {labels: {concurrency.tiphys.dev/p: m}}, workflowSpec: {synchronization: {mutex: {name: a}, mutexes: [{name: b}], semaphores: [{configMapKeyRef: {name: c, key: d}}]}}}\n",
			[]string{`add /spec/workflowSpec/synchronization/mutexes/- {"name":"tiphys_p_m"}`}},
		"a lock of another day goes": {"{max: 2, per: cron}", "kind: CronWorkflow\nmetadata: {name: m}\nspec: {workflowMetadata: {labels: {concurrency.tiphys.dev/p: m}}, workflowSpec: {synchronization: {mutexes: [{name: b}, {name: tiphys_p_m}], semaphores: [{configMapKeyRef: {name: tiphys-concurrency, key: p_m}}]}}}\n",
			[]string{`remove /spec/workflowSpec/synchronization/mutexes/1 null`}},
		"a mark of another day is written anew": {"{max: 1, per: cron, exceeded: reject}", "kind: Workflow\nmetadata: {labels: {workflows.argoproj.io/cron-workflow: nightly, concurrency.tiphys.dev/p: free}}\nspec: {entrypoint: a}\n",
			[]string{`replace /metadata/labels/concurrency.tiphys.dev~1p "nightly"`}},
		"a name that is a tag":          {"{max: 1, per: template}", "kind: Workflow\nspec: {workflowTemplateRef: {name: '{{x}}'}}\n", nil},
		"nothing that can be marked":    {"{max: 1, per: cron, exceeded: reject}", "kind: CronWorkflow\nmetadata: {name: m}\nspec: {workflowMetadata: [], workflowSpec: {}}\n", nil},
		"a CronWorkflow without a spec": {"{max: 1, per: cron}", "kind: CronWorkflow\nmetadata: {name: m}\n", nil},
		"a workflow in a Sensor": {"{max: 1, per: template}", "kind: Sensor\nmetadata: {namespace: etl}\nspec: {triggers: [{template: {argoWorkflow: {source: {resource: {kind: Workflow, spec: {workflowTemplateRef: {name: etl}}}}}}}]}\n", []string{
			`add /spec/triggers/0/template/argoWorkflow/source/resource/spec/synchronization {"mutexes":[{"name":"tiphys_p_etl"}]}`,
			`add /spec/triggers/0/template/argoWorkflow/source/resource/metadata {"labels":{"concurrency.tiphys.dev/p":"etl"}}`}},
	} {
		t.Run(name, func(t *testing.T) {
			o := lint.Options{Policies: terms(limit(t, "p", c.limit)), World: libraries}
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
			again := lint.Run(o, source.NewFile("again.json", patch.AppendJSON(nil, r.After)))
			if len(c.want) > 0 && len(again.Findings) > 0 {
				t.Errorf("after the fix: %s", again.Findings[0])
			}
		})
	}
}

func TestTwoLimitsOfOneRun(t *testing.T) {
	o := lint.Options{Policies: terms(limit(t, "p", "{max: 1, per: cron}"), limit(t, "q", "{max: 1, per: namespace}"), limit(t, "r", "{max: 4, per: namespace}"))}
	r, err := mutate.Apply(o, parse(t, cron))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"mutexes":[{"name":"tiphys_p_nightly"},{"name":"tiphys_q_etl"}],"semaphores":[{"configMapKeyRef":{"key":"r_etl","name":"tiphys-concurrency"}}]}`
	if got := string(patch.AppendJSON(nil, r.After.At("spec", "workflowSpec", "synchronization"))); got != want {
		t.Error(got)
	}
}

func TestMessages(t *testing.T) {
	for in, want := range map[string]string{
		cron: `the CronWorkflow has no label concurrency.tiphys.dev/p and no mutex "tiphys_p_nightly", by which policy "p" limits the runs of CronWorkflow "nightly" in namespace "etl" to 1: admission writes it, so try again where that has failed`,
		"kind: CronWorkflow\nmetadata: {name: n-x7k2p, generateName: n-}\nspec: {workflowSpec: {entrypoint: a}}\n":                                                         `the CronWorkflow has no label concurrency.tiphys.dev/p and no mutex "tiphys_p_n-x7k2p", by which policy "p" limits the runs of CronWorkflow "n-x7k2p" to 1: admission cannot write it, as the name is made up only after that; give the CronWorkflow a name of its own`,
		"kind: CronWorkflow\nmetadata: {name: m}\nspec: {workflowMetadata: {labels: {concurrency.tiphys.dev/p: m}}, workflowSpec: {workflowTemplateRef: {name: other}}}\n": `the CronWorkflow has no lock by which policy "p" limits the runs of CronWorkflow "m" to 1, and it cannot be given one while it is not known which locks its template "other" has: try again, or write spec.synchronization`,
	} {
		r := lint.Run(lint.Options{Policies: terms(limit(t, "p", "{max: 1, per: cron}")), World: libraries}, source.NewFile("in.yaml", []byte(in)))
		if len(r.Findings) != 1 || r.Findings[0].Message != want {
			t.Errorf("got %v, want %s", r.Findings, want)
		}
	}
}

func TestWants(t *testing.T) {
	l := limit(t, "p", "{max: 3, per: namespace}")
	k, _ := l.OfRun("etl", nil)
	w, ok := l.Wants(k)
	if diff := cmp.Diff(concurrency.Want{Namespace: "etl", ConfigMap: "tiphys-concurrency", Key: "p_etl", Value: "3"}, w); diff != "" || !ok {
		t.Error(diff)
	}
	for _, none := range []string{"{max: 1, per: namespace}", "{max: 3, per: namespace, exceeded: reject}"} {
		if w, ok := limit(t, "p", none).Wants(k); ok {
			t.Errorf("%s wants %v", none, w)
		}
	}
}

func TestNamesThatAreTooLong(t *testing.T) {
	a, b := strings.Repeat("a", 80)+"1", strings.Repeat("a", 80)+"2"
	l := limit(t, a, "{max: 2, per: cron}")
	k, _ := l.OfRun("n", map[string]string{"workflows.argoproj.io/cron-workflow": a})
	other, _ := l.OfRun("n", map[string]string{"workflows.argoproj.io/cron-workflow": b})
	if len(k.Value) > 63 || k == other || len(l.Mark()) > len("concurrency.tiphys.dev/")+63 || l.Mark() == limit(t, b, "{max: 2, per: cron}").Mark() {
		t.Errorf("%v, %v, %s", k, other, l.Mark())
	}
}

func TestDecide(t *testing.T) {
	night := time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)
	run := func(name string, hour int) concurrency.Run {
		return concurrency.Run{UID: "uid-" + name, Name: name, Started: night.Add(time.Duration(hour) * time.Hour)}
	}
	one, three := limit(t, "p", "{max: 1, per: cron, exceeded: reject}"), limit(t, "p", "{max: 3, per: namespace, exceeded: reject}")
	k, _ := one.OfRun("etl", map[string]string{"workflows.argoproj.io/cron-workflow": "nightly"})
	n, _ := three.OfRun("etl", nil)
	var many []concurrency.Run
	for i := range 8 {
		many = append(many, run(fmt.Sprint("r", i), 8-i))
	}
	for name, c := range map[string]struct {
		limit   *concurrency.Limit
		key     concurrency.Key
		holders []concurrency.Run
		want    string // "" for allowed
	}{
		"nobody":                {one, k, nil, ""},
		"the run itself":        {one, k, []concurrency.Run{run("new", 1)}, ""},
		"the run of last night": {one, k, []concurrency.Run{run("nightly-17", 0)}, `1 run of CronWorkflow "nightly" in namespace "etl" may exist at once, and "nightly-17" is not over: wait, or stop it with argo stop nightly-17 -n etl`},
		"with the same label": {limit(t, "p", "{max: 1, per: label, label: team, exceeded: reject}"), concurrency.Key{Policy: "p", Per: "label", Namespace: "etl", Value: "ml"}, []concurrency.Run{run("a", 0)},
			`1 run of label team "ml" in namespace "etl" may exist at once, and "a" is not over: wait, or stop it with argo stop a -n etl`},
		"one that is told twice":  {three, n, []concurrency.Run{run("a", 0), run("a", 0), run("b", 0)}, ""},
		"two that nobody knows":   {three, n, []concurrency.Run{{Name: "a"}, {Name: "b"}, {Name: "c"}}, `3 runs of namespace "etl" may exist at once, and "a", "b" and "c" are not over: wait, or stop the oldest with argo stop a -n etl`},
		"the oldest comes first":  {three, n, []concurrency.Run{run("b", 2), run("a", 3), run("c", 1)}, `3 runs of namespace "etl" may exist at once, and "c", "b" and "a" are not over: wait, or stop the oldest with argo stop c -n etl`},
		"more than can be listed": {three, n, many, `3 runs of namespace "etl" may exist at once, and "r7", "r6", "r5", "r4", "r3" and 3 more are not over: wait, or stop the oldest with argo stop r7 -n etl`},
	} {
		v := concurrency.Decide(c.limit, c.key, run("new", 9), c.holders)
		if v.Allowed != (c.want == "") || v.Message != c.want {
			t.Errorf("%s: %v %q, want %q", name, v.Allowed, v.Message, c.want)
		}
	}
}

// TestRunsAreCountedAsTheyAreMade is what counting by metadata rests on: a run
// has the key, by its labels alone, that it was admitted by.
func TestRunsAreCountedAsTheyAreMade(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	one := func(all ...string) string { return all[r.Intn(len(all))] }
	for range 3000 {
		l := limit(t, one("p", "a.b", strings.Repeat("long.", 20)+"x"), one("{max: 1, per: cron}", "{max: 2, per: template}", "{max: 1, per: namespace, exceeded: reject}", "{max: 2, per: label, label: team}"))
		text := "kind: " + one("Workflow", "Workflow", "CronWorkflow") + "\nmetadata: {name: " + one("n", strings.Repeat("n", 70)) + one("", ", labels: {}", ", labels: {team: a_b, workflows.argoproj.io/cron-workflow: c}") + "}\n"
		spec := "{" + one("entrypoint: a", "workflowTemplateRef: {name: "+one("etl", "locks", "other")+one("", ", clusterScope: true")+"}") + one("", ", synchronization: {mutexes: [{name: x}]}", ", synchronization: {semaphores: []}") + "}"
		if strings.Contains(text, "CronWorkflow\n") {
			text += "spec: {workflowSpec: " + spec + one("", ", workflowMetadata: {labels: {team: x}}") + "}\n"
		} else {
			text += "spec: " + spec + "\n"
		}
		o := lint.Options{Policies: terms(l), World: libraries}
		res, err := mutate.Apply(o, parse(t, text))
		if err != nil {
			t.Fatal(err)
		}
		w := workflow.From(res.After)[0]
		library, _ := libraries.Library("", w.Spec.At("workflowTemplateRef", "name").Text(), false)
		k, ok := l.Of(w, "ns", library)
		if !ok || len(res.Done) == 0 {
			continue
		}
		labels := map[string]string{}
		for _, f := range append(res.After.At("metadata", "labels").Fields(), res.After.At("spec", "workflowMetadata", "labels").Fields()...) {
			labels[f.Key.Value] = f.Value
		}
		if res.After.Get("kind").Text() == "CronWorkflow" {
			delete(labels, "workflows.argoproj.io/cron-workflow")
		}
		if l.Per != "namespace" && labels[l.Mark()] != k.Value {
			t.Fatalf("%s\nis marked %q, not %q", text, labels[l.Mark()], k.Value)
		}
		if got, ok := l.OfRun(k.Namespace, labels); !ok || got != k {
			t.Fatalf("%s\nis counted as %v, and was admitted as %v", text, got, k)
		}
		if again, err := mutate.Apply(o, &manifest.Document{Root: res.After, File: source.NewFile("again", nil)}); err != nil || len(again.Done) > 0 {
			t.Fatalf("%s\nis mended again: %v %v", patch.AppendJSON(nil, res.After), err, again.Done)
		}
	}
}
