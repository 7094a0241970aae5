// Package arch holds the arrows of the design: who may import whom.
package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tiphys-dev/tiphys/"

// A pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// list returns our packages by path, without the prefix of the module.
func list(t *testing.T) map[string]pkg {
	t.Helper()
	c := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...")
	c.Dir = "../.."
	out, err := c.Output()
	if err != nil {
		var e *exec.ExitError
		if errors.As(err, &e) {
			t.Fatalf("go list: %s", e.Stderr)
		}
		t.Fatal(err)
	}
	all := map[string]pkg{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, module)] = p
	}
	if len(all) < 5 {
		t.Fatalf("go list knows only %d packages", len(all))
	}
	return all
}

// definitions are packages of lint that only generators and tests may use:
// what they hold is generated into the packages that are linked.
var definitions = []string{"lint/schema/argo", "lint/schema/events"}

// pure reports whether the design wants the package to be a pure function:
// lint and everything below it, but for what makes and tests it.
func pure(path string) bool {
	if path != "lint" && !strings.HasPrefix(path, "lint/") {
		return false
	}
	part := strings.Split(path, "/")
	return !slices.Contains(definitions, path) && !slices.Contains(part, "gen") && !slices.Contains(part, "linttest")
}

func TestLintIsPure(t *testing.T) {
	// Linked by nobody below lint, however far down: clusters, networks, programs.
	never := []string{
		"net", "net/http", "os/exec", "os/signal", "plugin", "log/slog",
		"k8s.io/client-go", "sigs.k8s.io/controller-runtime", "helm.sh", "github.com/getsops", "github.com/open-policy-agent",
		"k8s.io", "sigs.k8s.io", "github.com/spf13",
	}
	// Imported by none of our own packages. Libraries may: expr-lang knows
	// dates, and fmt knows os.
	notByUs := []string{"os", "log", "syscall", "unsafe", "embed/internal", "path/filepath", "testing", "flag"}
	for path, p := range list(t) {
		if !pure(path) {
			continue
		}
		for _, dep := range p.Deps {
			if slices.ContainsFunc(never, func(n string) bool { return within(dep, n) }) {
				t.Errorf("%s links %s", path, dep)
			}
			if slices.Contains(definitions, strings.TrimPrefix(dep, module)) {
				t.Errorf("%s links the definitions %s", path, dep)
			}
		}
		for _, imp := range p.Imports {
			if imp == "path/filepath" && path == "lint/report" {
				continue // file names on Windows have backslashes, URIs have not
			}
			if slices.Contains(notByUs, imp) {
				t.Errorf("%s imports %s", path, imp)
			}
		}
	}
}

func TestRulesAreLeaves(t *testing.T) {
	for path, p := range list(t) {
		for _, imp := range p.Imports {
			target, isRule := strings.CutPrefix(imp, module+"lint/rules/")
			if isRule && path != "lint/rules" {
				t.Errorf("%s imports the rule %s", path, target)
			}
		}
	}
}

func TestNobodyImportsCommands(t *testing.T) {
	for path, p := range list(t) {
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, module+"cmd/") {
				t.Errorf("%s imports %s", path, imp)
			}
			if imp == module+"internal/cli" && !strings.HasPrefix(path, "cmd/") {
				t.Errorf("%s imports the command line", path)
			}
		}
	}
}

// Each of these libraries has one home.
func TestHomes(t *testing.T) {
	homes := map[string][]string{
		"helm.sh":                        {"packaging/release", "packaging/render", "packaging/bundle/helmrepo"},
		"github.com/go-git":              {"promotion/source", "promotion/pin"},
		"sigs.k8s.io/controller-runtime": {"webhook/", "promotion/"},
		"k8s.io/client-go":               {"webhook/", "promotion/", "packaging/", "test/cluster", "test/chart", "test/standin", "test/demo"},
		"github.com/getsops":             {"packaging/secrets"},
		"oras.land":                      {"packaging/bundle/oci"},
		"github.com/open-policy-agent":   {"policies"},
		"github.com/expr-lang/expr":      {"lint/expr"},
		"github.com/spf13/cobra":         {"internal/cli", "cmd/"},
	}
	for path, p := range list(t) {
		for _, imp := range p.Imports {
			for library, allowed := range homes {
				if within(imp, library) && !slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(path+"/", a) }) {
					t.Errorf("%s imports %s, whose home is %s", path, imp, strings.Join(allowed, ", "))
				}
			}
			if strings.HasPrefix(path, "webhook/") && strings.HasPrefix(imp, module+"promotion") ||
				strings.HasPrefix(path, "promotion/") && strings.HasPrefix(imp, module+"webhook") {
				t.Errorf("%s imports %s: the two must not know each other", path, imp)
			}
		}
	}
}

// TestWebhookIsLean: what judges requests in a cluster has neither Helm nor SOPS
// nor the clients of clouds and registries in it.
func TestWebhookIsLean(t *testing.T) {
	never := []string{
		"helm.sh", "github.com/getsops", "oras.land", "filippo.io/age", "cloud.google.com", "github.com/aws", "github.com/Azure",
		"github.com/AzureAD", "github.com/hashicorp", "github.com/google/go-containerregistry", "github.com/spf13/cobra",
		module + "packaging", module + "promotion", module + "internal/cli",
	}
	p, ok := list(t)["cmd/tiphys-webhook"]
	if !ok {
		t.Fatal("there is no cmd/tiphys-webhook")
	}
	for _, dep := range p.Deps {
		if slices.ContainsFunc(never, func(n string) bool { return within(dep, n) }) {
			t.Errorf("tiphys-webhook links %s", dep)
		}
	}
}

// within reports whether path is the package or, for what is not of the
// standard library, below it: net/url knows no network, whatever net does.
func within(path, below string) bool {
	return path == below || strings.Contains(below, ".") && strings.HasPrefix(path, below+"/")
}
