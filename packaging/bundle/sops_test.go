package bundle_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// recipient is the public half of a key that nobody kept: what is encrypted for
// it stays so.
const recipient = "age1nfeyc4tjh8kvserck7yug40zare8sgym27wlfjlv4qn2vart7yesf4e333"

// What the real sops encrypts is packed byte by byte; the same file before it
// was encrypted is refused.
func TestSops(t *testing.T) {
	dir := example().with(files{"environments/prod/etl/secrets.yaml": "password: " + canary + "\nport: 5432\n"}).repo(t)
	chart := filepath.Join(dir, "charts", "etl")
	set, c := load(t, chart)
	if p, findings, err := bundle.New(set, c); p != nil || len(findings) != 1 || err != nil {
		t.Fatalf("in the clear: %v, %v", lines(findings, dir), err)
	}
	secret := filepath.Join(dir, "environments", "prod", "etl", "secrets.yaml")
	for _, form := range [][]string{{}, {"--encrypted-regex", "^password$"}} {
		if err := os.WriteFile(secret, []byte("password: "+canary+"\nport: 5432\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"encrypt", "--in-place", "--age", recipient}, form...)
		c := exec.Command(testbin.Sops(t), append(args, secret)...)
		c.Dir = t.TempDir() // where no .sops.yaml is above
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		p := pack(t, chart)
		unpacked := filepath.Join(t.TempDir(), "x")
		if err := p.Extract(unpacked); err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(secret)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(unpacked, "environments", "prod", "etl", "secrets.yaml"))
		if err != nil || string(got) != string(want) || strings.Contains(string(got), canary) {
			t.Errorf("%v: packed as %s", err, got)
		}
	}
}
