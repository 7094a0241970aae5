package environment

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSources(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		".git/HEAD", "charts/etl/environments/prod/secrets.yaml",
		"environments/prod/values.yaml", "environments/prod/secrets.yaml", "environments/prod/etl/secrets.yaml",
		"environments/prod/other/values.yaml", "environments/prod/etl/notes.yaml",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "charts/etl/Chart.yaml"), []byte("name: etl\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for at, want := range map[string][]string{
		"charts/etl": {"environments/prod/values.yaml", "environments/prod/secrets.yaml", "environments/prod/etl/secrets.yaml",
			"charts/etl/environments/prod/secrets.yaml"},
		".": {"environments/prod/values.yaml", "environments/prod/secrets.yaml", "environments/prod/etl/secrets.yaml", "environments/prod/other/values.yaml"},
	} {
		s, err := Open(at)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.Sources(s.Find("prod"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", at, diff)
		}
	}
}
