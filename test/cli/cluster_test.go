package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// TestClusterScripts runs scripts against an API server, each with a name for a
// namespace of its own in $NS.
func TestClusterScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	c := cluster.Start(t)
	helms := t.TempDir()
	for name, path := range map[string]string{"helm3": testbin.Helm3(t), "helm4": testbin.Helm4(t)} {
		if err := os.Symlink(path, filepath.Join(helms, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("scripts", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir: "testdata/cluster", RequireExplicitExec: true, RequireUniqueNames: true,
			Setup: func(e *testscript.Env) error {
				for k, v := range map[string]string{
					"HOME": e.WorkDir, "KUBECONFIG": c.Kubeconfig, "NS": cluster.NamespaceName(), "TZ": "UTC",
					"PATH": e.Getenv("PATH") + string(os.PathListSeparator) + helms,
				} {
					e.Setenv(k, v)
				}
				return nil
			},
			Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		})
	})
	t.Run("interrupt", func(t *testing.T) { interruptUpgrade(t, c.Kubeconfig) })
}

// interruptUpgrade presses Ctrl-C while a hook is waited for that never ends.
func interruptUpgrade(t *testing.T, kubeconfig string) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: slow\nversion: 1.0.0\n",
		"templates/job.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: never, annotations: {helm.sh/hook: pre-install}}\n" +
			"spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: 'alpine:3.20'}]}}}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	on := []string{"--kubeconfig", kubeconfig, "--namespace", cluster.NamespaceName()}
	run := func(args ...string) *exec.Cmd { return exec.Command("tiphys", append(args, on...)...) }
	c := run("upgrade", "slow", dir, "--create-namespace", "--timeout", "5m")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(time.Minute); ; { // until it is at work
		if text, err := run("status", "slow").CombinedOutput(); err == nil && strings.Contains(string(text), "locked by:") {
			break
		}
		if time.Now().After(until) {
			c.Process.Kill()
			t.Fatalf("it does not begin: %s", &out)
		}
	}
	start := time.Now()
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var e *exec.ExitError
	if err := c.Wait(); !errors.As(err, &e) || e.ExitCode() != 130 || time.Since(start) > 10*time.Second {
		t.Errorf("after %s: %v\n%s", time.Since(start), err, &out)
	}
	text, err := run("status", "slow").CombinedOutput()
	if err != nil || !strings.Contains(string(text), "failed") || strings.Contains(string(text), "locked by") {
		t.Errorf("%v: %s", err, text)
	}
}
