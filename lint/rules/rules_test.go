package rules_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/page"
	"github.com/tiphys-dev/tiphys/lint/rules"
)

// The vocabulary refuses bad rules.
func TestAll(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	all := rules.All()
	if !slices.IsSortedFunc(all, func(a, b *lint.Rule) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the rules are not sorted by name")
	}
	seen := map[string]bool{}
	for _, r := range all {
		t.Run(r.Name, func(t *testing.T) {
			if !kebab.MatchString(r.Name) || seen[r.Name] {
				t.Errorf("%q is not a kebab-case name of its own", r.Name)
			}
			seen[r.Name] = true
			if r.Severity < lint.Info || r.Severity > lint.Error {
				t.Errorf("severity is %d", r.Severity)
			}
			engine := r.Name == lint.WaiverUnused || r.Name == lint.WaiverWrong
			if r.Document == nil && r.Object == nil && r.Run == nil && r.Finish == nil && !engine {
				t.Error("nothing is ever run")
			}
			p := page.Parse(r.Page)
			if p.Title == "" || p.Prose == "" || strings.HasSuffix(p.Title, ".") || len(p.Title) > 80 {
				t.Errorf("a page needs a short title without a full stop, and a reason; the title is %q", p.Title)
			}
			if _, ok := p.Firing(); !ok {
				t.Error("no case of the page fires")
			}
			if _, err := os.Stat(filepath.Join("..", "..", "docs", "rules", r.Name+".md")); err != nil {
				t.Errorf("%v: run make verify", err)
			}
		})
	}
}
