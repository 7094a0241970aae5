package schema_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/xeipuuv/gojsonschema"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/schema"
)

// TestJSONSchemaAgrees holds the file for editors and Check to one verdict, on
// good manifests and on good ones that were broken in one place.
func TestJSONSchemaAgrees(t *testing.T) {
	text, err := os.ReadFile("json/argo.json")
	if err != nil {
		t.Fatal(err)
	}
	file, err := gojsonschema.NewSchema(gojsonschema.NewBytesLoader(text))
	if err != nil {
		t.Fatal(err)
	}
	agree := func(what, kind string, b []byte) (good bool) {
		problem := ""
		schema.Check(node(t, b), kind, func(p schema.Problem) { problem = p.Node.Path() + ": " + p.Message })
		result, err := file.Validate(gojsonschema.NewBytesLoader(b))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if result.Valid() != (problem == "") {
			t.Errorf("%s: Check says %q, JSON Schema %v\n%s", what, problem, result.Errors(), b)
		}
		return problem == ""
	}
	random := rand.New(rand.NewPCG(1, 2))
	broken := 0
	corpusObjects(t, func(name, kind string, b []byte) {
		if !agree(name, kind, b) {
			return
		}
		for range 8 {
			var o map[string]any
			if err := json.Unmarshal(b, &o); err != nil {
				t.Fatal(err)
			}
			what := mutate(random, o)
			changed, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			if !agree(name+" with "+what, kind, changed) {
				broken++
			}
		}
	})
	if !t.Failed() && broken < 500 {
		t.Errorf("only %d manifests were broken", broken)
	}
}

// mutate changes one field somewhere below o, but not what o is.
func mutate(r *rand.Rand, o map[string]any) string {
	type spot struct {
		in  map[string]any
		key string
	}
	var spots []spot
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range sortedKeys(v) {
				if key != "kind" && key != "apiVersion" {
					spots = append(spots, spot{v, key})
				}
				walk(v[key])
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(o)
	s := spots[r.IntN(len(spots))]
	if r.IntN(3) == 0 {
		s.in[s.key+"x"] = s.in[s.key]
		delete(s.in, s.key)
		return s.key + " renamed"
	}
	values := []any{"text", "", 7, -3, 1.5, 1 << 40, true, nil, []any{}, []any{"a"}, map[string]any{}, map[string]any{"a": "b"}, "{{inputs.parameters.a}}", "2"}
	s.in[s.key] = values[r.IntN(len(values))]
	return s.key + " changed"
}

func sortedKeys(m map[string]any) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func TestGoodObjectsCostNothing(t *testing.T) {
	n := object(t, `{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: a}, spec: {templates: [{name: a, container: {image: b, env: [{name: c, value: d}]}}]}}`)
	report := func(schema.Problem) {}
	if got := testing.AllocsPerRun(100, func() { schema.Check(n, "Workflow", report) }); got > 2 {
		t.Errorf("checking a good object allocates %v times", got)
	}
}

func BenchmarkCheck(b *testing.B) {
	type job struct {
		kind string
		node *manifest.Node
	}
	var jobs []job
	nodes := 0
	corpusObjects(b, func(_, kind string, text []byte) {
		n := node(b, text)
		jobs, nodes = append(jobs, job{kind, n}), nodes+count(n)
	})
	for b.Loop() {
		for _, j := range jobs {
			schema.Check(j.node, j.kind, func(schema.Problem) {})
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(nodes), "ns/node")
}

func count(n *manifest.Node) int {
	total := 1
	for _, c := range n.Children {
		total += count(c)
	}
	return total
}
