package defaults_test

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/fix"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/schema"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies/defaults"
	"github.com/tiphys-dev/tiphys/policies/mutate"
)

type tree = map[string]any

// dice make policies and objects.
type dice struct{ *rand.Rand }

func (d dice) one(all ...any) any { return all[d.Intn(len(all))] }

// some returns some of the fields.
func (d dice) some(in map[string]func() any, often int) tree {
	out := tree{}
	for _, k := range slices.Sorted(maps.Keys(in)) {
		if d.Intn(10) < often {
			out[k] = in[k]()
		}
	}
	return out
}

func (d dice) pick(all ...any) func() any { return func() any { return d.one(all...) } }

func (d dice) labels() any {
	return any(d.some(map[string]func() any{"a": d.pick("x", "y"), "b.c/d": d.pick("x", "y"), "e": d.pick("z")}, 4))
}

func (d dice) metadata() any {
	return any(d.some(map[string]func() any{"labels": d.labels, "annotations": d.labels}, 6))
}

func (d dice) quantities() any {
	return any(d.some(map[string]func() any{"cpu": d.pick("1", 2, "500m"), "memory": d.pick("1Gi", "64Mi", "4Gi"), "nvidia.com/gpu": d.pick(1, 2)}, 4))
}

func (d dice) security() any {
	return any(d.some(map[string]func() any{"runAsUser": d.pick(0, 1000), "runAsNonRoot": d.pick(true, false), "runAsGroup": d.pick(0, 5)}, 4))
}

func (d dice) container() tree {
	return d.some(map[string]func() any{
		"resources": func() any {
			return any(d.some(map[string]func() any{"limits": d.quantities, "requests": d.quantities}, 6))
		},
		"imagePullPolicy": d.pick("Always", "Never"), "env": d.pick([]any{tree{"name": "A", "value": "b"}}, []any{}),
		"securityContext": func() any {
			s := d.security().(tree)
			maps.Copy(s, d.some(map[string]func() any{"privileged": d.pick(true, false), "allowPrivilegeEscalation": d.pick(false)}, 3))
			return any(s)
		},
	}, 4)
}

func (d dice) shared() map[string]func() any {
	return map[string]func() any{
		"serviceAccountName": d.pick("s", "t"), "nodeSelector": d.pick(tree{"a": "b"}, tree{"c": "d"}), "tolerations": d.pick([]any{tree{"key": "k"}}, []any{}),
		"retryStrategy": d.pick(tree{"limit": 2}, tree{"limit": "3", "retryPolicy": "Always"}), "activeDeadlineSeconds": d.pick(60, 600),
		"securityContext": d.security, "priorityClassName": d.pick("p"), "podSpecPatch": d.pick(`{"containers":[{"name":"main","resources":{"limits":{"cpu":"9"}}}]}`),
		"affinity": d.pick(tree{"nodeAffinity": tree{}}), "automountServiceAccountToken": d.pick(false),
	}
}

func (d dice) spec() tree {
	in := d.shared()
	delete(in, "priorityClassName")
	maps.Copy(in, map[string]func() any{
		"podPriorityClassName": d.pick("p", "q"),
		"ttlStrategy":          d.pick(tree{"secondsAfterCompletion": 5}, tree{"secondsAfterSuccess": 9}), "podGC": d.pick(tree{"strategy": "OnPodSuccess"}, tree{}),
		"parallelism": d.pick(1, 5), "archiveLogs": d.pick(true, false), "imagePullSecrets": d.pick([]any{tree{"name": "x"}}),
	})
	return d.some(in, 3)
}

func (d dice) template() tree {
	in := d.shared()
	in["metadata"] = d.metadata
	in["timeout"] = d.pick("5m")
	return d.some(in, 2)
}

func (d dice) policy() tree {
	return d.some(map[string]func() any{
		"metadata": d.metadata, "podMetadata": d.metadata, "spec": func() any { return any(d.spec()) },
		"templates": func() any { return any(d.template()) }, "containers": func() any { return any(d.container()) },
	}, 7)
}

func (d dice) object() tree {
	spec := d.spec()
	if d.Intn(3) == 0 {
		spec["podMetadata"] = d.metadata()
	}
	if d.Intn(6) == 0 {
		spec["workflowTemplateRef"] = tree{"name": d.one("silent", "says", "other")}
	} else {
		var all []any
		for i := range 1 + d.Intn(3) {
			t := d.template()
			t["name"] = fmt.Sprint("t", i)
			c := d.container()
			switch d.Intn(6) {
			case 0:
				t["script"] = c
			case 1:
				c["name"] = "m"
				t["containerSet"] = tree{"containers": []any{c}}
			case 2:
				t["dag"] = tree{"tasks": []any{tree{"name": "x", "inline": tree{"container": c}}}}
			case 3:
				t["daemon"] = true
				fallthrough
			default:
				t["container"] = c
			}
			if d.Intn(4) == 0 {
				s := d.container()
				s["name"] = "side"
				t[d.one("sidecars", "initContainers").(string)] = []any{s}
			}
			all = append(all, t)
		}
		spec["templates"] = all
		if d.Intn(3) == 0 {
			t := d.template()
			t["container"] = d.container()
			spec["templateDefaults"] = t
		}
	}
	o := tree{"apiVersion": "argoproj.io/v1alpha1", "kind": d.one("Workflow", "WorkflowTemplate"), "metadata": d.metadata(), "spec": spec}
	switch d.Intn(5) {
	case 0:
		o["kind"], o["spec"] = "CronWorkflow", tree{"schedules": []any{"0 0 * * *"}, "workflowSpec": spec}
	case 1:
		o["kind"] = "Workflow"
		o = tree{"apiVersion": "argoproj.io/v1alpha1", "kind": "Sensor", "metadata": tree{"name": "s"}, "spec": tree{"triggers": []any{tree{"template": tree{
			"name": "t", "argoWorkflow": tree{"source": tree{"resource": o}, "parameters": []any{tree{"dest": d.one("spec.parallelism", "spec.templates.0", "metadata")}}}}}}}}
	}
	return o
}

