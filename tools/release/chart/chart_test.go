package chart_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/tools/release/chart"
	"github.com/tiphys-dev/tiphys/tools/release/dist"
	"github.com/tiphys-dev/tiphys/tools/release/pack"
	"github.com/tiphys-dev/tiphys/tools/release/tiny"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestRead(t *testing.T) {
	dir := tiny.Repository(t)
	c, err := chart.Read(dir, "charts/tiny", "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range c.Files {
		names = append(names, f.Name)
		if f.Name == "tiny/Chart.yaml" {
			want := "apiVersion: v2\nname: tiny\ndescription: A chart to release\ntype: application\nversion: 1.2.3\nappVersion: 1.2.3\ndependencies:\n  - name: below\n    version: 0.0.1\n"
			if string(f.Data) != want {
				t.Errorf("Chart.yaml is\n%s\nwant\n%s", f.Data, want)
			}
		}
	}
	want := []string{"tiny/.helmignore", "tiny/Chart.yaml", "tiny/charts/below/Chart.yaml", "tiny/charts/below/templates/_name.tpl", "tiny/templates/pod.yaml", "tiny/values.yaml"}
	if !slices.Equal(names, want) {
		t.Errorf("it holds %q, want %q", names, want)
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct{ file, text, problem string }{
		"no version":       {"Chart.yaml", "name: tiny\n", `its Chart.yaml has no name or no line that begins with "version:"`},
		"no YAML":          {"Chart.yaml", "{", "read chart charts/tiny: "},
		"a long ignore":    {".helmignore", "a/b\n", `.helmignore: "a/b" is more than the name of a file or folder`},
		"an ignore of not": {".helmignore", "!a\n", `.helmignore: "!a" is more than`},
	} {
		dir := tiny.Repository(t)
		if err := os.WriteFile(filepath.Join(dir, "charts/tiny", test.file), []byte(test.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := chart.Read(dir, "charts/tiny", "1.2.3"); err == nil || !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := chart.NewArtifact([]byte("no archive"), at); err == nil {
		t.Error("an artifact of no archive")
	}
}

// Our own charts are packed so that both versions of Helm take them, and the values
// beside that of the product pin all images in it.
func TestOwnCharts(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range dist.Tiphys.Charts {
		c, err := chart.Read(tiny.Root(), folder, "9.9.9")
		if err != nil {
			t.Fatal(err)
		}
		archive := filepath.Join(dir, c.Name+".tgz")
		if err := pack.Write(archive, c.Files, at, pack.TarGz); err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{"helm3", "helm4"} {
			if out := helm(t, version, "show", "chart", archive); !strings.Contains(out, "\nversion: 9.9.9") {
				t.Errorf("%s shows of %s %s", version, c.Name, out)
			}
		}
		if folder != dist.Tiphys.Pinned {
			continue
		}
		pins := map[string]string{}
		for i, p := range dist.Tiphys.Programs {
			if repository := dist.Tiphys.Registry + "/" + p.Name; c.Names(repository) {
				pins[repository] = "sha256:" + strings.Repeat(string("abc"[i]), 64)
			}
		}
		if len(pins) != 2 {
			t.Errorf("the values name %v, want those of webhook and controller", pins)
		}
		text, err := c.Digests(pins)
		if err != nil {
			t.Fatal(err)
		}
		values := filepath.Join(dir, "digests.yaml")
		if err := os.WriteFile(values, text, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{"helm3", "helm4"} {
			loose := helm(t, version, "template", "tiphys", archive, "--kube-version", "1.36.0", "--set", "controller.enabled=true")
			pinned := helm(t, version, "template", "tiphys", archive, "--kube-version", "1.36.0", "--set", "controller.enabled=true", "-f", values)
			for repository, digest := range pins {
				if want := repository + ":9.9.9"; !strings.Contains(loose, want) {
					t.Errorf("%s does not take %s", version, want)
				}
				if strings.Contains(pinned, repository+":9.9.9\n") || !strings.Contains(pinned, "@"+digest) {
					t.Errorf("%s does not pin %s", version, repository)
				}
			}
		}
	}
}

// The plugins are installed from the folder that their archive unpacks to, and lead
// to the program. (From an address, Helm 3 takes no archive of a release on GitHub.)
func TestOwnPlugins(t *testing.T) {
	for _, p := range dist.Tiphys.Plugins {
		files, err := chart.Plugin(tiny.Root(), p.Dir, p.Name, "9.9.9")
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		archive := filepath.Join(dir, "plugin.tgz")
		if err := pack.Write(archive, files, at, pack.TarGz); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("tar", "-xzf", archive, "-C", dir).CombinedOutput(); err != nil {
			t.Fatalf("unpack: %v\n%s", err, out)
		}
		version := "helm3"
		if strings.Contains(p.Name, "helm4") {
			version = "helm4"
		}
		t.Setenv("HELM_DATA_HOME", t.TempDir())
		t.Setenv("TIPHYS_BIN", "echo")
		helm(t, version, "plugin", "install", filepath.Join(dir, p.Name))
		if out := helm(t, version, "plugin", "list"); !strings.Contains(out, "9.9.9") {
			t.Errorf("%s lists of %s\n%s", version, p.Name, out)
		}
		if filepath.Base(p.Dir) == "secrets" {
			if out := helm(t, version, "secrets", "decrypt", "a.yaml"); out != "helm-secrets decrypt a.yaml\n" {
				t.Errorf("%s: helm secrets runs %s", p.Name, out)
			}
		}
	}
}

func helm(t *testing.T, version string, args ...string) string {
	t.Helper()
	c := exec.Command(tiny.Helm(t, version), args...)
	home := t.TempDir()
	c.Env = append(os.Environ(), "HOME="+home, "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", version, args, err, out)
	}
	return string(out)
}
