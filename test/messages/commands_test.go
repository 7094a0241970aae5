package messages

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

// A try is a command that somebody types. {NAME} stands for a value of the
// workplace.
type try struct {
	args  string
	stdin string
	env   string // more of it, NAME=VALUE
	// code is how it must end: 0 where it must succeed.
	code int
	// shows are the places whose secrets standard output is for.
	shows string
}

const (
	literal  = "a literal in a workflow"
	manifest = "a Secret in a file"
	sealed   = "an encrypted file"
)

// tries are what is done with tiphys, in this order. Each command is there in a
// way that succeeds and in one that does not, where it has both.
var tries = []try{
	{args: "rules"}, {args: "rules --format nope", code: 2},
	{args: "explain secret-literal"}, {args: "explain secret-literl", code: 2},
	{args: "completion bash"}, {args: "completion zsh"}, {args: "completion fish"}, {args: "completion powershell"},
	{args: "help lint"}, {args: "version"},

	{args: "lint workflows/leaky.yaml --show info"},
	{args: "lint workflows/leaky.yaml --rule secret-literal=error", code: 1},
	{args: "lint workflows --format json --show info", code: 1}, {args: "lint workflows --format sarif", code: 1},
	{args: "lint workflows --format github", code: 1}, {args: "lint workflows --format junit", code: 1},
	{args: "lint workflows/leaky.yaml --policy policy.yaml --defaults --show info", code: 1},
	{args: "lint workflows/leaky.yaml --policy policybroken.yaml", code: 2},
	{args: "lint workflows/leaky.yaml --policy policy.yaml --defaults --diff", code: 1, shows: literal}, // a patch holds lines of the file
	{args: "lint -", stdin: "apiVersion: v1\nkind: Secret\nstringData: {a: \"{MANIFEST}\n", code: 1},
	{args: "lint charts/etl"}, {args: "lint charts/etl -e dev --decrypt always --format json --show info"},
	{args: "lint charts/etl -e dev --decrypt always", env: "SOPS_AGE_KEY=", code: 1},
	{args: "lint charts/bad -e dev --decrypt always", code: 1}, {args: "lint charts/bad -e dev --decrypt never", code: 1},
	{args: "graph workflows/leaky.yaml"}, {args: "graph workflows/leaky.yaml --format svg"}, {args: "graph workflows/leaky.yaml --format mermaid"},
	{args: "graph workflows/leaky.yaml --format dot"}, {args: "graph workflows/broken.yaml", code: 1},
	{args: "lsp", stdin: "{LSP}"}, {args: "lsp", stdin: "{MANIFEST}", code: 1},
	{args: "post-render", stdin: "{LEAKY}", shows: literal}, {args: "post-render --rule secret-literal=error", stdin: "{LEAKY}", code: 1},
	{args: "post-render", stdin: "kind: Secret\nstringData: {a: \"{MANIFEST}}\nb: c: d\n", shows: manifest, code: 1},

	{args: "policy list"}, {args: "policy list --format nope", code: 2}, {args: "policy show baseline"}, {args: "policy show nope", code: 2},
	{args: "policy check policy.yaml"}, {args: "policy check policybroken.yaml", code: 1},
	{args: "policy eval policy.yaml workflows/leaky.yaml", code: 1}, {args: "policy eval policy.yaml workflows/good.yaml"},
	{args: "policy eval policybroken.yaml workflows/leaky.yaml", code: 1},
	{args: "policy eval policy.yaml workflows/broken.yaml", code: 2},
	{args: "policy test rego"}, {args: "policy test policy.yaml", code: 2},
	{args: "policy export rego/policy.yaml --gatekeeper"}, {args: "policy export policybroken.yaml --gatekeeper", code: 1},

	{args: "environments charts/etl"}, {args: "environments charts/nope", code: 2},
	{args: "values charts/etl -e dev"}, {args: "values charts/etl -e dev --format json"}, {args: "values charts/etl -e nope", code: 2},
	{args: "render charts/etl -e dev"}, {args: "render charts/etl -e dev --decrypt always", shows: sealed},
	{args: "render charts/etl -e dev --decrypt always", env: "SOPS_AGE_KEY={WRONGKEY}", code: 1},
	{args: "render charts/bad -e dev --set shout=true", code: 1}, {args: "render charts/bad -e dev --set shout=true --decrypt always", code: 1},
	{args: "render charts/etl -f plainbroken.yaml", code: 1},
	{args: "new churn --dir made/churn --age dev={RECIPIENT}"}, {args: "new churn --dir made/churn", code: 2}, {args: "new churn --age dev={RECIPIENT}", code: 2},
	{args: "import workflows charts/made --dry-run --age dev={RECIPIENT}"}, {args: "import workflows charts/made --age dev={RECIPIENT}"},
	{args: "import workflows charts/made", code: 2},

	{args: "secrets keygen -o made.key"}, {args: "secrets keygen -o made.key", code: 1},
	{args: "secrets check charts/etl"}, {args: "secrets check charts/etl --format json", env: "SOPS_AGE_KEY={WRONGKEY}"}, {args: "secrets check charts/nope", code: 2},
	{args: "secrets encrypt plain.yaml"}, {args: "secrets encrypt plainbroken.yaml", code: 1}, {args: "secrets encrypt nope.yaml", code: 2},
	{args: "secrets decrypt sealed.yaml", shows: sealed}, {args: "secrets decrypt sealed.yaml", env: "SOPS_AGE_KEY={WRONGKEY}", code: 1},
	{args: "secrets decrypt sealed.yaml", env: "SOPS_AGE_KEY={HALFKEY}", code: 1}, {args: "secrets decrypt plain.yaml", code: 1},
	{args: "secrets view sealed.yaml", shows: sealed}, {args: "secrets view sealed.yaml", env: "SOPS_AGE_KEY={WRONGKEY}", code: 1},
	{args: "secrets edit sealed.yaml"}, {args: "secrets edit sealed.yaml", env: "EDITOR=false", code: 1},
	{args: "secrets rotate sealed.yaml"}, {args: "secrets rotate sealed.yaml", env: "SOPS_AGE_KEY={WRONGKEY}", code: 1},
	{args: "secrets updatekeys -y sealed.yaml"}, {args: "secrets updatekeys -y plain.yaml", code: 1},

	{args: "package charts/etl"}, {args: "package charts/nope", code: 2},
	{args: "push charts/etl oci://{HOST}/data/etl --plain-http"}, {args: "push charts/etl oci://{HOST}/forbidden/etl --plain-http", code: 3},
	{args: "push charts/etl oci://ada:{REGISTRY}@{HOST}/data/etl --plain-http", code: 2},
	{args: "pull oci://{HOST}/data/etl:1.0.0 --plain-http"}, {args: "pull oci://{HOST}/data/etl:2.0.0 --plain-http", code: 2},
	{args: "pull oci://{HOST}/data/etl:1.0.0 --plain-http", env: "DOCKER_CONFIG=/nope", code: 3},

	{args: "diff charts/etl -e dev --set-string password={SET}"},
	{args: "upgrade charts/etl -e dev --create-namespace --set-string password={SET}"},
	{args: "upgrade charts/bad -e dev --set-string password={SET}"}, // in the clear, as it is given
	{args: "uninstall charts/bad -e dev"},
	{args: "upgrade charts/etl -e dev", env: "KUBECONFIG={BADKUBE}", code: 3}, {args: "upgrade charts/bad -e dev", code: 1},
	{args: "upgrade charts/bad -e dev --no-lint", code: 1}, {args: "upgrade charts/bad -e dev --no-lint --set shout=true", code: 1},
	{args: "upgrade charts/etl -e dev --set image=\"", code: 1},
	{args: "upgrade charts/etl -e dev"},
	{args: "diff charts/etl -e dev"}, {args: "diff charts/etl -e dev", env: "KUBECONFIG={BADKUBE}", code: 3},
	{args: "verify charts/etl -e dev"}, {args: "verify oci://{HOST}/data/etl:2.0.0 -e dev --plain-http", code: 2},
	{args: "history charts/etl -e dev"}, {args: "history charts/etl -e dev", env: "KUBECONFIG={BADKUBE}", code: 3},
	{args: "status charts/etl -e dev"}, {args: "status etl -n nope", code: 2},
	{args: "upgrade charts/etl -e dev"}, {args: "rollback charts/etl 1 -e dev"}, {args: "rollback charts/etl 77 -e dev", code: 1},
	{args: "uninstall charts/etl -e dev"}, {args: "uninstall charts/etl -e dev", code: 2},

	{args: "promote charts/etl --to dev --no-commit"}, {args: "promote charts/etl --to dev --push", code: 3},
	{args: "promotions -n {TEAM}"}, {args: "promotions -n {TEAM}", env: "KUBECONFIG={BADKUBE}", code: 3},
	{args: "why etl prod -n {TEAM}"}, {args: "why etl nope -n {TEAM}", code: 2},
	{args: "freeze etl prod --reason x -n {TEAM}"}, {args: "freeze etl nope --reason x -n {TEAM}", code: 2},
	{args: "approve nope prod -n {TEAM}", code: 2}, {args: "reject nope prod -n {TEAM}", code: 2},
	{args: "promote etl --to prod --candidate nope -n {TEAM}", code: 2},

	{args: "helm-secrets decrypt sealed.yaml", shows: sealed}, {args: "helm-secrets decrypt plain.yaml", env: "SOPS_AGE_KEY={WRONGKEY}", code: 1},
	{args: "helm-secrets template etl charts/etl -f sealed.yaml", shows: sealed}, {args: "helm-secrets upgrade etl charts/etl -n {NS} -f sealed.yaml", env: "SOPS_AGE_KEY={WRONGKEY}", code: 1},
}

