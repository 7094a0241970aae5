package admission

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
	"github.com/tiphys-dev/tiphys/webhook/certs"
)

// blocks are the commands of docs/install.md that are marked with a word.
func blocks(t *testing.T, word string) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(testbin.Root(), "docs", "install.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile("(?s)<!-- run: "+word+" -->\n```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(m[1]) {
			all = append(all, strings.TrimSpace(line))
		}
	}
	if len(all) == 0 {
		t.Fatalf("no command is marked with %s", word)
	}
	return all
}

// shell runs commands as a reader would, in the root of the repository.
func shell(t *testing.T, api *cluster.Cluster, helm string, commands []string) {
	t.Helper()
	bin := t.TempDir()
	for name, target := range map[string]string{"helm": helm, "kubectl": testbin.Kubectl(t)} {
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	for _, line := range commands {
		c := exec.Command("sh", "-c", line)
		c.Dir = testbin.Root()
		c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "KUBECONFIG="+api.Kubeconfig, "HOME="+home)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
}

// TestInstall runs what the guide says of installing, with both versions of Helm.
// Nothing runs pods there. The authority that the webhook writes into its
// configurations must outlive each upgrade.
func TestInstall(t *testing.T) {
	for name, helm := range map[string]string{"helm 3": testbin.Helm3(t), "helm 4": testbin.Helm4(t)} {
		t.Run(name, func(t *testing.T) {
			api := cluster.Start(t)
			commands := blocks(t, "install")
			last := len(commands) - 1
			shell(t, api, helm, commands[:1])
			shell(t, api, helm, []string{`kubectl patch validatingwebhookconfiguration tiphys-webhook --field-manager=tiphys-webhook --type=json ` +
				`-p '[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"` + bundle(t) + `"}]'`})
			shell(t, api, helm, commands[1:last])
			shell(t, api, helm, []string{"test -n \"$(kubectl get validatingwebhookconfiguration tiphys-webhook -o jsonpath='{.webhooks[0].clientConfig.caBundle}')\""})
			shell(t, api, helm, commands[last:])
		})
	}
}

// bundle is a certificate authority in base64.
func bundle(t *testing.T) string {
	t.Helper()
	b, err := certs.Apply(&certs.Bundle{}, certs.Step{Action: certs.Begin}, certs.Observation{Now: time.Now(), Names: []string{"a.b.svc"}}, certs.Lifetimes{})
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Trust())
}

// tried runs what the guide says of trying it.
func tried(t *testing.T, n *installation, space string) {
	t.Cleanup(func() { n.kubectl(t, "", "delete", "workflowpolicy", "try-it") })
	shell(t, n.api, testbin.Helm4(t), blocks(t, "try"))
}

// documented: the role that the guide gives does what the guide says, and what
// is refused is told as it stands there.
func documented(t *testing.T, g *guard) {
	page, err := os.ReadFile(filepath.Join(testbin.Root(), "docs", "approvals.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- run: approver -->\n```yaml\n")
	role, rest, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the guide has no role")
	}
	g.must(t, role, "apply", "-f", "-")
	_, rest, _ = strings.Cut(rest, "```sh\n")
	bind, check, _ := strings.Cut(rest, "\n")
	run := func(line, user string) string {
		t.Helper()
		args := strings.Fields(strings.ReplaceAll(strings.TrimPrefix(line, "kubectl "), "--namespace data", "--namespace "+g.space))
		out, _ := g.as(t, user, "", args...)
		return out
	}
	run(bind, "")
	check, _, _ = strings.Cut(check, "\n")
	if got := run(check, "carol of data-leads"); got != "yes" {
		t.Errorf("%s: %s", check, got)
	}
	if got := run(check, "carol"); got != "no" {
		t.Errorf("%s: %s", check, got)
	}
	g.try(t, map[string]attempt{
		"approve": {"carol of data-leads", decided("a", "by: {user: carol, groups: [data-leads]}"), nil, "approval.tiphys.dev/a created (server dry run)"},
		"freeze":  {"carol of data-leads", "", []string{"patch", "promotion", "etl", "--type=json", "-p", `[{"op":"add","path":"/spec/environments/2/freeze","value":{"reason":"audit"}}]`}, "promotion.tiphys.dev/etl patched"},
	})
	out, _ := g.as(t, "bob", decided("a", "by: {user: bob}"), "create", "-f", "-")
	if !strings.Contains(string(page), "\n"+strings.ReplaceAll(out, "SPACE", "data")+"\n") {
		t.Errorf("the guide does not show what kubectl does:\n%s", out)
	}
}
