package cli

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestGlob(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		pattern    string
		match, not []string
	}{
		"a name matches at any depth": {"vendor", []string{"vendor", "a/vendor", "a/vendor/b.yaml"}, []string{"vendors", "a/b"}},
		"a name with a star":          {"*.gen.yaml", []string{"a.gen.yaml", "x/y/b.gen.yaml"}, []string{"gen.yaml", "a.yaml"}},
		"a path is relative":          {"charts/crds", []string{"charts/crds", "charts/crds/a.yaml"}, []string{"a/charts/crds", "charts"}},
		"a star is one folder":        {"charts/*/crds", []string{"charts/a/crds/x.yaml"}, []string{"charts/a/b/crds", "charts/crds"}},
		"two stars are any number":    {"charts/**/x.yaml", []string{"charts/x.yaml", "charts/a/x.yaml", "charts/a/b/x.yaml"}, []string{"x.yaml", "charts/y.yaml"}},
		"two stars at the end":        {"charts/**", []string{"charts/a", "charts/a/b"}, []string{"chart"}},
		"two stars at the start":      {"**/x", []string{"x", "a/x", "a/b/x/c"}, []string{"xx"}},
		"only here":                   {"./x.yaml", []string{"x.yaml"}, []string{"a/x.yaml"}},
		"a slash at the end":          {"out/", []string{"out/a.yaml", "a/out/b"}, []string{"outer/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := newGlob(dir, c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range c.match {
				if !g.match(filepath.Join(dir, m)) {
					t.Errorf("%s does not match %s", c.pattern, m)
				}
			}
			for _, m := range append(c.not, ".", "..", "../vendor", "../charts/crds") {
				if g.match(filepath.Join(dir, m)) {
					t.Errorf("%s matches %s", c.pattern, m)
				}
			}
		})
	}
	for _, bad := range []string{"", "/", "./", "a[b"} {
		if _, err := newGlob(dir, bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// Many stars must not make a match take for ever.
func TestGlobIsBounded(t *testing.T) {
	g, err := newGlob("/", strings.Repeat("**/a*/", 30)+"nowhere")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if g.match("/" + strings.Repeat("aaaa/", 200) + "b") {
		t.Error("it matches")
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("it took %s", d)
	}
}
