// Package docs holds what the documentation claims about the code: that the tests
// it names are there, that it explains every reason and every alert, and that it
// knows each folder.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testbin.Root(), path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// all joins the Go files of folders, tests or not.
func all(t *testing.T, tests bool, folders ...string) string {
	t.Helper()
	var b strings.Builder
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(testbin.Root(), folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") != tests {
				continue
			}
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(text)
		}
	}
	return b.String()
}

// FOLDER.TEST/WHAT
var claim = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)[A-Za-z0-9]*)(?:/([^`]+))?`")

// A test that a page names as its witness is there, with the case that it names.
func TestWitnesses(t *testing.T) {
	for _, page := range []string{"docs/security.md", "docs/architecture.md"} {
		found := claim.FindAllStringSubmatch(read(t, page), -1)
		if len(found) < 5 {
			t.Errorf("%s names only %d tests: are they written otherwise?", page, len(found))
		}
		for _, m := range found {
			text := all(t, true, m[1])
			if !strings.Contains(text, "func "+m[2]+"(") {
				t.Errorf("%s: there is no %s in %s", page, m[2], m[1])
			}
			if m[3] != "" && !strings.Contains(text, `"`+m[3]+`"`) {
				t.Errorf("%s: no test of %s says %q", page, m[1], m[3])
			}
		}
	}
}

// Reasons are words of the code: those of faults, of gates, of conditions and
// Events, and of policies.
var reasons = []*regexp.Regexp{
	regexp.MustCompile(`&fault\{"([A-Z]\w+)"`),
	regexp.MustCompile(`\b(?:hold|open)\("([A-Z]\w+)"`),
	regexp.MustCompile(`Reason: "([A-Z]\w+)"`),
	regexp.MustCompile(`\.Reason(?:, now\.\w+)*(?:, \w+\.Message)? = (?:metav1\.\w+, )?"([A-Z]\w+)"`),
	regexp.MustCompile(`\.news\("\w*", [^"]+, "([A-Z]\w+)"`),
	regexp.MustCompile(`\.event\([^"]+, "([A-Z]\w+)"`),
	regexp.MustCompile(`shut\(\w+, "([A-Z]\w+)"`),
	regexp.MustCompile(`return "([A-Z]\w+)"`),
	regexp.MustCompile(`reason\w+ += "([A-Z]\w+)"`),
}

// deeds are written like reasons: what was done when an Event was sent, and news
// of which none is.
var deeds = map[string]bool{"Promote": true, "Compile": true, "Update": true, "GateOpened": true}

// Whoever meets a reason at night finds it in the guide.
func TestReasonsAreExplained(t *testing.T) {
	page := read(t, "docs/operating.md")
	code := all(t, false, "promotion/controller", "promotion/decide", "promotion/gate", "webhook/controller")
	said := map[string]bool{}
	for _, r := range reasons {
		found := r.FindAllStringSubmatch(code, -1)
		if len(found) == 0 {
			t.Errorf("nothing is written like %s any more", r)
		}
		for _, m := range found {
			said[m[1]] = true
		}
	}
	if len(said) < 50 {
		t.Errorf("there are only %d reasons: are they written otherwise?", len(said))
	}
	for reason := range said {
		if !deeds[reason] && !strings.Contains(page, "`"+reason+"`") {
			t.Errorf("docs/operating.md says nothing of %s", reason)
		}
	}
}

var (
	alert = regexp.MustCompile(`(?m)^\s*- alert: (\w+)$`)
	named = regexp.MustCompile("`(Tiphys[A-Z]\\w+)`")
)

// Each alert is explained, and none that is not there.
func TestAlertsAreExplained(t *testing.T) {
	page := read(t, "docs/operating.md")
	there := map[string]bool{}
	rules := read(t, "charts/tiphys/files/alerts/webhook.yaml") + read(t, "charts/tiphys/files/alerts/controller.yaml")
	for _, m := range alert.FindAllStringSubmatch(rules, -1) {
		there[m[1]] = true
		if !strings.Contains(page, "| `"+m[1]+"` |") {
			t.Errorf("docs/operating.md says nothing of %s", m[1])
		}
	}
	for _, m := range named.FindAllStringSubmatch(page, -1) {
		if !there[m[1]] {
			t.Errorf("docs/operating.md explains %s, which is not there", m[1])
		}
	}
}
