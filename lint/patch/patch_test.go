package patch_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/source"
)

func tree(t testing.TB, text string) *manifest.Node {
	t.Helper()
	d := manifest.ParseJSON(source.NewFile("in.json", []byte(text)))
	if d.Root == nil {
		t.Fatalf("%s: %v", text, d.Problems)
	}
	return d.Root
}

func text(n *manifest.Node) string { return string(patch.AppendJSON(nil, n)) }

func TestDiff(t *testing.T) {
	for name, c := range map[string]struct{ a, b, want string }{
		"nothing":                           {`{"a":[1,{"b":null}],"c":"x"}`, `{"c":"x","a":[1,{"b":null}]}`, `[]`},
		"a scalar":                          {`{"a":1}`, `{"a":2}`, `[{"op":"replace","path":"/a","value":2}]`},
		"a number in place of a string":     {`{"a":"1"}`, `{"a":1}`, `[{"op":"replace","path":"/a","value":1}]`},
		"a new key":                         {`{"a":{}}`, `{"a":{"b":"c"}}`, `[{"op":"add","path":"/a/b","value":"c"}]`},
		"missing parents come with the key": {`{"a":{}}`, `{"a":{"b":{"c":{"d":1}}}}`, `[{"op":"add","path":"/a/b","value":{"c":{"d":1}}}]`},
		"a key that goes":                   {`{"a":1,"b":2}`, `{"b":2}`, `[{"op":"remove","path":"/a"}]`},
		"a null that becomes an object":     {`{"a":null}`, `{"a":{"b":1}}`, `[{"op":"replace","path":"/a","value":{"b":1}}]`},
		"slashes and tildes in keys": {`{"a":{}}`, `{"a":{"x.io/y~z":"\"é\n"}}`,
			`[{"op":"add","path":"/a/x.io~1y~0z","value":"\"é\n"}]`},
		"an item at the end":     {`[1,2]`, `[1,2,3,4]`, `[{"op":"add","path":"/-","value":3},{"op":"add","path":"/-","value":4}]`},
		"an item at the front":   {`[{"n":1},{"n":2}]`, `[{"n":0},{"n":1},{"n":2}]`, `[{"op":"add","path":"/0","value":{"n":0}}]`},
		"an item in the middle":  {`[1,3]`, `[1,2,3]`, `[{"op":"add","path":"/1","value":2}]`},
		"items that go":          {`[1,2,3,4]`, `[1,4]`, `[{"op":"remove","path":"/1"},{"op":"remove","path":"/1"}]`},
		"a list that is emptied": {`{"a":[1]}`, `{"a":[]}`, `[{"op":"remove","path":"/a/0"}]`},
		"an item that changes":   {`[{"a":1,"b":2},3]`, `[{"a":1,"b":4},3]`, `[{"op":"replace","path":"/0/b","value":4}]`},
		"another type":           {`{"a":[1]}`, `{"a":{}}`, `[{"op":"replace","path":"/a","value":{}}]`},
		"the whole":              {`1`, `[]`, `[{"op":"replace","path":"","value":[]}]`},
	} {
		t.Run(name, func(t *testing.T) {
			got := string(patch.JSON(patch.Diff(tree(t, c.a), tree(t, c.b))))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// edits are made in {"a":{"b":"x","c":[1,2,3],"n":null},"d":1}.
var edits = map[string]struct {
	edits func(r *manifest.Node) []lint.Edit
	want  string // "" where they cannot be made
}{
	"a new key": {func(r *manifest.Node) []lint.Edit {
		return []lint.Edit{{Node: r, Key: "e", Value: map[string]any{"f": 1.5}}}
	}, `{"a":{"b":"x","c":[1,2,3],"n":null},"d":1,"e":{"f":1.5}}`},
	"a scalar":            {func(r *manifest.Node) []lint.Edit { return []lint.Edit{{Node: r.Get("d"), Value: true}} }, `{"a":{"b":"x","c":[1,2,3],"n":null},"d":true}`},
	"a key that is there": {func(r *manifest.Node) []lint.Edit { return []lint.Edit{{Node: r, Key: "d", Value: "y"}} }, `{"a":{"b":"x","c":[1,2,3],"n":null},"d":"y"}`},
	"a null gets a key": {func(r *manifest.Node) []lint.Edit {
		return []lint.Edit{{Node: r.At("a", "n"), Key: "k", Value: []any{"v", nil}}}
	}, `{"a":{"b":"x","c":[1,2,3],"n":{"k":["v",null]}},"d":1}`},
	"a removed key": {func(r *manifest.Node) []lint.Edit { return []lint.Edit{{Node: r.Get("d")}} }, `{"a":{"b":"x","c":[1,2,3],"n":null}}`},
	"another name":  {func(r *manifest.Node) []lint.Edit { return []lint.Edit{{Node: r.At("a", "c").Key, Value: "z"}} }, `{"a":{"b":"x","z":[1,2,3],"n":null},"d":1}`},
	"items keep their way": {func(r *manifest.Node) []lint.Edit {
		c := r.At("a", "c").Items()
		return []lint.Edit{{Node: c[0]}, {Node: c[2], Value: 9}}
	}, `{"a":{"b":"x","c":[2,9],"n":null},"d":1}`},
	"two parts of one missing parent": {func(r *manifest.Node) []lint.Edit {
		return []lint.Edit{{Node: r, Key: "e", Value: map[string]any{"f": 1, "m": map[string]any{"x": 1}}}, {Node: r, Key: "e", Value: map[string]any{"g": 2, "f": 1, "m": map[string]any{"y": 2}}}}
	}, `{"a":{"b":"x","c":[1,2,3],"n":null},"d":1,"e":{"f":1,"g":2,"m":{"x":1,"y":2}}}`},
	"one name and a new value": {func(r *manifest.Node) []lint.Edit {
		return []lint.Edit{{Node: r.Get("d").Key, Value: "D"}, {Node: r.Get("d"), Value: 2}}
	}, `{"a":{"b":"x","c":[1,2,3],"n":null},"D":2}`},
	"one key with two values": {func(r *manifest.Node) []lint.Edit {
		return []lint.Edit{{Node: r, Key: "e", Value: 1}, {Node: r, Key: "e", Value: 2}}
	}, ""},
	"a name that is taken": {func(r *manifest.Node) []lint.Edit { return []lint.Edit{{Node: r.Get("d").Key, Value: "a"}} }, ""},
	"a name that is to be taken": {func(r *manifest.Node) []lint.Edit {
		return []lint.Edit{{Node: r, Key: "e", Value: 1}, {Node: r.Get("d").Key, Value: "e"}}
	}, ""},
	"a key that is taken by a new name": {func(r *manifest.Node) []lint.Edit {
		return []lint.Edit{{Node: r.Get("d").Key, Value: "e"}, {Node: r, Key: "e", Value: 1}}
	}, ""},
	"below what is removed": {func(r *manifest.Node) []lint.Edit {
		return []lint.Edit{{Node: r.Get("a")}, {Node: r.At("a", "b"), Value: 1}}
	}, ""},
	"above what is edited": {func(r *manifest.Node) []lint.Edit {
		return []lint.Edit{{Node: r.At("a", "b"), Value: 1}, {Node: r.Get("a")}}
	}, ""},
	"the whole":             {func(r *manifest.Node) []lint.Edit { return []lint.Edit{{Node: r}} }, ""},
	"a field of a list":     {func(r *manifest.Node) []lint.Edit { return []lint.Edit{{Node: r.At("a", "c"), Key: "x", Value: 1}} }, ""},
	"a list that is there":  {func(r *manifest.Node) []lint.Edit { return []lint.Edit{{Node: r.Get("a"), Key: "c", Value: 1}} }, ""},
	"a node of another day": {func(*manifest.Node) []lint.Edit { return []lint.Edit{{Node: &manifest.Node{}, Value: 1}} }, ""},
	"no node":               {func(*manifest.Node) []lint.Edit { return []lint.Edit{{Value: 1}} }, ""},
}

func TestApply(t *testing.T) {
	for name, c := range edits {
		t.Run(name, func(t *testing.T) {
			const before = `{"a":{"b":"x","c":[1,2,3],"n":null},"d":1}`
			r := tree(t, before)
			got, err := patch.Apply(r, c.edits(r)...)
			switch {
			case err != nil && c.want != "":
				t.Fatal(err)
			case err == nil && text(got) != c.want:
				t.Errorf("got %s, want %s", text(got), c.want)
			}
			if text(r) != before {
				t.Errorf("the tree was changed: %s", text(r))
			}
			sound(t, got)
		})
	}
}

// sound checks that nodes know where they stand.
func sound(t *testing.T, n *manifest.Node) {
	t.Helper()
	if n == nil {
		return
	}
	for i, c := range n.Children {
		if c.Parent != n || c.Index() != i || (c.Key == nil) != (n.Kind == manifest.List) {
			t.Errorf("%s does not know where it stands", c.Path())
		}
		sound(t, c)
	}
}

func TestAddRefusedLeavesNothing(t *testing.T) {
	r := tree(t, `{"a":{"b":1}}`)
	s := patch.Of(r)
	if err := s.Add(lint.Edit{Node: r.At("a", "b"), Value: 2}); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(lint.Edit{Node: r, Key: "c", Value: 1}, lint.Edit{Node: r.Get("a")}); err == nil {
		t.Fatal("a is edited and removed")
	}
	if err := s.Add(lint.Edit{Node: r, Key: "c", Value: 3}); err != nil {
		t.Fatal(err)
	}
	if got := text(s.Tree()); got != `{"a":{"b":2},"c":3}` {
		t.Error(got)
	}
}

// random makes values and changes of them.
type random struct{ *rand.Rand }

func (r random) value(depth int) any {
	switch k := r.Intn(9); {
	case depth == 0 || k < 4:
		return []any{nil, true, r.Intn(3), "text", "a/b~c", "é\"\n"}[r.Intn(6)]
	case k < 7:
		m := map[string]any{}
		for range r.Intn(5) {
			m[r.key()] = r.value(depth - 1)
		}
		return m
	default:
		l := []any{}
		for range r.Intn(6) {
			l = append(l, r.value(depth-1))
		}
		return l
	}
}

func (r random) key() string { return []string{"a", "b", "c/d", "e~f", "~1", ""}[r.Intn(6)] }

func (r random) changed(v any) any {
	if r.Intn(12) == 0 {
		return r.value(2)
	}
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for k, e := range v {
			if r.Intn(8) > 0 {
				m[k] = r.changed(e)
			}
		}
		if r.Intn(6) == 0 {
			m[r.key()] = r.value(2)
		}
		return m
	case []any:
		l := []any{}
		for _, e := range v {
			if r.Intn(10) == 0 {
				l = append(l, r.value(1))
			}
			if r.Intn(10) > 0 {
				l = append(l, r.changed(e))
			}
		}
		return l
	}
	return v
}

// holds checks that a patch leads from a to b, with a reader of our own trees'
// JSON that is not ours.
func holds(t *testing.T, a, b *manifest.Node) {
	t.Helper()
	encoded := patch.JSON(patch.Diff(a, b))
	decoded, err := jsonpatch.DecodePatch(encoded)
	if err != nil {
		t.Fatalf("%s: %v", encoded, err)
	}
	wrapped, err := decoded.Apply([]byte(text(a)))
	if err != nil {
		t.Fatalf("%s to %s: %s: %v", text(a), text(b), encoded, err)
	}
	var got, want any
	if err := json.Unmarshal(wrapped, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text(b)), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s with %s is %s, not %s", text(a), encoded, wrapped, text(b))
	}
}

func TestDiffLeadsFromOneToTheOther(t *testing.T) {
	for seed := range int64(20000) {
		r := random{rand.New(rand.NewSource(seed))}
		a := map[string]any{"r": r.value(4)}
		holds(t, patch.Node(a), patch.Node(map[string]any{"r": r.changed(a["r"])}))
	}
}

func TestDiffIsMinimal(t *testing.T) {
	for seed := range int64(5000) {
		r := random{rand.New(rand.NewSource(seed))}
		v := r.value(5)
		n := patch.Node(v)
		var leaves []*manifest.Node
		var walk func(*manifest.Node)
		walk = func(n *manifest.Node) {
			if n.Kind < manifest.List && n.Parent != nil {
				leaves = append(leaves, n)
			}
			for _, c := range n.Children {
				walk(c)
			}
		}
		walk(n)
		if len(leaves) == 0 {
			continue
		}
		leaf := leaves[r.Intn(len(leaves))]
		after, err := patch.Apply(n, lint.Edit{Node: leaf, Value: "changed"})
		if err != nil {
			t.Fatal(err)
		}
		if got := patch.Diff(n, after); len(got) != 1 || got[0].Op != "replace" || got[0].Value.Value != "changed" {
			t.Fatalf("one edit of %s became %s", text(n), patch.JSON(got))
		}
		if !patch.Equal(n, patch.Node(patch.Value(n))) {
			t.Fatalf("%s is not itself", text(n))
		}
	}
}

func TestDeepAndLong(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 450) + "%s" + strings.Repeat("]}", 450)
	holds(t, tree(t, fmt.Sprintf(deep, `1,2`)), tree(t, fmt.Sprintf(deep, `1,{"b":2},2`)))
	var tasks []any
	for i := range 5000 {
		tasks = append(tasks, map[string]any{"name": fmt.Sprintf("t%d", i), "template": "work", "dependencies": []any{"t0"}})
	}
	a := patch.Node(map[string]any{"tasks": tasks})
	items := a.Get("tasks").Items()
	b, err := patch.Apply(a, lint.Edit{Node: items[2500]}, lint.Edit{Node: items[4000], Key: "when", Value: "x"})
	if err != nil {
		t.Fatal(err)
	}
	holds(t, a, b)
	got := patch.Diff(a, b)
	if len(got) != 2 {
		t.Errorf("%d steps for two edits", len(got))
	}
}

func FuzzDiff(f *testing.F) {
	f.Add(`{"a":[1,2]}`, `{"a":[2],"b":{}}`)
	f.Add(`{"a/~":null}`, `{"a/~":"\u0000\ud83d"}`)
	f.Fuzz(func(t *testing.T, x, y string) {
		a, b := manifest.ParseJSON(source.NewFile("a", []byte(x))).Root, manifest.ParseJSON(source.NewFile("b", []byte(y))).Root
		if a == nil || b == nil || a.Kind != manifest.Map || b.Kind != manifest.Map {
			return
		}
		holds(t, a, b)
	})
}

func BenchmarkApplyAndDiff(b *testing.B) {
	var tasks, templates []any
	for i := range 20 {
		tasks = append(tasks, map[string]any{"name": fmt.Sprintf("t%d", i), "template": "work", "dependencies": []any{"t0"},
			"arguments": map[string]any{"parameters": []any{map[string]any{"name": "a", "value": "b"}}}})
		templates = append(templates, map[string]any{"name": fmt.Sprintf("w%d", i), "container": map[string]any{"image": "alpine:3", "command": []any{"sh", "-c", "true"},
			"env": []any{map[string]any{"name": "A", "value": "B"}}}})
	}
	templates = append(templates, map[string]any{"name": "main", "dag": map[string]any{"tasks": tasks}})
	n := patch.Node(map[string]any{"metadata": map[string]any{"name": "x"}, "spec": map[string]any{"templates": templates}})
	b.ReportAllocs()
	for b.Loop() {
		s := patch.Of(n)
		for _, t := range n.At("spec", "templates").Items() {
			if c := t.Get("container"); c != nil {
				if err := s.Add(lint.Edit{Node: c, Key: "resources", Value: map[string]any{"limits": map[string]any{"memory": "1Gi"}}}); err != nil {
					b.Fatal(err)
				}
			}
		}
		if p := patch.JSON(patch.Diff(n, s.Tree())); len(p) < 100 {
			b.Fatal(string(p))
		}
	}
}