// plainly are commands that cannot fail, or that need more than there is here to
// succeed; other tests have them do so.
var plainly = map[string]string{
	"completion bash": "", "completion zsh": "", "completion fish": "", "completion powershell": "", "help": "", "version": "",
	"approve": "needs a candidate: test/cli/testdata/promotions", "reject": "needs a candidate: test/cli/testdata/promotions",
}

var listed = regexp.MustCompile(`(?m)^  ([a-z][a-z-]*) +\S`)

// commandsOf asks a program itself what it can do.
func commandsOf(t *testing.T, program string, at ...string) (leaves []string) {
	t.Helper()
	out, err := exec.Command(program, append(append([]string(nil), at...), "--help")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v --help: %v\n%s", program, at, err, out)
	}
	_, rest, ok := strings.Cut(string(out), "Available Commands:\n")
	if !ok {
		return []string{strings.Join(at, " ")}
	}
	list, _, _ := strings.Cut(rest, "\n\n")
	for _, m := range listed.FindAllStringSubmatch(list, -1) {
		leaves = append(leaves, commandsOf(t, program, append(append([]string(nil), at...), m[1])...)...)
	}
	return leaves
}

// TestCommandsAreKnown: a new command must be tried, well and badly.
func TestCommandsAreKnown(t *testing.T) {
	leaves := commandsOf(t, testbin.Tiphys(t))
	if len(leaves) < 30 {
		t.Fatalf("there are only the commands %v", leaves)
	}
	for _, leaf := range append(leaves, "helm-secrets") {
		well, badly := false, false
		for _, one := range tries {
			if one.args == leaf || strings.HasPrefix(one.args, leaf+" ") {
				well, badly = well || one.code == 0, badly || one.code != 0
			}
		}
		if _, ok := plainly[leaf]; !well && !badly || !ok && (!well || !badly) {
			t.Errorf("tiphys %s is tried well: %v, and badly: %v; add it to tries", leaf, well, badly)
		}
	}
}

