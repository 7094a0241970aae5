package cli

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

const watched = `apiVersion: tiphys.dev/v1alpha1
kind: Promotion
metadata: {name: etl}
spec:
  source: {git: {url: "https://git.example.com/data/etl.git"}}
  environments: [{name: dev, gates: [{soak: {for: 2h}}]}, {name: prod, gates: [{approval: {}}]}]
---
apiVersion: tiphys.dev/v1alpha1
kind: Candidate
metadata: {name: etl-3f2a9c1b77d0}
spec: {promotion: etl, digest: "sha256:3f2a9c1b77d00000000000000000000000000000000000000000000000000000", chart: etl, version: 1.5.0, parts: 1}
`

// What does not go to a terminal is a line for each change, and lives on when
// the API server was gone for a while.
func TestWatchPromotions(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	c := cluster.Start(t)
	c.InstallCRDs(t)
	kubectl := func(stdin string, args ...string) {
		t.Helper()
		k := exec.Command(testbin.Kubectl(t), append([]string{"--kubeconfig", c.Kubeconfig}, args...)...)
		k.Stdin = strings.NewReader(stdin)
		if out, err := k.CombinedOutput(); err != nil {
			t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	status := func(kind, name, text string) {
		t.Helper()
		kubectl("", "patch", kind, name, "--subresource=status", "--type=merge", "-p", `{"status":`+text+`}`)
	}
	kubectl(watched, "create", "-f", "-")
	proxy := c.Proxy(t)
	w := watch(t, proxy.Kubeconfig(t, c, token(t, c)), "etl")
	w.expect("TIME etl",
		"TIME etl: no controller has looked at it yet: is tiphys-controller running, and does it see this namespace?",
		"TIME etl: dev: nothing", "TIME etl: prod: nothing")

	status("candidate", "etl-3f2a9c1b77d0", `{"latest":"2026-11-01T09:00:00.000000Z","environments":[{"name":"dev","state":"Verifying","since":"2026-11-01T09:00:00Z",
		"gates":[{"name":"soak","kind":"soak","open":false,"reason":"Soaking","message":"soaks for 2h more","since":"2026-11-01T09:00:00Z","next":"2026-11-01T11:00:00Z"}]}]}`)
	status("promotion", "etl", `{"observedGeneration":1,"blockedBy":"dev/soak","environments":[{"name":"dev","candidate":"etl-3f2a9c1b77d0","state":"Verifying"}]}`)
	w.expect("TIME etl: blocked by dev/soak", "TIME etl: dev",
		"TIME etl dev: etl-3f2a9c1b77d0 1.5.0 Verifying",
		"TIME etl dev etl-3f2a9c1b77d0: soak holds: soaks for 2h more, again at TIME",
		"TIME etl: no controller has looked at it yet: is tiphys-controller running, and does it see this namespace?: gone")

	proxy.Cut()
	w.problem("^tiphys: watch: .*; the cluster at https://.* closed the connection: is it being started anew\\?; trying again$")
	proxy.Pass()
	status("candidate", "etl-3f2a9c1b77d0", `{"environments":[{"name":"dev","state":"Verified","since":"2026-11-01T11:00:00Z",
		"gates":[{"name":"soak","kind":"soak","open":true,"reason":"Soaked","message":"well for 2h","since":"2026-11-01T11:00:00Z"}]}]}`)
	w.expect("TIME etl dev: etl-3f2a9c1b77d0 1.5.0 Verified", "TIME etl dev etl-3f2a9c1b77d0: soak open: well for 2h")
	w.problem("^tiphys: the cluster answers again$")

	kubectl("", "delete", "promotion", "etl")
	w.expect("TIME etl: gone", "TIME etl dev: gone", "TIME etl dev etl-3f2a9c1b77d0: gone", "TIME etl dev etl-3f2a9c1b77d0 soak: gone", "TIME etl prod: gone")
	w.interrupt()
}

// token is one of a service account that may do everything.
func token(t *testing.T, c *cluster.Cluster) string {
	t.Helper()
	run := func(args ...string) string {
		out, err := exec.Command(testbin.Kubectl(t), append([]string{"--kubeconfig", c.Kubeconfig, "-n", "default"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("create", "serviceaccount", "watcher")
	run("create", "clusterrolebinding", "watcher", "--clusterrole=cluster-admin", "--serviceaccount=default:watcher")
	return run("create", "token", "watcher")
}

// A watcher is tiphys promotions --watch as a process.
type watcher struct {
	t        *testing.T
	process  *exec.Cmd
	out, err chan string
}

func watch(t *testing.T, kubeconfig string, args ...string) *watcher {
	t.Helper()
	w := &watcher{t: t, process: exec.Command("tiphys", append([]string{"promotions", "--watch", "-n", "default", "--kubeconfig", kubeconfig}, args...)...)}
	pipe := func(r io.ReadCloser, err error) chan string {
		if err != nil {
			t.Fatal(err)
		}
		lines := make(chan string, 1000)
		go func() {
			defer close(lines)
			for s := bufio.NewScanner(r); s.Scan(); {
				lines <- s.Text()
			}
		}()
		return lines
	}
	w.out, w.err = pipe(w.process.StdoutPipe()), pipe(w.process.StderrPipe())
	if err := w.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.process.Process.Kill() })
	return w
}

// next is the next line, "" after a minute of silence.
func next(lines chan string) string {
	select {
	case line := <-lines:
		return times.ReplaceAllString(line, "TIME")
	case <-time.After(time.Minute):
		return ""
	}
}

// expect waits for lines, in whatever order: changes of two objects may be seen
// together or one by one.
func (w *watcher) expect(lines ...string) {
	w.t.Helper()
	missing := map[string]bool{}
	for _, line := range lines {
		missing[line] = true
	}
	var got bytes.Buffer
	for len(missing) > 0 {
		line := next(w.out)
		if line == "" {
			w.t.Fatalf("it does not say %v, but:\n%s", missing, &got)
		}
		got.WriteString(line + "\n")
		delete(missing, line)
	}
}

func (w *watcher) problem(pattern string) {
	w.t.Helper()
	line := next(w.err)
	if !regexp.MustCompile(pattern).MatchString(line) {
		w.t.Errorf("it says %q, not %q", line, pattern)
	}
}

func (w *watcher) interrupt() {
	w.t.Helper()
	if err := w.process.Process.Signal(os.Interrupt); err != nil {
		w.t.Fatal(err)
	}
	if line := next(w.err); line != "tiphys: interrupted" {
		w.t.Errorf("interrupted, it says %q", line)
	}
	var e *exec.ExitError
	if err := w.process.Wait(); !errors.As(err, &e) || e.ExitCode() != 130 {
		w.t.Errorf("interrupted, it ends with %v", err)
	}
}
