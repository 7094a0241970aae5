package scaffold

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

const recipient1 = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

func TestCheckName(t *testing.T) {
	tests := map[string]string{ // name to what is said, "" for nothing
		"etl": "", "nightly-etl-2": "", "a1": "",
		"":                      "is empty",
		"ETL":                   `did you mean "etl"?`,
		"my_etl":                `did you mean "my-etl"?`,
		"-a":                    `did you mean "a"?`,
		"../etl":                `did you mean "etl"?`,
		"1etl":                  "from letter to letter or digit",
		"é":                     "from letter to letter or digit",
		"a\nb":                  `"a\nb"`,
		"no":                    "is no text in YAML",
		"null":                  "is no text in YAML",
		"workflows":             "has a meaning",
		strings.Repeat("a", 52): "",
		strings.Repeat("a", 53): "has 53 characters",
	}
	for name, want := range tests {
		err := CheckName(name)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", name, err, want)
		}
	}
}

func TestCheckRecipient(t *testing.T) {
	tests := map[string]string{
		recipient1:                     "",
		"age1yubikey1q0123456789abcde": "",
		recipient1[:61] + "q":          "it is mistyped",
		"ssh-ed25519 AAAA":             "begins with age1",
		"":                             "begins with age1",
		"AGE-SECRET-KEY-1HIDDEN":       "this is a secret key",
	}
	for who, want := range tests {
		err := CheckRecipient(who)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", who, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "HIDDEN") {
			t.Errorf("it repeats a secret: %v", err)
		}
	}
}

// A new chart is one to all that Helm does with charts, in each environment,
// and its environments stay out of what Helm packages.
func TestNewRenders(t *testing.T) {
	files, err := New(Options{Name: "etl"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "etl")
	if err := Write(dir, files); err != nil {
		t.Fatal(err)
	}
	for name, helm := range map[string]string{"helm 3": testbin.Helm3(t), "helm 4": testbin.Helm4(t)} {
		for _, environment := range append(Environments(), "") {
			args := []string{"template", dir}
			if environment != "" {
				args = append(args, "-f", filepath.Join(dir, "environments", environment, "values.yaml"))
			}
			out := run(t, helm, args...)
			if !strings.Contains(out, "kind: CronWorkflow") || strings.Contains(out, "suspend: true") != (environment == "dev" || environment == "qa") {
				t.Errorf("%s, %s:\n%s", name, environment, out)
			}
		}
		run(t, helm, "lint", "--strict", dir)
		to := t.TempDir()
		run(t, helm, "package", dir, "-d", to)
		listing := run(t, "tar", "-tzf", filepath.Join(to, "etl-0.1.0.tgz"))
		if strings.Contains(listing, "environments") || strings.Contains(listing, ".sops") || !strings.Contains(listing, "etl/charts/workflows/values.schema.json") {
			t.Errorf("%s packages\n%s", name, listing)
		}
		if out, err := exec.Command(helm, "template", dir, "--set", "workflow.etl.suspend=true").CombinedOutput(); err == nil {
			t.Errorf("%s takes an unknown key:\n%s", name, out)
		}
	}
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	var out, stderr bytes.Buffer
	c := exec.Command(program, args...)
	c.Stdout, c.Stderr = &out, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, &stderr)
	}
	return out.String()
}

// SOPS encrypts for whom .sops.yaml names, and refuses a line to fill in.
func TestSopsConfig(t *testing.T) {
	files, err := New(Options{Name: "etl", Recipients: map[string][]string{"prod": {recipient1}}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := Write(dir, files); err != nil {
		t.Fatal(err)
	}
	for environment, works := range map[string]bool{"prod": true, "prod/etl": true, "dev": false} {
		name := filepath.Join("environments", environment, "secrets.yaml")
		if err := Write(dir, []File{{filepath.ToSlash(name), []byte("password: hunter2\n")}}); err != nil {
			t.Fatal(err)
		}
		c := exec.Command(testbin.Sops(t), "encrypt", name)
		c.Dir = dir
		out, err := c.CombinedOutput()
		if works && (err != nil || !strings.Contains(string(out), recipient1) || strings.Contains(string(out), "hunter2")) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if !works && (err == nil || !strings.Contains(string(out), "FILL-IN-THE-AGE-RECIPIENTS-OF-DEV")) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	if _, err := New(Options{Name: "etl", Recipients: map[string][]string{"pord": {recipient1}}}); err == nil || !strings.Contains(err.Error(), `did you mean "prod"?`) {
		t.Errorf("got %v", err)
	}
}

func TestWriteNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "b"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := Write(dir, []File{{"a", []byte("new")}, {"b", []byte("new")}, {"c/d", []byte("new")}})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("it wrote %v", entries)
	}
	// What cannot be written leaves nothing behind, and no link leads out.
	outside := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, []File{{"a", []byte("new")}, {"link/x", []byte("new")}}); err == nil {
		t.Error("it wrote through a link")
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a is left: %v", err)
	}
}

