package policies_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/fix"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/page"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/policies/mutate"
)

// manifests are the documents of the examples and of the cases of all rules.
func manifests(t *testing.T) [][]byte {
	t.Helper()
	var files []*source.File
	for _, pattern := range []string{"../examples/*/*.yaml", "../test/corpus/testdata/*/*.yaml"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, source.NewFile(name, text))
		}
	}
	for _, r := range rules.All() {
		for _, c := range page.Parse(r.Page).Cases {
			for _, f := range c.Files {
				files = append(files, source.NewFile(r.Name+"/"+f.Name, []byte(f.Text)))
			}
		}
	}
	var all [][]byte
	for _, f := range files {
		for _, d := range manifest.Parse(f) {
			if d.Root.Get("kind").Set() && d.Root.Get("kind").Text() != "List" && len(d.Problems) == 0 {
				all = append(all, f.Bytes[d.Start:d.End])
			}
		}
	}
	return all
}

// What admission writes into an object is what the linter writes into its file,
// but for what JSON does not tell: that false was written as n.
func TestFilesGetWhatAdmissionWrites(t *testing.T) {
	var all []*policies.Policy
	for _, name := range policies.Names() {
		found, findings := policies.Parse(policies.Shipped(name))
		if len(findings) > 0 {
			t.Fatal(findings)
		}
		all = append(all, found...)
	}
	more, findings := policies.Parse(source.NewFile("p.yaml", []byte(writing)))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	set := policies.NewSet(append(all, more...), policies.Options{})
	rest := slices.DeleteFunc(rules.All(), func(r *lint.Rule) bool { return r.Name == "field-type" })
	written, left := 0, 0
	for _, text := range manifests(t) {
		o := lint.Options{Rules: rest, Policies: set.For(policies.Request{Defaults: true}), Fixes: true}
		json := patch.AppendJSON(nil, manifest.Parse(source.NewFile("in.yaml", text))[0].Root)
		r, err := mutate.Apply(o, manifest.ParseObject(source.NewFile("", json)))
		if err != nil {
			t.Fatal(err)
		}
		f := source.NewFile("in.yaml", text)
		stuck := 0
		for range 10 {
			results := fix.Files(lint.Run(o, f).Findings, false)
			if len(results) == 0 {
				break
			}
			stuck = len(results[0].Left)
			if len(results[0].Done) == 0 {
				break
			}
			f = source.NewFile("in.yaml", results[0].Text)
		}
		if left += stuck; stuck > 0 { // a text that an alias shares, or the like
			continue
		}
		written += len(r.Done)
		if got := manifest.Parse(f)[0].Root; !patch.Equal(got, r.After) {
			t.Errorf("%s of\n%s\ngave\n%s", patch.JSON(patch.Diff(got, r.After)), text, f.Bytes)
		}
	}
	if t.Logf("%d fixes, %d that no text could take", written, left); written < 100 || left > written/20 {
		t.Error("too few fixes were compared")
	}
}
