package policies_test

import (
	"flag"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

// linttest has the flag -update.
func updates() bool { return flag.Lookup("update").Value.String() == "true" }

// golden compares the file want of each case in an archive with what run says
// of its file in.yaml.
func golden(t *testing.T, name string, run func(*testing.T, string) string) {
	t.Helper()
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]string{}
	for i, f := range archive.Files {
		dir, base := path.Split(f.Name)
		if base == "in.yaml" {
			in[dir] = string(f.Data)
			continue
		}
		t.Run(path.Clean(dir), func(t *testing.T) {
			got := run(t, in[dir])
			archive.Files[i].Data = []byte(got)
			if diff := cmp.Diff(string(f.Data), got); diff != "" && !updates() {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if updates() {
		if err := os.WriteFile(filepath.Clean(name), txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	golden(t, "testdata/invalid.txtar", func(_ *testing.T, in string) string {
		_, findings := policies.Parse(source.NewFile("in.yaml", []byte(in)))
		return linttest.Format(findings)
	})
}
