package pin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPinIsReadAsWritten(t *testing.T) {
	for name, p := range map[string]Pin{
		"all there is":                            {digest("a"), "etl", "1.2.0+7", "git@example.com:acme/flows.git", strings.Repeat("1", 40), "etl-aaaaaaaaaaaa"},
		"no more than needs":                      {Digest: digest("b"), Chart: "etl", Version: "1.0"},
		"what YAML would take for something else": {Digest: digest("c"), Chart: "etl", Version: "1.2", Source: "no", Revision: "1e3", Candidate: "null"},
		"what would be a comment":                 {Digest: digest("d"), Chart: "etl", Version: "1.2.3", Source: `a # b: "c" \ é <&>`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file, err := p.Write(dir, "prod")
			if err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(dir, "environments", "prod", "etl", "pin.yaml"); file != want {
				t.Errorf("written to %s, want %s", file, want)
			}
			got, err := Read(dir, "prod", "etl")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&p, got); diff != "" {
				t.Error(diff)
			}
			text, err := os.ReadFile(file)
			if err != nil || !strings.HasPrefix(string(text), "# ") {
				t.Errorf("no comment: %s, %v", text, err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	if p, err := Read(t.TempDir(), "prod", "etl"); p != nil || err != nil {
		t.Errorf("of none: %v, %v", p, err)
	}
}

func TestPinSaysWhatIsWrong(t *testing.T) {
	good := "digest: " + digest("a") + "\nchart: etl\nversion: 1.2.0\n"
	for name, c := range map[string]struct{ text, want string }{
		"a digest that is none":  {strings.Replace(good, "sha256:", "sha1:", 1), `digest "sha1:aaa`},
		"no digest":              {"chart: etl\nversion: 1.2.0\n", "digest is missing"},
		"a misspelt key":         {good + "revison: abc\n", `unknown key "revison"; did you mean "revision"?`},
		"a key twice":            {good + "chart: etl\n", `"chart"`},
		"a number":               {strings.Replace(good, "1.2.0", "1.2", 1), "version must be text: put it in quotes"},
		"of another chart":       {strings.Replace(good, "chart: etl", "chart: elt", 1), `it is of chart "elt", and lies in the folder of "etl"`},
		"a list":                 {"- a\n", "a pin is a map with the keys digest, chart and version"},
		"nothing":                {"", "a pin is a map"},
		"no YAML":                {"a: [", "line 1"},
		"too much":               {"# " + strings.Repeat("x", mostPin) + "\n" + good, "it has more than 16 KiB"},
		"a password":             {good + "source: https://me:hunter2@example.com/a\n", "source holds credentials"},
		"a token":                {good + "source: https://hunter2@example.com/a\n", "source holds credentials"},
		"a version that is none": {strings.Replace(good, "1.2.0", "../../x", 1), `"../../x" cannot be the version of a chart`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, place), c.text)
			p, err := Read(dir, "prod", "etl")
			if p != nil || err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), place) {
				t.Errorf("got %v, %v; want %s", p, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestPinStaysInItsFolder(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "environments"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(out, filepath.Join(dir, "environments", "prod")); err != nil {
		t.Fatal(err)
	}
	p := Pin{Digest: digest("a"), Chart: "etl", Version: "1.2.0"}
	if _, err := p.Write(dir, "prod"); err == nil {
		t.Error("written through a link")
	}
	for _, env := range []string{"..", "a/b", "", ".git", "-x"} {
		if _, err := p.Write(dir, env); err == nil {
			t.Errorf("written to environment %q", env)
		}
	}
	if all, _ := os.ReadDir(out); len(all) > 0 {
		t.Errorf("outside: %v", all)
	}
}
