package bundle_test

import (
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

const canary = "hunter2-canary"

// ageKey is made up: its checksum is wrong, so it opens nothing.
var ageKey = "AGE-SECRET-KEY-1" + strings.Repeat("QPZRY9X8GF2TVDW0S3JN54KHCE6MU", 2)

// What lies in the clear is refused, with the file named and nothing of it shown.
func TestRefuses(t *testing.T) {
	clear := "password: " + canary + "\n"
	for name, c := range map[string]struct {
		file, text, want string
	}{
		"secrets of an environment": {"environments/dev/secrets.yaml", clear,
			"environments/dev/secrets.yaml:1:1: error: the secrets of this file lie in the clear: encrypt it with sops [secrets-not-encrypted]\n"},
		"secrets of the chart's own environment": {"charts/etl/environments/prod/etl/secrets.yaml", clear,
			"charts/etl/environments/prod/etl/secrets.yaml:1:1: error: the secrets of this file lie in the clear: encrypt it with sops [secrets-not-encrypted]\n"},
		"one leaf": {"environments/dev/secrets.yaml", sealed + "more: " + canary + "\n",
			"environments/dev/secrets.yaml:5:1: error: \"more\" lies in the clear in an encrypted file: encrypt it with sops edit [secrets-not-encrypted]\n"},
		"what is no YAML": {"environments/dev/secrets.yaml", "a: [" + canary,
			"environments/dev/secrets.yaml:1:4: error: this is not YAML; the text is not shown, as it may be a secret [yaml-syntax]\n"},
		"secrets beside the chart": {"charts/etl/secrets.prod.yaml", clear,
			"charts/etl/secrets.prod.yaml:1:1: error: the secrets of this file lie in the clear: encrypt it with sops [secrets-not-encrypted]\n"},
		"secrets in JSON": {"charts/etl/prod.secrets.json", `{"a": "` + canary + `"}`,
			"charts/etl/prod.secrets.json:1:2: error: the secrets of this file lie in the clear: encrypt it with sops [secrets-not-encrypted]\n"},
		"a copy that helm-secrets left": {"charts/etl/secrets.prod.yaml.dec", clear,
			"charts/etl/secrets.prod.yaml.dec:1:1: error: this is called like a decrypted copy of a file of secrets: delete it, or list it in .helmignore as \"secrets.prod.yaml.dec\" [secrets-decrypted]\n"},
		"a key of age": {"charts/etl/files/keys.txt", "# " + canary + "\n" + ageKey + "\n",
			"charts/etl/files/keys.txt:1:1: error: this holds a private key, which opens the secrets: nobody must get it with the chart; move it away, or list it in .helmignore as \"keys.txt\" [private-key]\n"},
		"an environment that says nonsense": {"environments/prod/environment.yaml", "promotedFrom: dve\n",
			"environments/prod/environment.yaml:1:15: error: environment \"prod\" is promoted from \"dve\", which is not there; did you mean \"dev\"?; the environments are dev, prod [environment-unknown]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := example().with(files{c.file: c.text}).repo(t)
			set, chart := load(t, filepath.Join(dir, "charts", "etl"))
			p, findings, err := bundle.New(set, chart)
			got := lines(findings, dir)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil || p != nil {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
			if strings.Contains(got, canary) || strings.Contains(got, ageKey) {
				t.Errorf("it shows what is secret: %s", got)
			}
			if _, err := bundle.Digest(set, chart); err != nil {
				t.Errorf("it has no digest: %v", err)
			}
		})
	}
}

func TestAccepts(t *testing.T) {
	for name, f := range map[string]files{
		"encrypted secrets beside the chart": {"charts/etl/secrets.prod.yaml": sealed},
		"a template that makes a Secret":     {"charts/etl/templates/secrets.yaml": "kind: Secret\n"},
		"a workflow called secrets":          {"charts/etl/workflows/rotate-secrets.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"},
		"a schema of secrets":                {"charts/etl/secrets.schema.json": "{\"a\": 1}"},
		"an empty file of secrets":           {"environments/dev/secrets.yaml": ""},
		"what .helmignore leaves out":        {"charts/etl/.helmignore": "*.dec\n", "charts/etl/secrets.yaml.dec": "a: 1\n"},
		"secrets of another chart":           {"environments/dev/other/secrets.yaml": "a: 1\n"},
		"words about keys":                   {"charts/etl/README.md": "Put your AGE-SECRET-KEY-1... into keys.txt.\n"},
	} {
		t.Run(name, func(t *testing.T) { pack(t, filepath.Join(example().with(f).repo(t), "charts", "etl")) })
	}
}

// What cannot be packed at all is an error.
func TestCannotBePacked(t *testing.T) {
	log.SetOutput(io.Discard) // Helm tells of each link that it follows
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	outside := filepath.Join(files{"x.yaml": "a: 1\n", "dir/x.yaml": "a: 1\n"}.repo(t))
	link := func(to, name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			name := filepath.Join(dir, name)
			if err := os.RemoveAll(name); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(to, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		more files
		do   func(t *testing.T, dir string)
		want string
	}{
		"a file of the chart that leads out":          {nil, link(outside+"/x.yaml", "charts/etl/x.yaml"), "charts/etl/x.yaml leads out of the repository by a symbolic link"},
		"a folder of the chart that leads out":        {nil, link(outside+"/dir", "charts/etl/dir"), "charts/etl/dir/x.yaml leads out of the repository by a symbolic link"},
		"values that lead out":                        {nil, link(outside+"/x.yaml", "environments/dev/values.yaml"), "environments/dev/values.yaml: this is a symbolic link that leads out"},
		"a link to nothing":                           {nil, link("nothing", "environments/dev/values.yaml"), "a symbolic link to something that is not there"},
		"a link to nothing in the chart":              {nil, link("nothing", "charts/etl/x.yaml"), "charts/etl/x.yaml"},
		"a link to itself":                            {nil, link(".", "charts/etl/again"), "too many levels of symbolic links"},
		"a pipe in the chart":                         {nil, pipe("charts/etl/pipe"), "irregular file"},
		"a pipe in an environment":                    {nil, pipe("environments/dev/secrets.yaml"), "this is neither a file nor a link to one"},
		"names that differ in case":                   {files{"charts/etl/files/a.txt": "", "charts/etl/files/A.txt": ""}, nil, "\"charts/etl/files/A.txt\" and \"charts/etl/files/a.txt\" have the same name on some systems"},
		"folders that differ in case":                 {files{"charts/etl/files/x": "", "charts/etl/Files/y": ""}, nil, "folders \"charts/etl/Files\" and \"charts/etl/files\""},
		"names that differ in composition":            {files{"charts/etl/files/\u00e9": "", "charts/etl/files/e\u0301": ""}, nil, "have the same name on some systems"},
		"a backslash":                                 {files{"charts/etl/files/a\\b": ""}, nil, "has a backslash in its name"},
		"a name that gives orders to a terminal":      {files{"charts/etl/files/a\x1b[31m": ""}, nil, "cannot be printed"},
		"a name that is not UTF-8":                    {files{"charts/etl/files/\xff": ""}, nil, "not UTF-8"},
		"a dependency that is not there":              {files{"charts/etl/Chart.yaml": "apiVersion: v2\nname: etl\nversion: 1.0.0\ndependencies: [{name: lib, version: 1.0.0, repository: \"\"}]\n"}, nil, "helm dependency update"},
		"a name that is none":                         {files{"charts/etl/Chart.yaml": "apiVersion: v2\nname: a_b\nversion: 1.0.0\n"}, nil, "\"a_b\" cannot be the name of a chart"},
		"a file that is too large":                    {files{"charts/etl/files/x": strings.Repeat("x", 5<<20+1)}, nil, "larger than the maximum file size"},
		"values that are too large":                   {files{"environments/dev/values.yaml": strings.Repeat("#", 5<<20+1)}, nil, "larger than the 5 MiB"},
		"an environment with a name for no terminals": {files{"environments/a\x07/values.yaml": ""}, nil, "cannot be printed"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := example().with(c.more).repo(t)
			if c.do != nil {
				c.do(t, dir)
			}
			chart := filepath.Join(dir, "charts", "etl")
			set, err := environment.Open(chart)
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := render.Load(chart)
			if err == nil {
				_, _, err = bundle.New(set, loaded)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %q", err, c.want)
			}
		})
	}
}

func pipe(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTooManyFiles(t *testing.T) {
	f := example()
	for i := range 5001 {
		f["charts/etl/files/"+strings.Repeat("x", i%100)+string(rune('a'+i/100%26))+string(rune('a'+i/2600))] = ""
	}
	set, c := load(t, filepath.Join(f.repo(t), "charts", "etl"))
	if _, _, err := bundle.New(set, c); err == nil || !strings.Contains(err.Error(), "a package has at most 5000") {
		t.Error(err)
	}
}