// TestServersHaveNoCommands: what they do is tried by servers; a command of theirs
// would have to be tried, too.
func TestServersHaveNoCommands(t *testing.T) {
	for _, program := range []string{testbin.Webhook(t), testbin.Controller(t)} {
		if got := commandsOf(t, program); len(got) != 1 || got[0] != "" {
			t.Errorf("%s has the commands %q, which are not tried", program, got)
		}
	}
}

// do tries everything, and looks for canaries in what is said and left.
func (w *workplace) do() {
	tiphys := testbin.Tiphys(w)
	for _, one := range tries {
		words := strings.Fields(w.fill(one.args))
		env := []string{}
		if one.env != "" {
			env = append(env, w.fill(one.env))
		}
		o := w.run(tiphys, words, w.fill(one.stdin), env...)
		name := "tiphys " + one.args
		if o.code != one.code {
			w.Errorf("%s ended with %d, not %d\n%s\n%s", name, o.code, one.code, o.out[max(0, len(o.out)-600):], o.err[max(0, len(o.err)-1000):])
		}
		w.cage.check(name+": standard output", o.out, one.shows)
		w.cage.check(name+": standard error", o.err)
		w.left(name)
	}
	// And with what no command knows, which they tell by quoting it.
	for _, leaf := range commandsOf(w.T, tiphys) {
		o := w.run(tiphys, append(strings.Fields(leaf), "--help"), "")
		w.cage.check("tiphys "+leaf+" --help", append(o.out, o.err...))
	}
}

// lsp is a conversation of an editor about a text.
func lsp(text string) string {
	var b strings.Builder
	for _, m := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}`,
		`{"jsonrpc":"2.0","method":"initialized","params":{}}`,
		fmt.Sprintf(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///w.yaml","languageId":"yaml","version":1,"text":%q}}}`, text),
		`{"jsonrpc":"2.0","id":2,"method":"textDocument/hover","params":{"textDocument":{"uri":"file:///w.yaml"},"position":{"line":11,"character":40}}}`,
		`{"jsonrpc":"2.0","id":3,"method":"shutdown"}`,
		`{"jsonrpc":"2.0","method":"exit"}`,
	} {
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(m), m)
	}
	return b.String()
}
