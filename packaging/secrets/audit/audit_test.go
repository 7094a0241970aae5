package audit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

func TestWhatIsMeantToBeSecret(t *testing.T) {
	for name, want := range map[string]bool{
		"secrets.yaml": true, "secret.yml": true, "secrets.prod.yaml": true, "secrets-prod.yaml": true, "secrets_prod.json": true,
		"prod.enc.yaml": true, "db.sops.json": true, "my-secrets.yaml": true, "db.secret.env": true, "secrets.env": true, ".secrets.env": true,
		"SECRETS.YAML": true, "secrets.ini": true,
		".sops.yaml": false, "values.yaml": false, "secretary.yaml": false, "secrets.example.yaml": false, "secrets.schema.json": false,
		"secrets.md": false, "sops.yaml": false, "environment.yaml": false, "secrets": false, "secrets.yaml.bak": false,
	} {
		if got := meant(name); got != want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// lay writes files into a folder, those called so encrypted, and returns it.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, ".config"))
	t.Setenv("SOPS_AGE_KEY", "")
	t.Setenv("SOPS_CONFIG", "")
	key := func() (string, string) {
		text, recipient, err := secrets.GenerateKey(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(string(text))
		return words[len(words)-1], recipient
	}
	own, us := key()
	_, them := key()
	t.Setenv("SOPS_AGE_KEY", own)
	files[".sops.yaml"] = "creation_rules:\n  - {path_regex: prod, age: " + them + "}\n  - {path_regex: shared, age: '" + us + "," + them + "'}\n  - {age: " + us + "}\n"
	put := func(name string, text []byte) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(".sops.yaml", []byte(files[".sops.yaml"]))
	for name, text := range files {
		plain, found := strings.CutPrefix(text, "encrypt ")
		if !found {
			put(name, []byte(text))
			continue
		}
		sealed, err := secrets.Encrypt(t.Context(), filepath.Join(dir, name), []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		put(name, sealed)
	}
	return dir
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		at    string // the folder that is checked
		want  []string
	}{
		"all is well": {map[string]string{
			"environments/dev/secrets.yaml":  "encrypt a: b\n",
			"environments/prod/secrets.yaml": "encrypt a: c\n",
			"environments/qa/values.yaml":    "a: b\n",
		}, ".", nil},
		"empty files keep no secret": {map[string]string{
			"environments/dev/secrets.yaml": "# nothing yet\n", "secrets.env": "\n# nothing\n",
		}, ".", nil},
		"files of other charts and templates are not looked at": {map[string]string{
			"charts/etl/Chart.yaml": "name: etl\n", "charts/etl/templates/secrets.yaml": "kind: Secret\n",
			"environments/dev/other/secrets.yaml": "a: b\n", "environments/dev/etl/values.yaml": "a: b\n",
		}, "charts/etl", nil},
		"in the clear": {map[string]string{
			"environments/dev/secrets.yaml": "a: hunter2\n", "environments/dev/more.enc.yaml": "a: hunter2\n", "charts/x/secrets.yaml": "a: [hunter2",
		}, ".", []string{"charts/x/secrets.yaml secrets-not-encrypted", "environments/dev/more.enc.yaml secrets-not-encrypted", "environments/dev/secrets.yaml secrets-not-encrypted"}},
		"mixed and shared": {map[string]string{
			"environments/dev/secrets.yaml":        "encrypt a: b\n",
			"environments/dev/shared/secrets.yaml": "encrypt a: b\n",
			"environments/prod/secrets.yaml":       "encrypt a: b\n",
		}, ".", []string{
			"environments/dev/shared/secrets.yaml secrets-recipients-mixed", "environments/prod/secrets.yaml secrets-recipient-shared",
		}},
		"keys that differ": {map[string]string{
			"environments/dev/secrets.yaml":  "encrypt a: b\nc: {d: e, f: [g]}\n",
			"environments/prod/secrets.yaml": "encrypt a: b\nx: y\n",
		}, ".", []string{
			"environments/dev/secrets.yaml secrets-key-missing", "environments/dev/secrets.yaml secrets-key-missing", "environments/prod/secrets.yaml secrets-key-missing",
		}},
		"damaged": {map[string]string{
			"environments/dev/secrets.yaml": "a: ENC[AES256_GCM,data:x,type:str]\nsops:\n  mac: x\n",
		}, ".", []string{"environments/dev/secrets.yaml secrets-unreadable"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := lay(t, c.files)
			t.Chdir(dir)
			r, err := Check(t.Context(), c.at)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range r.Findings {
				got = append(got, strings.TrimPrefix(FileOf(f), "../../")+" "+f.Rule.Name)
				if strings.Contains(f.Message, "hunter2") || f.Span.File != nil && strings.Contains(string(f.Span.File.Bytes), "ENC[") {
					t.Errorf("it shows a value: %s", f.Message)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnEndedContextEndsTheCheck(t *testing.T) {
	dir := lay(t, map[string]string{"environments/dev/secrets.yaml": "encrypt a: b\n"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Check(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
