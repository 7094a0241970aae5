package environment_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/packaging/environment"
)

func TestSources(t *testing.T) {
	f := files{
		"environments/prod/environment.yaml": "namespace: a\n", "etl/environments/prod/environment.yaml": "namespace: b\n",
		"environments/prod/values.yaml": "a: 1\n", "environments/prod/secrets.yaml": "a: 1\n",
		"environments/prod/etl/values.yaml": "a: 1\n", "environments/prod/etl/secrets.yaml": "a: 1\n",
		"etl/environments/prod/values.yaml": "a: 1\n", "etl/environments/prod/etl/secrets.yaml": "a: 1\n",
		"environments/prod/other/values.yaml": "a: 1\n", "environments/prod/pin.yaml": "a: 1\n", "environments/prod/README.md": "a\n",
		"environments/dev/values.yaml": "a: 1\n",
	}
	f.write(t)
	set, err := environment.Open("etl")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"environments/prod/environment.yaml", "etl/environments/prod/environment.yaml",
		"environments/prod/values.yaml", "environments/prod/secrets.yaml", "environments/prod/etl/values.yaml", "environments/prod/etl/secrets.yaml",
		"etl/environments/prod/values.yaml", "etl/environments/prod/etl/secrets.yaml",
	}
	if diff := cmp.Diff(want, set.Sources(set.Find("prod"))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	text, err := set.Read(want[2])
	if string(text) != "a: 1\n" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
}

func TestReadRefuses(t *testing.T) {
	outside := t.TempDir()
	files{}.put(t, outside+"/values.yaml", "a: 1\n")
	files{"environments/prod/secrets.yaml/x": "", "environments/dev/environment.yaml": ""}.write(t)
	for name, to := range map[string]string{"environments/dev/values.yaml": outside + "/values.yaml", "environments/dev/secrets.yaml": "nothing"} {
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	set, err := environment.Open("etl")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"environments/prod/secrets.yaml": "read values: environments/prod/secrets.yaml: this is a folder, and should be a file",
		"environments/dev/values.yaml":   "read values: environments/dev/values.yaml: this is a symbolic link that leads out of the repository: put the file itself here",
		"environments/dev/secrets.yaml":  "read values: environments/dev/secrets.yaml: this is a symbolic link to something that is not there",
	}
	got := map[string]string{}
	for _, e := range set.Environments {
		for _, name := range set.Sources(e) {
			if _, err := set.Read(name); err != nil {
				got[name] = err.Error()
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestClear(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"a: " + enc("str") + "\n" + sops:       "",
		"a: CANARY\n":                          "s.yaml:1:1: error: the secrets of this file lie in the clear: encrypt it with sops [secrets-not-encrypted]\n",
		"a: " + enc("str") + "\nb: 1\n" + sops: "s.yaml:2:1: error: \"b\" lies in the clear in an encrypted file: encrypt it with sops edit [secrets-not-encrypted]\n",
		"a: [\n":                               "s.yaml:2:1: error: this is not YAML; the text is not shown, as it may be a secret [yaml-syntax]\n",
	} {
		if diff := cmp.Diff(want, lines(environment.Clear("s.yaml", []byte(text)))); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
}
