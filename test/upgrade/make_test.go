package upgrade

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// TestMake makes testdata/NAME of a commit, with the programs and the chart of
// it: MAKE=NAME=COMMIT.
func TestMake(t *testing.T) {
	name, commit, ok := strings.Cut(os.Getenv("MAKE"), "=")
	if !ok {
		t.Skip("MAKE=NAME=COMMIT is not set")
	}
	v := version{name, filepath.Join(testbin.Root(), "test", "upgrade", "testdata", name)}
	source, bin := t.TempDir(), t.TempDir()
	archive := exec.Command("git", "archive", commit)
	archive.Dir = testbin.Root()
	out, err := archive.Output()
	if err != nil {
		t.Fatal(err)
	}
	run(t, source, nil, bytes.NewReader(out), "tar", "x")
	run(t, source, nil, nil, "go", "build", "-o", bin+"/", "./cmd/...")
	if err := os.MkdirAll(v.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, source, nil, nil, testbin.Helm4(t), "package", "charts/tiphys", "-d", v.dir)

	s := newStage(t, testbin.Helm4(t))
	s.helmInstall(v)
	s.run(v, filepath.Join(bin, "tiphys-webhook"), filepath.Join(bin, "tiphys-controller"))
	s.kubectl(read(t, "testdata/world.yaml"), "apply", "-f", "-")
	cluster.Until(t, func() error { return s.denied("data") })
	s.kubectl(read(t, "testdata/runs.yaml"), "apply", "-f", "-")
	s.repository(filepath.Join(v.dir, "etl.bundle"), true)
	env := s.environ()
	run(t, s.tree, env, nil, filepath.Join(bin, "tiphys"), "upgrade", "charts/etl", "-e", "hand")
	write(t, filepath.Join(s.tree, "environments/hand/etl/values.yaml"), "note: second\n")
	run(t, s.tree, env, nil, filepath.Join(bin, "tiphys"), "upgrade", "charts/etl", "-e", "hand")
	cluster.Until(t, func() error {
		return errors.Join(s.holds("workflowpolicies", "", "strict", "status", "Enforced"), s.holds("configmaps", "tiphys", "tiphys-runs.data", "data", "first"))
	})
	if v.promotes() {
		s.promotions(v)
	}
	s.save(v)
}

// promotions brings one package to prod, and leaves one before it, and one of
// another promotion at its smoke run.
func (s *stage) promotions(v version) {
	s.Helper()
	s.kubectl(strings.NewReplacer("REPOSITORY", s.tree, "AGEKEY", key(s)).Replace(read(s, "testdata/promotions.yaml")), "apply", "-f", "-")
	s.engine("etl")
	cluster.Until(s, func() error { return s.at("etl", "dev Verified, qa Verified, prod ", "prod/approval") })
	s.approve("etl")
	cluster.Until(s, func() error { return s.at("etl", "dev Verified, qa Verified, prod Verified", "") })
	s.push("second")
	run(s, s.tree, nil, nil, "git", "bundle", "create", "-q", filepath.Join(v.dir, "etl.bundle"), "main")
	cluster.Until(s, func() error {
		return errors.Join(s.at("etl", "dev Verified, qa Verified, prod Verified", "prod/approval"), s.at("features", "dev Verifying, qa ", "dev/smoke"))
	})
}

// kinds are those that a version writes, or that are written by its users.
var kinds = []schema.GroupVersionResource{
	{Version: "v1", Resource: "secrets"}, {Version: "v1", Resource: "configmaps"}, {Version: "v1", Resource: "serviceaccounts"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"}, {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"},
	{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}, {Group: "argoproj.io", Version: "v1alpha1", Resource: "workflowtemplates"},
	{Group: "argoproj.io", Version: "v1alpha1", Resource: "cronworkflows"},
	{Group: "tiphys.dev", Version: "v1alpha1", Resource: "workflowpolicies"}, {Group: "tiphys.dev", Version: "v1alpha1", Resource: "promotions"},
	{Group: "tiphys.dev", Version: "v1alpha1", Resource: "candidates"}, {Group: "tiphys.dev", Version: "v1alpha1", Resource: "approvals"},
}

// save writes all that is not of the chart itself.
func (s *stage) save(v version) {
	s.Helper()
	var all []string
	for _, space := range spaces {
		all = append(all, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: "+space+"\n")
	}
	for _, kind := range kinds {
		list, err := s.objects.Resource(kind).List(s.Context(), metav1.ListOptions{})
		if err != nil {
			continue // a kind that the version does not have
		}
		for i := range list.Items {
			if u := &list.Items[i]; wanted(u) {
				for _, field := range []string{"managedFields", "resourceVersion", "generation"} {
					unstructured.RemoveNestedField(u.Object, "metadata", field)
				}
				text, err := yaml.Marshal(u.Object)
				if err != nil {
					s.Fatal(err)
				}
				all = append(all, strings.ReplaceAll(string(text), s.tree, "REPOSITORY"))
			}
		}
	}
	write(s, filepath.Join(v.dir, "objects.yaml"), strings.Join(all, "---\n"))
	s.Logf("%d objects", len(all))
}

func wanted(u *unstructured.Unstructured) bool {
	switch {
	case u.GetNamespace() == "tiphys":
		return u.GetLabels()["app.kubernetes.io/managed-by"] != "Helm" && u.GetLabels()["owner"] != "helm" && u.GetKind() != "ServiceAccount"
	case u.GetNamespace() == "":
		return true
	}
	return strings.HasPrefix(u.GetNamespace(), "data")
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// holds returns nil once a field of an object has a text in it.
func (s *stage) holds(resource, space, name, field, text string) error {
	args := []string{"get", resource, name, "-o", "jsonpath={." + field + "}"}
	if space != "" {
		args = append(args, "-n", space)
	}
	out, err := s.tryKubectl("", args...)
	if err != nil || !strings.Contains(out, text) {
		return fmt.Errorf("%s %s has no %q in %s: %s", resource, name, text, field, out)
	}
	return nil
}

// key is that which opens the secrets of testdata/work.
func key(t testing.TB) string {
	for line := range strings.Lines(read(t, "testdata/key.txt")) {
		if strings.HasPrefix(line, "AGE-SECRET-KEY-") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatal("testdata/key.txt has no key")
	return ""
}
