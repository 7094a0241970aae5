package guides

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

// others are markers of blocks that other tests run, each with the file that does.
var others = map[string]string{
	"cluster":                  "test/cli/promotions_test.go",
	"helm3":                    "test/plugin/docs_test.go",
	"helm3 helm4":              "test/plugin/docs_test.go",
	"helm4":                    "test/plugin/docs_test.go",
	"release":                  "tools/release/dist/docs_test.go",
	"run in a clone":           "test/cli/gitops_test.go",
	"run: demo":                "test/demo/page.go",
	"run: demo, exit 1":        "test/demo/page.go",
	"run: demo, until":         "test/demo/page.go",
	"run: demo, until, exit 1": "test/demo/page.go",
	"run: approver":            "test/admission/docs_test.go",
	"run: install":             "test/admission/docs_test.go",
	"run: try":                 "test/admission/docs_test.go",
}

// Each command that the documentation shows is run, or the page says why not.
func TestEveryCommandIsRun(t *testing.T) {
	seen := map[string]bool{}
	for _, page := range pages(t) {
		_, all := blocks(t, page)
		for _, b := range all {
			if b.Kind != Other {
				continue
			}
			seen[b.Marker] = true
			if reason, ok := strings.CutPrefix(b.Marker, "not run: "); ok && reason != "" {
				continue
			}
			if others[b.Marker] == "" {
				t.Errorf("%s:%d: nothing runs this: write <!-- guide --> on the line before, or <!-- not run: REASON -->\n%s", page, b.Line, b.Text)
			}
		}
	}
	for marker, file := range others {
		text, err := os.ReadFile(filepath.Join(testbin.Root(), file))
		if err != nil {
			t.Error(err)
		}
		word := regexp.MustCompile(`\w+`).FindString(marker)
		if !seen[marker] || !strings.Contains(string(text), "<!-- "+word) && !strings.Contains(string(text), "<!-- ("+word[:len(word)-1]) {
			t.Errorf("%s does not run <!-- %s --> any more, or no page has it", file, marker)
		}
	}
}

// The targets that the documentation speaks of are there.
func TestMakeTargets(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(testbin.Root(), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages(t) {
		text, _ := blocks(t, page)
		for _, m := range regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s speaks of make %s, which is not in the Makefile", page, m[1])
			}
		}
	}
}
