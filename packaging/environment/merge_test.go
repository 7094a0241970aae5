package environment

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// What Helm does with values, told anew over plain maps: values files of a
// command line are merged first, with null as a value; then the defaults of the
// chart are put under them, and a null takes its default away.
func reference(chart map[string]any, files []map[string]any) map[string]any {
	values := map[string]any{}
	for _, f := range files {
		values = mergeFiles(values, f)
	}
	underlay(values, chart, true)
	return values
}

func mergeFiles(a, b map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		below, ok1 := out[k].(map[string]any)
		above, ok2 := v.(map[string]any)
		if ok1 && ok2 {
			v = mergeFiles(below, above)
		}
		out[k] = v
	}
	return out
}

func underlay(values, defaults map[string]any, top bool) {
	for k, d := range defaults {
		v, set := values[k]
		below, ok1 := d.(map[string]any)
		above, ok2 := v.(map[string]any)
		switch {
		case !set:
			values[k] = d
		case v == nil && (top || d != nil):
			delete(values, k)
		case ok1 && ok2:
			underlay(above, below, false)
		}
	}
}

func TestMergeIsHelms(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 7))
		chart := randomMap(r, 3)
		var files []map[string]any
		for range r.IntN(5) {
			files = append(files, randomMap(r, 3))
		}
		var layers []*document
		for i, f := range files {
			layers = append(layers, documentOf(t, fmt.Sprintf("file-%d.yaml", i), text(f)))
		}
		got := coalesce(tree(documentOf(t, "values.yaml", text(chart))), merge(layers))
		want := reference(chart, files)
		if diff := cmp.Diff(text(want), text(plain(got))); diff != "" {
			t.Fatalf("seed %d: chart %s, files %s (-helm +ours):\n%s", seed, text(chart), text(files), diff)
		}
		got.Leaves(func(v *Value) {
			if at := v.from.file.Bytes[v.node.Start:v.node.End]; v.Kind < manifest.List && string(at) != text(plain(v)) {
				t.Fatalf("seed %d: %s is %s, but %s holds %s there", seed, v.Path(), text(plain(v)), v.File(), at)
			}
			if v.Parent.Kind == manifest.Map && v.Parent.Get(v.Key) != v {
				t.Fatalf("seed %d: %s is not what its parent has", seed, v.Path())
			}
		})
	}
}

func randomMap(r *rand.Rand, depth int) map[string]any {
	m := map[string]any{}
	for range r.IntN(5) {
		m[string(rune('a'+r.IntN(4)))] = randomValue(r, depth-1)
	}
	return m
}

func randomValue(r *rand.Rand, depth int) any {
	switch n := r.IntN(8); {
	case n < 3 && depth > 0:
		return randomMap(r, depth)
	case n < 4:
		return nil
	case n < 5:
		return []any{r.IntN(3), map[string]any{"x": r.IntN(3)}}
	case n < 6:
		return "text"
	}
	return r.IntN(100)
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func documentOf(t *testing.T, name, text string) *document {
	t.Helper()
	d := &document{file: source.NewFile(name, []byte(text)), secret: strings.HasPrefix(name, "secret")}
	r := &reader{}
	r.parse(d)
	if d.broken {
		t.Fatalf("%s: %s", name, text)
	}
	return d
}

func TestNull(t *testing.T) {
	for name, test := range map[string]struct {
		chart string
		files []string
		want  string
	}{
		"a null takes the default of the chart away":          {`{"a": 1, "b": 2}`, []string{`{"a": null}`}, `{"b":2}`},
		"also deep in a map":                                  {`{"a": {"b": 1, "c": 2}}`, []string{`{"a": {"b": null}}`}, `{"a":{"c":2}}`},
		"and a whole map":                                     {`{"a": {"b": 1}}`, []string{`{"a": null}`}, `{}`},
		"a later file sets anew what an earlier took away":    {`{"a": {"b": 1}}`, []string{`{"a": null}`, `{"a": {"c": 2}}`}, `{"a":{"b":1,"c":2}}`},
		"a null without a default stays, as Helm has it":      {`{}`, []string{`{"a": 1}`, `{"a": null}`}, `{"a":null}`},
		"a list replaces a list":                              {`{"a": [1, 2]}`, []string{`{"a": [3]}`}, `{"a":[3]}`},
		"a scalar replaces a map, and a map a scalar":         {`{"a": {"b": 1}, "c": 1}`, []string{`{"a": 1, "c": {"d": 2}}`}, `{"a":1,"c":{"d":2}}`},
		"an empty map changes nothing":                        {`{"a": {"b": 1}}`, []string{`{"a": {}}`}, `{"a":{"b":1}}`},
		"a null of the chart stays while nobody speaks of it": {`{"a": null}`, nil, `{"a":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			var layers []*document
			for _, f := range test.files {
				layers = append(layers, documentOf(t, "file.yaml", f))
			}
			if got := text(plain(coalesce(tree(documentOf(t, "values.yaml", test.chart)), merge(layers)))); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
