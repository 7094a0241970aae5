package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// TestPromotionScripts runs scripts against an API server that has our kinds.
// No controller runs there: what one would have written in a status, the scripts
// write.
func TestPromotionScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	c := cluster.Start(t)
	programs := t.TempDir()
	if err := os.Symlink(testbin.Kubectl(t), filepath.Join(programs, "kubectl")); err != nil {
		t.Fatal(err)
	}
	all := dynamic.NewForConfigOrDie(c.Config(t))
	scripts := func(t *testing.T, dir string) {
		testscript.Run(t, testscript.Params{
			Dir: dir, RequireExplicitExec: true, RequireUniqueNames: true, UpdateScripts: *update,
			Setup: func(e *testscript.Env) error {
				ns := cluster.NamespaceName()
				for k, v := range map[string]string{
					"HOME": e.WorkDir, "KUBECONFIG": c.Kubeconfig, "NS": ns, "TZ": "UTC", "TERM": "xterm", "NO_COLOR": "1",
					"PATH": e.Getenv("PATH") + string(os.PathListSeparator) + programs,
				} {
					e.Setenv(k, v)
				}
				space := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": ns}}}
				_, err := all.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Create(t.Context(), space, metav1.CreateOptions{})
				return err
			},
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"exits": exits, "normal": normal, "refused": refused,
				"objects": func(ts *testscript.TestScript, _ bool, args []string) { objects(ts, all, args) },
				"as":      func(ts *testscript.TestScript, _ bool, args []string) { as(ts, c.Kubeconfig, args) },
			},
		})
	}
	t.Run("without our kinds", func(t *testing.T) { scripts(t, "testdata/promotions/none") })
	c.InstallCRDs(t)
	t.Run("scripts", func(t *testing.T) { scripts(t, "testdata/promotions") })
	t.Run("guide", func(t *testing.T) { guide(t, c, all) })
	chart.Render(t).Apply(t, c, chart.Policies...)
	t.Run("under the policies of the chart", func(t *testing.T) { scripts(t, "testdata/promotions/held") })
}

// objects FILE... makes the API server hold objects with their status, as they
// are in files.
func objects(ts *testscript.TestScript, all dynamic.Interface, files []string) {
	for _, file := range files {
		ts.Check(hold(all, ts.Getenv("NS"), ts.ReadFile(file)))
	}
}

// hold makes the API server hold objects with their status. The text is a
// template: .NS is the namespace, "at" and "micro" a time from now, "digest" one
// that begins so.
func hold(all dynamic.Interface, namespace, text string) error {
	from := func(layout string) func(string) (string, error) {
		return func(in string) (string, error) {
			d, err := time.ParseDuration(in)
			return time.Now().Add(d).UTC().Format(layout), err
		}
	}
	parsed, err := template.New("objects").Funcs(template.FuncMap{
		"at": from(time.RFC3339), "micro": from(metav1.RFC3339Micro),
		"digest": func(begin string) string { return "sha256:" + begin + strings.Repeat("0", 64-len(begin)) },
	}).Parse(text)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := parsed.Execute(&b, map[string]string{"NS": namespace}); err != nil {
		return err
	}
	for one := range strings.SplitSeq(b.String(), "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(one), &o.Object); err != nil {
			return err
		}
		kind := o.GroupVersionKind().GroupVersion().WithResource(strings.ToLower(o.GetKind()) + "s")
		kept, options := all.Resource(kind).Namespace(namespace), metav1.ApplyOptions{FieldManager: "test", Force: true}
		if _, err := kept.Apply(context.Background(), o.GetName(), o, options); err != nil {
			return err
		}
		if o.Object["status"] == nil {
			continue
		}
		if _, err := kept.ApplyStatus(context.Background(), o.GetName(), o, options); err != nil {
			return err
		}
	}
	return nil
}

// shown matches a block of commands of the guide with what they print.
var shown = regexp.MustCompile("(?s)<!-- cluster -->\n```console\n(.*?)```\n")

// guide runs what the guide of promotions shows, from its first line to its last.
func guide(t *testing.T, c *cluster.Cluster, all dynamic.Interface) {
	archive, err := txtar.ParseFile("testdata/promotions/why.txtar")
	if err != nil {
		t.Fatal(err)
	}
	space := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "data"}}}
	if _, err := all.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Create(t.Context(), space, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name == "etl.yaml" || f.Name == "candidates.yaml" {
			if err := hold(all, "data", string(f.Data)); err != nil {
				t.Fatal(err)
			}
		}
	}
	config, err := clientcmd.LoadFromFile(c.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.Contexts[config.CurrentContext].Namespace = "data"
	for _, user := range config.AuthInfos {
		user.Impersonate, user.ImpersonateGroups = "ann", []string{"leads", "system:masters", "system:authenticated"}
	}
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "kubeconfig"))
	t.Setenv("NO_COLOR", "1")
	if err := clientcmd.WriteToFile(*config, os.Getenv("KUBECONFIG")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "docs", "promotions-cli.md")
	text := read(t, file)
	got := shown.ReplaceAllStringFunc(text, func(block string) string {
		return "<!-- cluster -->\n```console\n" + replay(t, shown.FindStringSubmatch(block)[1]) + "```\n"
	})
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(unvaried(text), unvaried(got)); diff != "" {
		t.Errorf("%s (-written +printed; -update rewrites it):\n%s", file, diff)
	}
}

// as USER [GROUP...] has the commands that follow act as somebody else, as
// "as-user" and "as-user-extra" of a kubeconfig do; as admin, as its own user.
func as(ts *testscript.TestScript, kubeconfig string, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: as USER [GROUP...]")
	}
	config, err := clientcmd.LoadFromFile(kubeconfig)
	ts.Check(err)
	if args[0] == "admin" {
		ts.Setenv("KUBECONFIG", kubeconfig)
		return
	}
	for _, user := range config.AuthInfos {
		user.Impersonate, user.ImpersonateGroups = args[0], slices.Concat(args[1:], []string{"system:authenticated"})
	}
	path := ts.MkAbs("kubeconfig-" + args[0])
	ts.Check(clientcmd.WriteToFile(*config, path))
	ts.Setenv("KUBECONFIG", path)
}

// refused COMMAND... waits until a command is refused: policies are in force some
// time after they were applied.
func refused(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(30 * time.Second); ; {
		var e *exec.ExitError
		if err := ts.Exec(args[0], args[1:]...); errors.As(err, &e) && e.ExitCode() == 1 {
			return
		} else if time.Now().After(end) {
			ts.Fatalf("%s is not refused: %v", strings.Join(args, " "), err)
		}
	}
}

var (
	times    = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	seconds  = regexp.MustCompile(`\b\d{1,2}s( ago\b| *\n)`)
	suffixes = regexp.MustCompile(`(approval \S+-)[a-z0-9]{5}\b`)
)

// normal FILE writes what the last command printed, to standard output and then
// to standard error, without what is another one in each run.
func normal(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	text = strings.ReplaceAll(text, ts.Getenv("NS"), "NS")
	text = unvaried(text)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// unvaried is a text without times of now and suffixes that an API server made up.
func unvaried(text string) string {
	text = seconds.ReplaceAllString(times.ReplaceAllString(text, "TIME"), "SOON$1")
	return suffixes.ReplaceAllString(text, "${1}SUFFIX")
}