// Chart.yaml and the schema change where they must and nowhere else.
func TestMetadata(t *testing.T) {
	const item = "- name: workflows\n"
	version, err := libraryVersion()
	if err != nil {
		t.Fatal(err)
	}
	charts := map[string]struct{ text, want string }{
		"no dependencies":       {"apiVersion: v2\nname: a # keep\n", "apiVersion: v2\nname: a # keep\ndependencies:\n  " + item + "    version: LIB\n"},
		"no line end":           {"apiVersion: v2\nname: a", "apiVersion: v2\nname: a\ndependencies:\n  " + item + "    version: LIB\n"},
		"some":                  {"name: a\ndependencies:\n# db\n- name: db\n  version: 1\nversion: 1\n", "name: a\ndependencies:\n# db\n" + item + "  version: LIB\n- name: db\n  version: 1\nversion: 1\n"},
		"some, indented":        {"name: a\ndependencies:\n    - name: db\n", "name: a\ndependencies:\n    " + item + "      version: LIB\n    - name: db\n"},
		"on one line":           {"dependencies: [{name: db}]\nname: a\n", "dependencies: [{name: workflows, version: LIB}, {name: db}]\nname: a\n"},
		"on one line, empty":    {"dependencies: []\nname: a\n", "dependencies: [{name: workflows, version: LIB}, ]\nname: a\n"},
		"an old chart has none": {"apiVersion: v1\nname: a\n", "apiVersion: v1\nname: a\n"},
	}
	for name, test := range charts {
		got, err := new(Import).dependency([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(strings.ReplaceAll(test.want, "LIB", version), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	const property = `"workflows": {"type": "object"}`
	schemas := map[string]struct{ text, want string }{
		"no properties":     {`{"type": "object"}`, `{"properties": {` + property + `},"type": "object"}`},
		"nothing":           {`{}`, `{"properties": {` + property + `}}`},
		"some":              {"{\n  \"properties\": {\n    \"a\": {\"properties\": {}}\n  }\n}", "{\n  \"properties\": {\n    " + property + ",\n    \"a\": {\"properties\": {}}\n  }\n}"},
		"empty":             {`{"properties": {}}`, `{"properties": {` + property + `}}`},
		"nested ones first": {`{"definitions": {"properties": {"x": 1}}, "title": "properties", "properties": {"a": {}}}`, `{"definitions": {"properties": {"x": 1}}, "title": "properties", "properties": {` + property + `,"a": {}}}`},
		"it knows already":  {`{"properties": {"workflows": true}}`, `{"properties": {"workflows": true}}`},
	}
	for name, test := range schemas {
		got, err := allowWorkflows([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, text := range []string{"", "null", "[]", "{"} {
		if got, err := allowWorkflows([]byte(text)); err == nil {
			t.Errorf("schema %q becomes %s", text, got)
		}
	}
	for _, text := range []string{"dependencies: 1", "dependencies:", "a: [", "", "[]", "name: [a]"} {
		if got, err := new(Import).dependency([]byte(text)); err == nil {
			t.Errorf("Chart.yaml %q becomes %s", text, got)
		}
	}
}

// What an import renders is what the source rendered, with both Helms; and the
// source stays as it is.
func TestImportedChartRendersTheSame(t *testing.T) {
	source := chartOf(t, map[string]string{
		"Chart.yaml":                 "apiVersion: v2\nname: etl\nversion: 1.0.0\ndependencies: [{name: db, version: 1.0.0}]\n",
		"charts/db/Chart.yaml":       "apiVersion: v2\nname: db\nversion: 1.0.0\n",
		"charts/db/templates/s.yaml": "kind: Secret\napiVersion: v1\nmetadata: {name: db}\n",
		"values.yaml":                "replicas: 2\n",
		"values.schema.json":         `{"additionalProperties": false, "properties": {"replicas": {}, "db": {}, "global": {}}}`,
		"templates/_helpers.tpl":     "{{ define \"etl.labels\" }}a: b{{ end }}",
		"templates/NOTES.txt":        "{{ .Release.Name }}",
		"templates/workflows.yaml":   "# {{`{{workflow.name}}`}}\napiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec: {x: \"{{`{{x}}`}}\"}\n--- \n# nothing\n---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: beside}\ndata:\n  kept: |+\n    x\n\n---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: last}\n",
		"templates/deep/b.json":      "{\"apiVersion\": \"argoproj.io/v1alpha1\", \"kind\": \"CronWorkflow\", \"metadata\": {\"name\": \"b\"}, \"spec\": {\"x\": \"{{\"{{\"}}y}}\"}}",
		"templates/logic.yaml":       "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: c, labels: { {{- include \"etl.labels\" . -}} }}\nspec: {parallelism: {{ .Values.replicas }} }\n",
		"templates/cm.yaml":          "kind: ConfigMap\napiVersion: v1\nmetadata: {name: cm}\n",
	})
	files, isChart, _, err := Read(t.Context(), source)
	if err != nil || !isChart {
		t.Fatal(isChart, err)
	}
	im, err := ImportChart(files)
	if err != nil {
		t.Fatal(err)
	}
	wantMoved := []Moved{{"templates/deep/b.json", "workflows/deep/b.json", 1}, {"templates/workflows.yaml", "workflows/workflows.yaml", 2}}
	if diff := cmp.Diff(wantMoved, im.Moved); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	dest := filepath.Join(t.TempDir(), "etl")
	if err := Write(dest, im.Files); err != nil {
		t.Fatal(err)
	}
	if n, differences, err := im.Compare(source, dest, true); n != 7 || differences != nil || err != nil {
		t.Errorf("compared: %d, %v, %v", n, differences, err)
	}
	for name, helm := range map[string]string{"helm 3": testbin.Helm3(t), "helm 4": testbin.Helm4(t)} {
		before, after := map[string]int{}, map[string]int{}
		if err := errors.Join(count(before, source, run(t, helm, "template", "etl", source)), count(after, dest, run(t, helm, "template", "etl", dest))); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, after); diff != "" || len(before) != 7 {
			t.Errorf("%s, %d manifests (-before +after):\n%s", name, len(before), diff)
		}
	}
	if again, _, _, err := Read(t.Context(), source); err != nil || cmp.Diff(files, again) != "" {
		t.Errorf("the source changed: %v", err)
	}
	// A difference is seen.
	if err := os.WriteFile(filepath.Join(dest, "workflows", "deep", "b.json"), []byte(`{"apiVersion": "argoproj.io/v1alpha1", "kind": "CronWorkflow", "metadata": {"name": "d"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	_, differences, err := im.Compare(source, dest, true)
	if diff := cmp.Diff([]string{`it no longer has this CronWorkflow "b"`, `it now has this CronWorkflow "d"`}, differences); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func chartOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := Write(dir, []File{{name, []byte(text)}}); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// All reference manifests, escaped as people escape them, come back as they
// were.
func TestEscapesRoundTrip(t *testing.T) {
	top := filepath.Join(testbin.Root(), "..", "shared", "corpus", "argo-examples")
	if _, err := os.Stat(top); err != nil {
		top = filepath.Join(testbin.Root(), "..", "..", "shared", "corpus", "argo-examples")
	}
	if _, err := os.Stat(top); err != nil {
		t.Skip("reference manifests are not here")
	}
	files, _, _, err := Read(t.Context(), top)
	if err != nil {
		t.Fatal(err)
	}
	escapers := map[string]func(string) string{
		"each brace":  strings.NewReplacer("{{", `{{"{{"}}`, "}}", `{{"}}"}}`).Replace,
		"raw strings": strings.NewReplacer("{{", "{{`{{`}}", "}}", "{{`}}`}}").Replace,
		"printf":      strings.NewReplacer("{{", `{{ printf "%s%s" "{" "{" }}`, "}}", `{{ "}" | printf "}%s" }}`).Replace,
	}
	for name, escape := range escapers {
		tags := 0
		for _, f := range files {
			u, err := unescape(f.Name, escape(string(f.Data)))
			if err != nil || u.actions != nil || u.text != string(f.Data) {
				t.Errorf("%s: %s: %v %v", name, f.Name, u.actions, err)
			}
			tags += u.escapes
		}
		if tags < 500 {
			t.Errorf("%s: only %d tags", name, tags)
		}
	}
}

func TestImportRefuses(t *testing.T) {
	chart := File{"Chart.yaml", []byte("apiVersion: v2\nname: a\n")}
	tests := map[string]struct {
		file File
		want string
	}{
		"a chart that has the library":        {File{"charts/workflows/Chart.yaml", nil}, "is there already"},
		"a chart that has it packed":          {File{"charts/workflows-0.1.0.tgz", nil}, "is there already"},
		"a chart that has a folder workflows": {File{"workflows/a.yaml", nil}, "the library would emit it"},
		"values that are called workflows":    {File{"values.yaml", []byte("workflows: {a: b}")}, "rename it first"},
		"values that are none":                {File{"values.yaml", []byte("a: [")}, "read values.yaml"},
		"a schema that is none":               {File{"values.schema.json", []byte("x")}, "values.schema.json: "},
	}
	for name, test := range tests {
		if _, err := ImportChart([]File{chart, test.file}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}
