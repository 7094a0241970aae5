package command

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write flags and examples into the docs")

const page = "../../docs/webhook.md"

// TestDocs holds docs/webhook.md to the flags and to what kubectl shows.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var help bytes.Buffer
	if _, err := parse([]string{"--help"}, Streams{Out: &help, Err: &help}); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	want := between(t, string(text), "<!-- flags -->\n", "<!-- end -->\n", "```\n"+help.String()+"```\n")
	want = between(t, want, "warnings beside it:\n\n", "\nEach finding has", "```\n"+shown(t)+"```\n")
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("run go test ./webhook/command -run Docs -update (-want +got)\n%s", diff)
	}
}

// between replaces what stands between two marks.
func between(t *testing.T, text, from, to, with string) string {
	t.Helper()
	head, rest, ok := strings.Cut(text, from)
	_, tail, closed := strings.Cut(rest, to)
	if !ok || !closed {
		t.Fatalf("%s has no %q and %q", page, from, to)
	}
	return head + from + with + to + tail
}

// shown is what kubectl shows of a denial, as the reviews are tested by it.
func shown(t *testing.T) string {
	t.Helper()
	archive, err := txtar.ParseFile("../testdata/many.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range archive.Files {
		if f.Name == "want" {
			for line := range strings.Lines(string(f.Data)) {
				if !strings.HasPrefix(line, "audit: ") {
					b.WriteString(line)
				}
			}
		}
	}
	return b.String()
}
