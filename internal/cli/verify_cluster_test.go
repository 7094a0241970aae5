package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// What upgrade records in a real cluster is what verify finds there.
func TestVerifyInCluster(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("charts/etl/Chart.yaml", "apiVersion: v2\nname: etl\nversion: 1.0.0\n")
	put("charts/etl/values.yaml", "a: 0\n")
	put("charts/etl/templates/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: etl\ndata:\n  a: {{ .Values.a | quote }}\n")
	put("environments/dev/environment.yaml", "namespace: default\n")
	put("environments/dev/values.yaml", "a: 1\n")
	put("environments/prod/environment.yaml", "namespace: default\n")
	put("environments/prod/values.yaml", "a: 2\n")
	chart, archive := filepath.Join(dir, "charts", "etl"), filepath.Join(dir, "etl.tgz")
	server := cluster.Start(t)

	run := func(code int, want string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		if got := Main(t.Context(), args, Streams{Out: &out, Err: &out}); got != code || !strings.Contains(out.String(), want) {
			t.Fatalf("tiphys %v: exit code %d, want %d:\n%s\nwant %q", args, got, code, out.String(), want)
		}
	}
	tiphys := func(code int, want string, args ...string) {
		t.Helper()
		run(code, want, append(args, "--kubeconfig", server.Kubeconfig)...)
	}
	run(0, "digest:", "package", chart, "-o", archive)
	tiphys(1, `prod: nothing runs: there is no release "etl" in namespace "default"`, "verify", chart, "-e", "prod")
	tiphys(0, "revision 1", "upgrade", chart, "-e", "prod")
	tiphys(0, `prod: this package runs: revision 1 of release "etl" in namespace "default" is sha256:`, "verify", chart, "-e", "prod")
	tiphys(0, "this package runs", "verify", archive, "-e", "prod")
	tiphys(1, `this package runs with the values of another environment: revision 1 of release "etl" in namespace "default" was deployed for "prod"`, "verify", archive, "-e", "dev")

	put("environments/prod/values.yaml", "a: 3\n")
	tiphys(1, "another package runs", "verify", chart, "-e", "prod")
	tiphys(0, "revision 2", "upgrade", chart, "-e", "prod")
	tiphys(0, "this package runs: revision 2", "verify", chart, "-e", "prod")
	tiphys(1, "another package runs: revision 2", "verify", archive, "-e", "prod")

	tiphys(0, "revision 3", "upgrade", chart, "-e", "prod", "--set", "a=4")
	tiphys(1, "it is unknown what runs: revision 3", "verify", chart, "-e", "prod")
	helm := exec.Command(testbin.Helm3(t), "upgrade", "etl", chart, "--kubeconfig", server.Kubeconfig, "--namespace", "default")
	if out, err := helm.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tiphys(1, "it is unknown what runs: revision 4", "verify", chart, "-e", "prod")

	put("charts/etl/templates/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: etl\n  labels: {a: \"/\"}\n")
	var out bytes.Buffer
	if code := Main(t.Context(), []string{"upgrade", chart, "-e", "prod", "--kubeconfig", server.Kubeconfig}, Streams{Out: &out, Err: &out}); code == 0 {
		t.Fatalf("the cluster takes what it should not: %s", out.String())
	}
	tiphys(1, "it is unclear what runs: revision 5", "verify", chart, "-e", "prod")

	missing := filepath.Join(dir, "none")
	run(1, "read kubeconfig", "verify", chart, "-e", "prod", "--kubeconfig", missing)
}
