package linttest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/fix"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// fixes checks what is promised of every fix: it removes its finding, adds
// none of the same rule, and is gone when the linter looks again.
func fixes(t *testing.T, o lint.Options, files []*source.File, findings []lint.Finding, want string) {
	t.Helper()
	for _, f := range findings {
		if f.Fix == nil || len(f.Fix.Edits) == 0 {
			continue
		}
		if f.Fix.Safe && !f.Rule.Mends {
			t.Errorf("%s: the fix is safe, so the rule needs Mends to be seen at admission", f)
		}
		if f.Span.File == nil {
			t.Errorf("%s: a fix needs a place", f)
			continue
		}
		file := f.Fix.Edits[0].Node.File
		text, err := fix.Text(file, f.Fix.Edits)
		if err != nil {
			t.Errorf("%s: fix %q: %v", f, f.Fix.Message, err)
			continue
		}
		again := lint.Run(o, swap(files, file, text)...).Findings
		if len(again) >= len(findings) {
			t.Errorf("%s: the fix %q leaves %d findings of %d; the text is now\n%s\n%s", f, f.Fix.Message, len(again), len(findings), text, Format(again))
		}
	}
	if want == "" {
		return
	}
	for _, r := range fix.Files(findings, true) {
		if r.File == files[0] {
			if diff := cmp.Diff(want, string(r.Text)); diff != "" {
				t.Errorf("fixed text (-want +got):\n%s", diff)
			}
		}
	}
}

// swap returns files with another text for one of them.
func swap(files []*source.File, file *source.File, text []byte) []*source.File {
	out := slices.Clone(files)
	for i, f := range out {
		if f == file {
			out[i] = source.NewFile(f.Name, text)
		}
	}
	return out
}
