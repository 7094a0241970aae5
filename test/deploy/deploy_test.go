// Package deploy tries the deployment of charts as a team does it: the real
// tiphys, a real API server, secrets that the real sops encrypted, and stock
// helm to look at what is left.
package deploy

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	_ "github.com/tiphys-dev/tiphys/internal/cli" // a change of the program is a reason to run again
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// A team has a repository, a key for production, and a cluster.
type team struct {
	t         *testing.T
	dir       string // the repository
	temp      string // TMPDIR of everything that runs
	key       *age.X25519Identity
	env       []string
	namespace string
	log       bytes.Buffer // what everything printed
}

func newTeam(t *testing.T, c *cluster.Cluster) *team {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	m := &team{t: t, dir: t.TempDir(), temp: t.TempDir(), key: key, namespace: cluster.NamespaceName()}
	keys := filepath.Join(t.TempDir(), "keys.txt")
	m.write(keys, key.String()+"\n")
	m.env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig, "SOPS_AGE_KEY_FILE="+keys, "TMPDIR="+m.temp, "HOME="+m.temp, "XDG_CONFIG_HOME=", "XDG_RUNTIME_DIR=")
	archive, err := txtar.ParseFile("testdata/talk.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		text := strings.ReplaceAll(string(f.Data), "namespace: prod", "namespace: "+m.namespace)
		m.write(filepath.Join(m.dir, f.Name), strings.ReplaceAll(text, "age1prod", key.Recipient().String()))
	}
	return m
}

