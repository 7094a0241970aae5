package release

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func parsed(t *testing.T, text string) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestGraft(t *testing.T) {
	for sentence, c := range map[string]struct {
		path, to, from string
		fill           bool
		want           string
	}{
		"a value":                     {"spec.a", "spec: {a: 1, b: 2}", "spec: {a: 3, b: 4}", false, "spec: {a: 3, b: 2}"},
		"one that is gone":            {"spec.a", "spec: {a: 1, b: 2}", "spec: {b: 4}", false, "spec: {b: 2}"},
		"of a map that is not there":  {"spec.a.b", "x: 1", "spec: {a: {b: 1, c: 2}, d: 3}", false, "{x: 1, spec: {a: {b: 1}}}"},
		"of a map that is gone":       {"spec.a.b", "spec: {a: {b: 1, c: 2}}", "x: 1", false, "spec: {a: {c: 2}}"},
		"a key that has dots":         {`metadata.labels["a.b/c"]`, "metadata: {labels: {x: y}}", `metadata: {labels: {a.b/c: d}}`, false, `metadata: {labels: {x: y, a.b/c: d}}`},
		"of an element":               {"a[1].b", "a: [{b: 1}, {b: 2}]", "a: [{b: 3}, {b: 4}]", false, "a: [{b: 1}, {b: 4}]"},
		"of every element":            {"a[*].b", "a: [{b: 1}, {b: 2}, {b: 5}]", "a: [{b: 3}, {}]", false, "a: [{b: 3}, {}, {b: 5}]"},
		"an element that is not":      {"a[7].b", "a: [{b: 1}]", "a: [{b: 3}]", false, "a: [{b: 1}]"},
		"something else than a map":   {"a.b.c", "a: text", "a: {b: {c: 1}}", false, "a: text"},
		"filling in what is missing":  {"a.b", "a: {}", "a: {b: 1}", true, "a: {b: 1}"},
		"filling in leaves the rest":  {"a.b", "a: {b: 2}", "a: {b: 1}", true, "a: {b: 2}"},
		"filling in removes nothing":  {"a.b", "a: {b: 2}", "a: {}", true, "a: {b: 2}"},
		"filling in below an element": {"a[0].r.l.cpu", "a: [{i: x}]", "a: [{i: y, r: {l: {cpu: 1, memory: 2}}}]", true, "a: [{i: x, r: {l: {cpu: 1}}}]"},
	} {
		path, err := parsePath(c.path)
		if err != nil {
			t.Fatal(err)
		}
		to := parsed(t, c.to)
		path.graft(to, parsed(t, c.from), c.fill)
		if d := cmp.Diff(parsed(t, c.want), to); d != "" {
			t.Errorf("%s: %s", sentence, d)
		}
	}
}

func TestPaths(t *testing.T) {
	for _, bad := range []string{"", ".", "a..b", "a.", "[", "a[", "a[x]", "a[-1]", `a["b]`, `a["b"`, "a[0]b", `a["b"]c`} {
		if path, err := parsePath(bad); err == nil {
			t.Errorf("%q is taken for a path: %v", bad, path)
		}
	}
	for _, good := range []string{"a", ".a", "a.b", "a[0]", "a[*].b", `a["b.c"]`, `a["b"]["c"].d`} {
		if _, err := parsePath(good); err != nil {
			t.Error(err)
		}
	}
}
