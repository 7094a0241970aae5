package plugin

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// watchedHelm runs helm, and looks for the secret before, while and after it
// runs: in all files below $WATCH, and in the command lines and environments of
// all processes. It ends with 99 where it finds it.
func watchedHelm() {
	secret, err := hex.DecodeString(os.Getenv("WATCH_SECRET"))
	if err != nil || len(secret) == 0 {
		fmt.Fprintln(os.Stderr, "WATCH_SECRET is not set")
		os.Exit(98)
	}
	look := func() {
		if where := find(secret); where != "" {
			fmt.Fprintln(os.Stderr, "the secret is in", where)
			os.Exit(99)
		}
	}
	look()
	helm := exec.Command(os.Getenv("WATCH_HELM"), os.Args[1:]...)
	helm.Stdin, helm.Stdout, helm.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := helm.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(98)
	}
	ended := make(chan error, 1)
	go func() { ended <- helm.Wait() }()
	for {
		look()
		select {
		case err := <-ended:
			look()
			var failed *exec.ExitError
			if errors.As(err, &failed) {
				os.Exit(failed.ExitCode())
			}
			os.Exit(0)
		default:
		}
	}
}

func find(secret []byte) string {
	where := ""
	has := func(path string) {
		if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, secret) {
			where = path
		}
	}
	for _, dir := range filepath.SplitList(os.Getenv("WATCH")) {
		filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				has(path)
			}
			return nil
		})
	}
	for _, name := range []string{"cmdline", "environ"} {
		files, _ := filepath.Glob("/proc/[0-9]*/" + name)
		for _, file := range files {
			has(file)
		}
	}
	return where
}

const chartYAML = "apiVersion: v2\nname: my-workflow\nversion: 0.1.0\n"

const templateYAML = `apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}}
stringData: {password: {{ .Values.password | quote }}}
---
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: {{ .Release.Name }}}
spec:
  entrypoint: main
  activeDeadlineSeconds: 60
  templates:
    - name: main
      suspend: {duration: "1"}
`

// The command of the team, to the letter, against a real API server; the secret
// gets to the cluster, and nowhere else.
func TestUpgrade(t *testing.T) {
	c := cluster.Start(t)
	for version, helm := range helms(t) {
		t.Run(version, func(t *testing.T) {
			dir := t.TempDir()
			env := install(t, version, helm, dir)
			watched, err := exec.LookPath("watched-helm")
			if err != nil {
				t.Fatal(err)
			}
			const secret = "canary-7fb1c3-of-prod"
			chart := filepath.Join(dir, "my-workflow")
			for name, text := range map[string]string{"Chart.yaml": chartYAML, "values.yaml": "password: none\n", "templates/all.yaml": templateYAML} {
				file := filepath.Join(chart, name)
				if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			seal(t, env, filepath.Join(chart, "secrets.prod.yaml"), "password: "+secret+"\n")
			env["KUBECONFIG"] = c.Kubeconfig
			env["HELM_SECRETS_HELM_PATH"] = watched
			env["WATCH_HELM"] = helm
			env["WATCH_SECRET"] = hex.EncodeToString([]byte(secret))
			env["WATCH"] = dir

			namespace := "prod"
			if os.Getenv(cluster.Override) != "" { // where it may be taken
				namespace = cluster.NamespaceName()
			}
			upgrade := fmt.Sprintf("helm secrets upgrade --install my-workflow --namespace %s --create-namespace -f secrets.prod.yaml .", namespace)
			for _, want := range []string{"REVISION: 1", "REVISION: 2"} { // the first installs, the second upgrades
				out := shell(t, env, chart, upgrade)
				if !strings.Contains(out, want) || !strings.Contains(out, "note: helm stores the values that it gets in its release record") {
					t.Fatalf("%s printed\n%s", upgrade, out)
				}
			}
			if out := shell(t, env, chart, "helm -n "+namespace+" get manifest my-workflow"); !strings.Contains(out, secret) {
				t.Errorf("the secret is not in the release:\n%s", out)
			}
			if out := shell(t, env, chart, "helm secrets -q upgrade --install my-workflow -n "+namespace+" -f secrets.prod.yaml --set a=b ."); strings.Contains(out, "note:") {
				t.Errorf("-q did not keep it quiet:\n%s", out)
			}
			if where := findIn(t, dir, secret); where != "" {
				t.Errorf("the secret is in %s", where)
			}
			planted := filepath.Join(env["TMPDIR"], "planted")
			if err := os.WriteFile(planted, []byte(secret), 0o600); err != nil {
				t.Fatal(err)
			}
			if out := shell(t, env, chart, "! helm secrets -q template . -f secrets.prod.yaml 2>&1"); !strings.Contains(out, "the secret is in "+planted) {
				t.Errorf("a secret on disk is not seen:\n%s", out)
			}
			shell(t, env, chart, "helm uninstall my-workflow -n "+namespace)
		})
	}
}

func findIn(t *testing.T, dir, secret string) string {
	t.Setenv("WATCH", dir)
	return find([]byte(secret))
}

// seal writes a file that sops encrypted; the text is not written.
func seal(t *testing.T, env map[string]string, file, text string) {
	t.Helper()
	c := exec.Command(testbin.Sops(t), "encrypt", "--filename-override", file)
	c.Env, c.Stdin, c.Dir = environ(env), strings.NewReader(text), t.TempDir() // where no .sops.yaml is above
	out, err := c.Output()
	if err != nil {
		t.Fatalf("sops encrypt: %v", err)
	}
	if err := os.WriteFile(file, out, 0o644); err != nil {
		t.Fatal(err)
	}
}

// shell runs a command that must work, and returns all that it prints.
func shell(t *testing.T, env map[string]string, dir, command string) string {
	t.Helper()
	c := exec.Command("sh", "-c", command)
	c.Dir, c.Env = dir, environ(env)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}