func (m *team) write(name, text string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// seal encrypts values with the real sops; the plaintext goes through a pipe.
func (m *team) seal(name, text string) {
	m.t.Helper()
	c := m.command(testbin.Sops(m.t), "encrypt", "--age", m.key.Recipient().String(), "--filename-override", name, "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin")
	c.Stdin = strings.NewReader(text)
	out, err := c.Output()
	if err != nil {
		m.t.Fatalf("sops: %v", err)
	}
	m.write(filepath.Join(m.dir, name), string(out))
}

func (m *team) command(name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(context.Background(), name, args...)
	c.Dir, c.Env = m.dir, m.env
	return c
}

// run returns what a command printed, and its exit code.
func (m *team) run(name string, args ...string) (string, int) {
	m.t.Helper()
	c := m.command(name, args...)
	out, _ := c.CombinedOutput()
	m.log.Write(out)
	return string(out), c.ProcessState.ExitCode()
}

// tiphys runs it, and fails the test when the exit code is another.
func (m *team) tiphys(code int, args ...string) string {
	m.t.Helper()
	out, got := m.run(testbin.Tiphys(m.t), args...)
	if got != code {
		m.t.Fatalf("tiphys %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, out)
	}
	return out
}

func (m *team) helm(args ...string) string {
	m.t.Helper()
	out, code := m.run(testbin.Helm3(m.t), args...)
	if code != 0 {
		m.t.Fatalf("helm %s: %s", strings.Join(args, " "), out)
	}
	return out
}

// TestDeploy runs what a team does, one after the other, on one API server.
func TestDeploy(t *testing.T) {
	c := cluster.Start(t)
	t.Run("the case from the talk", func(t *testing.T) { theTalk(t, newTeam(t, c)) })
	t.Run("ten upgrades and a rotation", func(t *testing.T) { tenUpgrades(t, newTeam(t, c)) })
	t.Run("refusals", func(t *testing.T) { refusals(t, newTeam(t, c)) })
}

// theTalk is what the team types today, without helm secrets.
func theTalk(t *testing.T, m *team) {
	m.seal("my-workflow/secrets.prod.yaml", "warehouse: {password: hunter2-for-the-warehouse}\n")
	out := m.tiphys(0, "upgrade", "--install", "my-workflow", "my-workflow", "--namespace", m.namespace, "--create-namespace", "-f", "my-workflow/secrets.prod.yaml")
	want := `release "my-workflow" in namespace "NS" was installed: revision 1`
	if got := strings.ReplaceAll(out, m.namespace, "NS"); !strings.Contains(got, want) || !strings.Contains(got, "See it: argo cron get nightly") {
		t.Errorf("got %s", got)
	}
	if got := m.helm("list", "--namespace", m.namespace, "--short"); got != "my-workflow\n" {
		t.Errorf("helm list: %s", got)
	}
	if got := m.helm("get", "values", "my-workflow", "--namespace", m.namespace); !strings.Contains(got, "password: ENC[AES256_GCM") {
		t.Errorf("helm get values: %s", got)
	}
	if got := m.secret("warehouse", "password"); got != "hunter2-for-the-warehouse" {
		t.Errorf("the Secret holds %q", got)
	}
	// A second time nothing is different.
	if got := m.tiphys(0, "diff", "my-workflow", "my-workflow", "--namespace", m.namespace, "-f", "my-workflow/secrets.prod.yaml"); !strings.Contains(got, "0 to create, 0 to change, 0 to remove, 2 unchanged") {
		t.Errorf("diff: %s", got)
	}
}

// tenUpgrades greps for the secret wherever it could have been left.
func tenUpgrades(t *testing.T, m *team) {
	const old, rotated = "first-password-of-the-warehouse", "second-password-after-rotation"
	secrets := "environments/prod/my-workflow/secrets.yaml"
	m.seal(secrets, "warehouse: {password: "+old+"}\n")
	for i := range 10 {
		m.tiphys(0, "upgrade", "my-workflow", "-e", "prod", "--create-namespace", "--set", fmt.Sprintf("image=registry.example.com/etl:1.%d", i))
	}
	m.tiphys(0, "secrets", "rotate", "-i", secrets)
	m.tiphys(0, "upgrade", "my-workflow", "-e", "prod")
	m.seal(secrets, "warehouse: {password: "+rotated+"}\n")
	m.tiphys(0, "upgrade", "my-workflow", "-e", "prod")
	if got := m.secret("warehouse", "password"); got != rotated {
		t.Errorf("the Secret holds %q", got)
	}
	m.tiphys(0, "verify", "my-workflow", "-e", "prod")
	m.write(filepath.Join(m.dir, "environments/prod/my-workflow/values.yaml"), "image: registry.example.com/etl:2\n")
	m.tiphys(1, "verify", "my-workflow", "-e", "prod")
	m.tiphys(0, "lint", "my-workflow")
	m.tiphys(0, "render", "my-workflow", "-e", "prod")
	m.tiphys(0, "values", "my-workflow", "-e", "prod")
	m.tiphys(0, "rollback", "my-workflow", "11", "--namespace", m.namespace)
	if got := m.secret("warehouse", "password"); got != rotated {
		t.Errorf("a roll back brought %q back", got)
	}
	for _, secret := range []string{old, rotated} {
		for where, text := range m.everywhere() {
			if found := leaks(text, secret); found != "" {
				t.Errorf("%s holds the secret, %s", where, found)
			}
		}
	}
}

// everywhere returns what could hold a secret: the repository, the folder for
// temporary files, what was printed, and all that Helm keeps.
func (m *team) everywhere() map[string][]byte {
	m.t.Helper()
	all := map[string][]byte{"what was printed": m.log.Bytes()}
	for _, root := range []string{m.dir, m.temp} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			all[path] = text
			return err
		})
		if err != nil {
			m.t.Fatal(err)
		}
	}
	records := 0
	for _, r := range m.records() {
		records++
		all["record "+r.name] = r.text
	}
	if records < 10 {
		m.t.Errorf("there are %d records", records)
	}
	return all
}

// leaks looks for a secret in the clear and in base64.
func leaks(text []byte, secret string) string {
	if bytes.Contains(text, []byte(secret)) {
		return "in the clear"
	}
	for shift := range 3 {
		coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + secret))
		if bytes.Contains(text, []byte(coded[4:len(coded)-4])) {
			return "in base64"
		}
	}
	return ""
}

var paths = regexp.MustCompile(`tried .*?; `)

