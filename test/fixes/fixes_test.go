// Package fixes checks, over the cases of all rule pages, what is promised of
// every fix: it removes its finding, it adds none, it is made once, and the
// document means the same but for it.
package fixes

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/fix"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
)

func TestFixes(t *testing.T) {
	pages, err := filepath.Glob("../../lint/rules/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, page := range pages {
		ar, err := txtar.ParseFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ar.Files {
			if filepath.Ext(f.Name) != ".yaml" && filepath.Ext(f.Name) != ".json" {
				continue
			}
			for name, text := range variants(f.Data) {
				t.Run(filepath.Base(page)+"/"+f.Name+"/"+name, func(t *testing.T) {
					made += each(t, f.Name, text)
					together(t, f.Name, text)
				})
			}
		}
	}
	if made == 0 {
		t.Error("no fix was tried")
	}
	t.Logf("%d fixes", made)
}

// variants are ways to write the same manifest.
func variants(text []byte) map[string][]byte {
	return map[string][]byte{
		"as-it-is": text,
		"crlf":     bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
	}
}

// each makes one fix at a time and compares the findings before and after.
func each(t *testing.T, name string, text []byte) int {
	before := run(t, name, text)
	made := 0
	for _, f := range before {
		if f.Fix == nil || len(f.Fix.Edits) == 0 {
			continue
		}
		got, err := fix.Text(f.Fix.Edits[0].Node.File, f.Fix.Edits)
		if err != nil {
			t.Errorf("%s: fix %q: %v", f, f.Fix.Message, err)
			continue
		}
		made++
		after := run(t, name, got)
		if n, m := count(before, f.Rule), count(after, f.Rule); m >= n {
			t.Errorf("%s: after the fix %q there are %d findings of the rule, before it %d\n%s", f, f.Fix.Message, m, n, got)
		}
		if f.Rule.Name == "field-type" {
			continue // a value of the right type is looked at by other rules for the first time
		}
		for rule, n := range errors(after) {
			if had := errors(before)[rule]; n > had && f.Fix.Safe {
				t.Errorf("%s: the safe fix %q brings %d errors of %s\n%s", f, f.Fix.Message, n-had, rule, got)
			}
		}
	}
	return made
}

// together makes all safe fixes, over and over, which must come to an end.
func together(t *testing.T, name string, text []byte) {
	for range 10 {
		done := 0
		for _, r := range fix.Files(run(t, name, text), false) {
			done += len(r.Done)
			text = r.Text
		}
		if done == 0 {
			return
		}
	}
	t.Errorf("safe fixes never come to an end\n%s", text)
}

func run(t *testing.T, name string, text []byte) []lint.Finding {
	t.Helper()
	result := lint.Run(lint.Options{Rules: rules.All(), Fixes: true}, source.NewFile(filepath.Base(name), text))
	for _, err := range result.Failures {
		t.Error(err)
	}
	return result.Findings
}

func count(all []lint.Finding, rule *lint.Rule) int {
	n := 0
	for _, f := range all {
		if f.Rule == rule {
			n++
		}
	}
	return n
}

// errors counts the findings of severity error by rule.
func errors(all []lint.Finding) map[string]int {
	n := map[string]int{}
	for _, f := range all {
		if f.Severity == lint.Error {
			n[fmt.Sprint(f.Rule)]++
		}
	}
	return n
}