// kept checks that all that was said is still said.
func kept(before, after *manifest.Node) error {
	switch {
	case !before.Set():
		return nil
	case before.Kind != after.Kind && before.Kind != manifest.Map || after == nil:
		return fmt.Errorf("%s was %s", before.Path(), before.Kind)
	case before.Kind == manifest.Map:
		for _, c := range before.Children {
			if err := kept(c, after.Get(c.Key.Value)); err != nil {
				return err
			}
		}
		return nil
	case before.Kind == manifest.List:
		if len(before.Children) != len(after.Children) {
			return fmt.Errorf("%s has another length", before.Path())
		}
		for i, c := range before.Children {
			if err := kept(c, after.Children[i]); err != nil {
				return err
			}
		}
		return nil
	case before.Value != after.Value:
		return fmt.Errorf("%s was %s and is %s", before.Path(), before.Value, after.Value)
	}
	return nil
}

func problems(n *manifest.Node) map[string]bool {
	out := map[string]bool{}
	schema.Check(n, n.Get("kind").Text(), func(p schema.Problem) { out[p.Message] = true })
	return out
}

// drawn are the defaults of some random policies.
func (d dice) drawn() []*defaults.Defaults {
	var all []*defaults.Defaults
	for i := range 1 + d.Intn(3) {
		text := string(patch.AppendJSON(nil, patch.Node(d.policy())))
		if c, problems := defaults.Compile(fmt.Sprint("p", i), manifest.ParseJSON(source.NewFile("", []byte(text))).Root); len(problems) == 0 {
			all = append(all, c)
		}
	}
	return all
}

func TestDefaultsNeverOverruleAndComeToRest(t *testing.T) {
	done := 0
	for seed := range int64(2500) {
		d := dice{rand.New(rand.NewSource(seed))}
		all := d.drawn()
		o := lint.Options{Policies: always{&lint.Terms{Extra: defaults.Extras(all...)}}, World: known}
		text := patch.AppendJSON(nil, patch.Node(d.object()))
		doc := manifest.ParseJSON(source.NewFile("in.json", text))
		r, err := mutate.Apply(o, doc)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		done += len(r.Done)
		if r.Rounds > 2 {
			t.Errorf("seed %d: %d rounds\n%s", seed, r.Rounds, text)
		}
		if err := kept(r.Before, r.After); err != nil {
			t.Errorf("seed %d: overruled: %v\n%s", seed, err, text)
		}
		had := problems(r.Before)
		for p := range problems(r.After) {
			if !had[p] {
				t.Errorf("seed %d: the result has a new problem: %s\n%s", seed, p, patch.AppendJSON(nil, r.After))
			}
		}
		for _, p := range r.Patch() {
			if p.Op != "add" {
				t.Errorf("seed %d: %s of %s", seed, p.Op, p.Path)
			}
		}
		slices.Reverse(all)
		o.Policies = always{&lint.Terms{Extra: defaults.Extras(all...)}}
		again, err := mutate.Apply(o, doc)
		if err != nil || !patch.Equal(r.After, again.After) {
			t.Errorf("seed %d: the order of policies matters: %v", seed, err)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d defaults were written", done)
}

// TestFilesGetWhatAdmissionWrites is the parity of the two ways to mend.
func TestFilesGetWhatAdmissionWrites(t *testing.T) {
	for seed := range int64(800) {
		d := dice{rand.New(rand.NewSource(seed))}
		o := lint.Options{Policies: always{&lint.Terms{Extra: defaults.Extras(d.drawn()...)}}, World: known, Fixes: true}
		text := yaml(d.object(), "")
		r, err := mutate.Apply(o, parse(t, text))
		if err != nil {
			t.Fatal(err)
		}
		f := source.NewFile("in.yaml", []byte(text))
		for range 10 {
			results := fix.Files(lint.Run(o, f).Findings, false)
			if len(results) == 0 || len(results[0].Done) == 0 {
				break
			}
			f = source.NewFile("in.yaml", results[0].Text)
		}
		if got := manifest.Parse(f)[0].Root; !patch.Equal(got, r.After) {
			t.Fatalf("seed %d: %s of\n%s\ngave\n%s", seed, patch.JSON(patch.Diff(got, r.After)), text, f.Bytes)
		}
	}
}

// yaml writes a value in blocks, as people do.
func yaml(v any, indent string) string {
	var b strings.Builder
	switch v := v.(type) {
	case tree:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			fmt.Fprintf(&b, "%s%s:%s", indent, k, below(v[k], indent+"  "))
		}
	case []any:
		for _, e := range v {
			fmt.Fprintf(&b, "%s-%s", indent, below(e, indent+"  "))
		}
	}
	return b.String()
}

func below(v any, indent string) string {
	if m, ok := v.(tree); ok && len(m) > 0 {
		return "\n" + yaml(m, indent)
	}
	if l, ok := v.([]any); ok && len(l) > 0 {
		return "\n" + yaml(l, indent)
	}
	return " " + string(patch.AppendJSON(nil, patch.Node(v))) + "\n"
}