// refusals are told before anything happens, and say what to do.
func refusals(t *testing.T, m *team) {
	secrets := "environments/prod/my-workflow/secrets.yaml"
	m.seal(secrets, "warehouse: {password: hunter2-for-the-warehouse}\n")
	sealed, err := os.ReadFile(filepath.Join(m.dir, secrets))
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func()
		env    string
		args   []string
		code   int
		want   string
	}{
		"a missing environment": {
			args: []string{"-e", "prd"}, code: 2,
			want: "tiphys: there is no environment \"prd\"; did you mean \"prod\"?; the environments are dev, prod\n",
		},
		"a wrong key": {
			env: "SOPS_AGE_KEY=" + other.String(), args: []string{"-e", "prod"}, code: 1,
			want: "tiphys: open environments/prod/my-workflow/secrets.yaml of environment \"prod\": no key of this machine opens it; it is encrypted for KEY; name the file with the right age key in SOPS_AGE_KEY_FILE, or ask somebody who can open it to add your key to .sops.yaml and to run tiphys secrets updatekeys environments/prod/my-workflow/secrets.yaml\n",
		},
		"a leaf that was tampered with": {
			change: func() {
				m.write(filepath.Join(m.dir, secrets), regexp.MustCompile(`data:..`).ReplaceAllString(string(sealed), "data:AA"))
			},
			args: []string{"-e", "prod"}, code: 1,
			want: "tiphys: open environments/prod/my-workflow/secrets.yaml: \"warehouse.password\" was changed, or moved here from another key or file, after it was encrypted; restore it, and make changes with tiphys secrets edit\n",
		},
		"a template that fails": {
			change: func() {
				m.write(filepath.Join(m.dir, "my-workflow/templates/nightly.yaml"), "a: {{ .Values.image.tag }}\n")
			},
			args: []string{"-e", "prod"}, code: 1,
			want: "my-workflow/templates/nightly.yaml:1:14: error: .Values.image.tag: can't evaluate field tag in type interface {} [template-failed]\n    1 | a: {{ .Values.image.tag }}\n      |              ^~~~~~~~~~\n\n1 error in 2 files\ntiphys: nothing was changed in the cluster: mend the findings above\n",
		},
		"a leak of what stands inside of a secret": {
			change: func() {
				m.seal(secrets, `warehouse: {password: '{"db": {"password": "hunter2-in-json"}}'}`+"\n")
				m.write(filepath.Join(m.dir, "my-workflow/templates/nightly.yaml"), "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\ndata: {p: {{ dig \"db\" \"password\" \"\" (.Values.warehouse.password | fromJson) }}}\n")
			},
			args: []string{"-e", "prod", "--no-lint"}, code: 1,
			want: "my-workflow/templates/nightly.yaml:4:11: error: secret \"warehouse.password\" ends up where it should not, in a ConfigMap: only the data of a Secret may hold it [secret-leaked]\n    4 | data: {p: {{ dig \"db\" \"password\" \"\" (.Values.warehouse.password | fromJson) }}}\n      |           ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n\n1 error in 2 files\ntiphys: nothing was changed in the cluster: mend the findings above\n",
		},
		"a leak": {
			change: func() {
				m.write(filepath.Join(m.dir, "my-workflow/templates/nightly.yaml"), "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\ndata: {p: {{ .Values.warehouse.password }}}\n")
			},
			args: []string{"-e", "prod", "--no-lint"}, code: 1,
			want: "my-workflow/templates/nightly.yaml:4:11: error: secret \"warehouse.password\" of environments/prod/my-workflow/secrets.yaml ends up in data.p of ConfigMap \"x\": only the data of a Secret may hold it; put it into one and refer to that [secret-leaked]\n    4 | data: {p: {{ .Values.warehouse.password }}}\n      |           ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n  environments/prod/my-workflow/secrets.yaml:2:5: note: the secret stands here\n\n1 error in 2 files\ntiphys: nothing was changed in the cluster: mend the findings above\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := *m
			m.t = t
			before, err := os.ReadFile(filepath.Join(m.dir, "my-workflow/templates/nightly.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				m.write(filepath.Join(m.dir, secrets), string(sealed))
				m.write(filepath.Join(m.dir, "my-workflow/templates/nightly.yaml"), string(before))
			}()
			if c.change != nil {
				c.change()
			}
			if c.env != "" {
				m.env = append(m.env, "SOPS_AGE_KEY_FILE=/dev/null", c.env)
			}
			got := m.tiphys(c.code, append([]string{"upgrade", "my-workflow"}, c.args...)...)
			got = strings.ReplaceAll(paths.ReplaceAllString(got, ""), m.key.Recipient().String(), "KEY")
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if strings.Contains(got, "hunter2") {
				t.Error("the secret is printed")
			}
			if out := m.helm("list", "--all", "--short", "--namespace", m.namespace); out != "" {
				t.Errorf("there is a release: %s", out)
			}
		})
	}
}
