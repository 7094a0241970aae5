// Package example holds charts/nightly-etl and environments/ to what they say:
// people copy them.
package example

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

var environments = []string{"dev", "qa", "prod"}

const chartDir = "charts/nightly-etl"

// key is the path of the demo key of an environment, "" for one that opens nothing.
func key(environment string) string {
	if environment == "" {
		return os.DevNull
	}
	return filepath.Join(testbin.Root(), "environments", environment+".agekey")
}

// A shop is a place where commands are typed: a folder, and the key that is there.
type shop struct{ dir, key, kubeconfig string }

// run runs a program there, and returns what it prints, and on standard error.
func (s shop) run(t testing.TB, program string, args ...string) (out, stderr string, err error) {
	t.Helper()
	home := t.TempDir()
	var o, e bytes.Buffer
	c := exec.Command(program, args...)
	c.Dir, c.Stdout, c.Stderr = s.dir, &o, &e
	c.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "SOPS_AGE_KEY_FILE=" + s.key, "KUBECONFIG=" + s.kubeconfig, "TMPDIR=" + home}
	err = c.Run()
	return o.String(), e.String(), err
}

// tiphys runs tiphys there, which must work.
func (s shop) tiphys(t testing.TB, args ...string) string {
	t.Helper()
	out, stderr, err := s.run(t, testbin.Tiphys(t), args...)
	if err != nil {
		t.Fatalf("tiphys %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr)
	}
	return out
}

// An example that is copied has nothing to report, at any severity, with any key
// or none, and for each version of Argo that it says it is for.
func TestNoFindings(t *testing.T) {
	lint := []string{"lint", "--show=info", "--fail-on=info", "--format=text", chartDir}
	for name, test := range map[string]struct {
		key  string
		args []string
	}{
		"as it is":             {},
		"by its policies":      {args: []string{"--policy=baseline", "--policy=production"}},
		"by restricted":        {args: []string{"--policy=restricted"}},
		"for Argo 3.6":         {args: []string{"--argo-version=3.6"}},
		"for Argo 3.7":         {args: []string{"--argo-version=3.7"}},
		"for Argo 4.0":         {args: []string{"--argo-version=4.0"}},
		"with the key of dev":  {key: "dev"},
		"with the key of qa":   {key: "qa"},
		"with the key of prod": {key: "prod"},
	} {
		t.Run(name, func(t *testing.T) {
			shop{testbin.Root(), key(test.key), ""}.tiphys(t, append(slices.Clone(lint), test.args...)...)
		})
	}
	out, stderr, err := shop{testbin.Root(), key(""), ""}.run(t, testbin.Tiphys(t), append(slices.Clone(lint), "--argo-version=3.5")...)
	if found := regexp.MustCompile(`"(\w+)" came with Argo Workflows 3.6.*\[field-too-new\]`).FindAllStringSubmatch(out, -1); err == nil || len(found) != 2 {
		t.Errorf("for Argo 3.5, its README names two fields: %v\n%s%s", err, out, stderr)
	}
}

// A manifest is what is looked at of one.
type manifest struct {
	Kind       string
	Metadata   struct{ Name string }
	Data       map[string]string
	StringData map[string]string
	Spec       struct {
		Schedules []string
		Suspend   bool
		Templates []struct {
			Name      string
			Container struct {
				Resources struct{ Limits map[string]string }
			}
		}
	}
}

// read reads manifests by KIND/NAME.
func read(t testing.TB, text string) map[string]manifest {
	t.Helper()
	all := map[string]manifest{}
	for part := range strings.SplitSeq(text, "\n---") {
		var m manifest
		if err := yaml.Unmarshal([]byte(strings.TrimPrefix(part, "---")), &m); err != nil {
			t.Fatalf("%v\n%s", err, part)
		}
		if m.Kind != "" {
			all[m.Kind+"/"+m.Metadata.Name] = m
		}
	}
	return all
}

// What differs between environments is what should, and they have the same objects.
func TestEnvironments(t *testing.T) {
	type facts struct {
		Schedule, Warehouse, DryRun, Limit, Memory, Password string
		Suspend                                              bool
	}
	got := map[string]facts{}
	var kinds []string
	for _, e := range environments {
		all := read(t, shop{testbin.Root(), key(e), ""}.tiphys(t, "render", chartDir, "-e", e, "--decrypt=always"))
		cron := all["CronWorkflow/nightly-etl"].Spec
		f := facts{
			Schedule: strings.Join(cron.Schedules, ","), Suspend: cron.Suspend,
			Warehouse: all["ConfigMap/nightly-etl-settings"].Data["WAREHOUSE_HOST"], DryRun: all["ConfigMap/nightly-etl-settings"].Data["EMAIL_DRY_RUN"],
			Limit: all["ConfigMap/nightly-etl-limits"].Data["warehouse"], Password: all["Secret/nightly-etl-warehouse"].StringData["password"],
		}
		for _, x := range all["WorkflowTemplate/nightly-etl"].Spec.Templates {
			if x.Name == "train-recommender" {
				f.Memory = x.Container.Resources.Limits["memory"]
			}
		}
		got[e] = f
		names := slices.Sorted(maps.Keys(all))
		if kinds != nil && !slices.Equal(kinds, names) {
			t.Errorf("%s has other objects: %s", e, cmp.Diff(kinds, names))
		}
		kinds = names
	}
	want := map[string]facts{
		"dev":  {"0 2 * * *", "warehouse.dev.example.com", "true", "1", "2Gi", "demo-warehouse-password-of-dev", true},
		"qa":   {"0 2 * * *", "warehouse.qa.example.com", "true", "2", "8Gi", "demo-warehouse-password-of-qa", false},
		"prod": {"30 4 * * *", "warehouse.example.com", "false", "4", "48Gi", "demo-warehouse-password-of-prod", false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what differs (-want +got):\n%s", diff)
	}
}

// Each demo key opens its own environment alone, says loudly what it is, and is
// no part of a package.
func TestKeys(t *testing.T) {
	for _, mine := range environments {
		text, err := os.ReadFile(key(mine))
		if err != nil || !strings.HasPrefix(string(text), "# FOR THE DEMO ONLY. THIS KEY IS PUBLIC") {
			t.Errorf("the key of %s does not begin with what it is for: %v\n%s", mine, err, text)
		}
		for _, other := range environments {
			file := "environments/" + other + "/nightly-etl/secrets.yaml"
			_, stderr, err := shop{testbin.Root(), key(mine), ""}.run(t, testbin.Tiphys(t), "secrets", "decrypt", file)
			if (err == nil) != (mine == other) {
				t.Errorf("the key of %s and %s: %v\n%s", mine, file, err, stderr)
			}
			_, stderr, err = shop{testbin.Root(), key(mine), ""}.run(t, testbin.Sops(t), "decrypt", file)
			if (err == nil) != (mine == other) {
				t.Errorf("sops, the key of %s and %s: %v\n%s", mine, file, err, stderr)
			}
		}
		out, stderr, err := shop{testbin.Root(), key(mine), ""}.run(t, testbin.Tiphys(t), "secrets", "check", chartDir)
		if err != nil || strings.Contains(out+stderr, "[secrets-") || strings.Count(out, " yes ") != 1 {
			t.Errorf("tiphys secrets check with the key of %s: %v\n%s%s", mine, err, out, stderr)
		}
	}
	pack := filepath.Join(t.TempDir(), "package.tgz")
	shop{testbin.Root(), key(""), ""}.tiphys(t, "package", chartDir, "-o", pack)
	unpacked := t.TempDir()
	if out, err := exec.Command("tar", "-xzf", pack, "-C", unpacked).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	err := filepath.WalkDir(unpacked, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("AGE-SECRET-KEY")) {
			err = fmt.Errorf("%s of the package has a private key", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Stock helm renders and lints it, with values of an environment and without.
func TestHelm(t *testing.T) {
	for name, helm := range map[string]func(testing.TB) string{"helm 3": testbin.Helm3, "helm 4": testbin.Helm4} {
		t.Run(name, func(t *testing.T) {
			s := shop{testbin.Root(), key(""), ""}
			for _, e := range append([]string{""}, environments...) {
				args := []string{"template", "nightly-etl", chartDir}
				if e != "" {
					args = append(args, "-f", "environments/"+e+"/values.yaml", "-f", "environments/"+e+"/nightly-etl/values.yaml")
				}
				out, stderr, err := s.run(t, helm(t), args...)
				if err != nil {
					t.Fatalf("in %q: %v\n%s", e, err, stderr)
				}
				all := read(t, out)
				for _, name := range []string{"CronWorkflow/nightly-etl", "WorkflowTemplate/nightly-etl", "WorkflowTemplate/nightly-etl-smoke"} {
					if _, ok := all[name]; !ok {
						t.Errorf("in %q, there is no %s", e, name)
					}
				}
				if _, ok := all["Sensor/nightly-etl"]; ok != (e != "") {
					t.Errorf("in %q, there being a Sensor is %v", e, ok)
				}
			}
			if out, stderr, err := s.run(t, helm(t), "lint", "--strict", chartDir); err != nil {
				t.Errorf("%v\n%s%s", err, out, stderr)
			}
		})
	}
}

// The library that it brings is the one of charts/workflows.
func TestVendored(t *testing.T) {
	ours, theirs := tree(t, "charts/workflows"), tree(t, chartDir+"/charts/workflows")
	if diff := cmp.Diff(ours, theirs); diff != "" {
		t.Errorf("copy it: rm -r %[1]s/charts/workflows && cp -r charts/workflows %[1]s/charts/\n%s", chartDir, diff)
	}
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	root := os.DirFS(filepath.Join(testbin.Root(), filepath.FromSlash(dir)))
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, path)
		all[path] = string(b)
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%s has %d files: %v", dir, len(all), err)
	}
	return all
}

// copied is an empty repository with the chart and its environments.
func copied(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{chartDir, "environments"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(testbin.Root(), name))); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(filepath.Join(testbin.Root(), ".sops.yaml"))
	err = errors.Join(err, os.WriteFile(filepath.Join(dir, ".sops.yaml"), b, 0o644))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// Copied to another repository, it works as it did.
func TestCopy(t *testing.T) {
	s := shop{copied(t), filepath.Join("environments", "qa.agekey"), ""}
	s.tiphys(t, "lint", "--show=info", "--fail-on=info")
	s.tiphys(t, "lint", "--show=info", "--fail-on=info", chartDir, "--policy=baseline", "--policy=production")
	here := shop{testbin.Root(), key("qa"), ""}
	render := []string{"render", chartDir, "-e", "qa", "--decrypt=always"}
	if diff := cmp.Diff(here.tiphys(t, render...), s.tiphys(t, render...)); diff != "" {
		t.Errorf("copied, it becomes something else (-here +there):\n%s", diff)
	}
	// What the team adds is encrypted for the environment that it lies in.
	name := filepath.Join("environments", "qa", "secrets.yaml")
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte("global: {license: something-secret}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, stderr, err := s.run(t, testbin.Sops(t), "encrypt", "-i", name); err != nil {
		t.Fatalf("%v\n%s%s", err, out, stderr)
	}
	if out := s.tiphys(t, "secrets", "decrypt", name); !strings.Contains(out, "something-secret") {
		t.Errorf("decrypted, it is:\n%s", out)
	}
}
