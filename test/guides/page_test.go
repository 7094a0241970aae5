package guides

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMatches(t *testing.T) {
	for name, c := range map[string]struct {
		written, printed string
		want             bool
	}{
		"the same":                       {"a\nb\n", "a\nb\n", true},
		"another line":                   {"a\nb\n", "a\nc\n", false},
		"a line more":                    {"a\n", "a\nb\n", false},
		"a line less":                    {"a\nb\n", "a\n", false},
		"nothing at all":                 {"", "", true},
		"spaces at the end of a line":    {"a\n", "a   \n", true},
		"any lines":                      {"a\n...\nd\n", "a\nb\nc\nd\n", true},
		"any lines may be none":          {"a\n...\nd\n", "a\nd\n", true},
		"any lines, and not the last":    {"a\n...\nd\n", "a\nb\nc\n", false},
		"any text":                       {"took … in all\n", "took 3s in all\n", true},
		"any text is within its line":    {"took … in all\n", "took 3s\nin all\n", false},
		"columns are as wide as they be": {"NAME … AGE\na    … 3s\n", "NAME    DIGEST   AGE\na       123456   3s\n", true},
		"dots are dots":                  {"a.b\n", "acb\n", false},
	} {
		if got := (Command{Prints: c.written}).Matches(c.printed); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestBlocks(t *testing.T) {
	text := "# Page\n\n<!-- setup\nmkdir a\n-->\n\nPut this into `a/b.yaml`:\n\n<!-- guide: file a/b.yaml -->\n```yaml\na: 1\n```\n\n" +
		"```yaml\nno: business\n```\n\n- in a list:\n\n  <!-- guide: fails 2 -->\n  ```sh\n  false\n  ```\n\n<!-- guide -->\n```console\n$ echo a \\\n>   b\na b\n$ true\n```\n\n```sh\nunmarked\n```\n"
	got, wrong := Blocks(text)
	if wrong != nil {
		t.Error(wrong)
	}
	want := []Block{
		{Kind: Setup, Marker: "setup", Line: 4, Text: "mkdir a\n"},
		{Kind: File, Marker: "guide: file a/b.yaml", Line: 11, Text: "a: 1\n", Path: "a/b.yaml"},
		{Kind: Shell, Marker: "guide: fails 2", Line: 22, Text: "false\n", Fails: 2},
		{Kind: Console, Marker: "guide", Line: 27, Text: "$ echo a \\\n>   b\na b\n$ true\n"},
		{Line: 34, Text: "unmarked\n"},
	}
	for i := range got {
		if b := got[i]; b.Start > 0 && text[b.Start:b.Start+len(b.Text)] != b.Text {
			t.Errorf("line %d: it starts elsewhere: %q", b.Line, text[b.Start:])
		}
		got[i].Start = 0
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Command{{"echo a \\\n  b\n", "a b\n"}, {"true\n", ""}}, got[3].Commands()); diff != "" {
		t.Error(diff)
	}
	if w := got[3].Commands()[0].Written(); w != "$ echo a \\\n>   b\na b\n" {
		t.Errorf("%q", w)
	}
}

func TestWrongMarkers(t *testing.T) {
	for _, text := range []string{
		"<!-- guide: soon -->\n```sh\ntrue\n```\n",
		"<!-- guide: in time -->\n```sh\ntrue\n```\n",
		"<!-- guide: fails -->\n```sh\ntrue\n```\n",
		"<!-- guide: fails 0 -->\n```sh\ntrue\n```\n",
		"<!-- guide -->\n```yaml\na: 1\n```\n",
		"<!-- guide: file a.yaml -->\n```yaml\na: 1\n```\n",
		"<!-- guide -->\n```sh\ntrue\n",
		"<!-- setup\ntrue\n",
	} {
		if _, wrong := Blocks(text); wrong == nil {
			t.Errorf("this is taken:\n%s", text)
		}
	}
}
