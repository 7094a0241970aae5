package plugin

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A signal is for helm, which ends in its own way; then we do.
func TestSignals(t *testing.T) {
	for name, test := range map[string]struct {
		signal os.Signal
		code   int
	}{
		"an interrupt": {os.Interrupt, 130},
		"termination":  {syscall.SIGTERM, 130},
		"a hang-up":    {syscall.SIGHUP, 5},
	} {
		t.Run(name, func(t *testing.T) {
			if signal.Ignored(test.signal) {
				t.Skip("whoever started the test has this signal ignored, as nohup does, and so has every child")
			}
			dir, env := slowHelm(t, "/bin/true")
			c := exec.Command("tiphys", "helm-secrets", "upgrade", "x", ".", "-f", "secrets.yaml")
			c.Dir, c.Env, c.Stderr = dir, environ(env), os.Stderr
			stdout, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			if !lines.Scan() || lines.Text() != "started" {
				t.Fatalf("helm printed %q", lines.Text())
			}
			if err := c.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			if !lines.Scan() || lines.Text() != "told" {
				t.Errorf("helm was not told: it printed %q", lines.Text())
			}
			var failed *exec.ExitError
			if err := c.Wait(); !errors.As(err, &failed) || failed.ExitCode() != test.code {
				t.Errorf("it ended with %v, want %d", err, test.code)
			}
		})
	}
}

// A job that is cancelled may end only the helm that it started.
func TestHelmGone(t *testing.T) {
	for version, helm := range helms(t) {
		t.Run(version, func(t *testing.T) {
			dir, env := slowHelm(t, helm)
			c := exec.Command(helm, "secrets", "upgrade", "x", ".", "-f", "secrets.yaml")
			c.Dir, c.Env, c.Stderr = dir, environ(env), os.Stderr
			stdout, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			if !lines.Scan() || lines.Text() != "started" {
				t.Fatalf("helm printed %q", lines.Text())
			}
			if err := c.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if !lines.Scan() || lines.Text() != "told" {
				t.Errorf("helm was not told: it printed %q", lines.Text())
			}
			c.Wait()
		})
	}
}

// slowHelm installs the plugins for a helm, and has them run a program that
// waits for a signal and says so.
func slowHelm(t *testing.T, helm string) (dir string, env map[string]string) {
	t.Helper()
	dir = t.TempDir()
	version := "helm3"
	if strings.HasSuffix(helm, "helm4") {
		version = "helm4"
	}
	env = install(t, version, helm, dir)
	seal(t, env, filepath.Join(dir, "secrets.yaml"), "a: secret\n")
	slow, err := exec.LookPath("patient-helm")
	if err != nil {
		t.Fatal(err)
	}
	env["HELM_SECRETS_HELM_PATH"] = slow
	return dir, env
}

// patientHelm waits for a signal, and says so.
func patientHelm() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	fmt.Println("started")
	<-signals
	fmt.Println("told")
	os.Exit(5)
}
