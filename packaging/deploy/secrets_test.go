package deploy_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

const password = "correct-horse-battery"

// checked is what comes of a chart with one encrypted value, "password", that
// is opened to the one that is given.
func checked(t *testing.T, value string, files map[string]string, o render.Options) (*deploy.Check, *deploy.Inputs) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "etl")
	write(t, filepath.Join(dir, "Chart.yaml"), "apiVersion: v2\nname: etl\nversion: 1.0.0\n")
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	chart, err := render.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	set, err := environment.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	values, err := deploy.Values(set, chart, &environment.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	sealed := "password: ENC[AES256_GCM,data:AA,iv:AA,tag:AA,type:str]\nsops:\n    mac: ENC[AES256_GCM,data:AA,iv:AA,tag:AA,type:str]\n"
	open := func(context.Context, string, []byte) ([]byte, error) {
		return []byte("password: '" + value + "'\n"), nil
	}
	inputs, err := deploy.Read(t.Context(), append(deploy.Layers(values), deploy.Layer{Name: "secrets.yaml", Text: []byte(sealed)}), render.Sets{}, open, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := deploy.NewCheck(chart, values, inputs, deploy.Options{Lint: quiet(), Release: o})
	c.Run()
	return c, inputs
}

// A cluster has one Secret, that of the last revision.
type cluster struct {
	dynamic.NamespaceableResourceInterface
}

func (c cluster) Namespace(string) dynamic.ResourceInterface { return c }

func (cluster) Get(context.Context, string, metav1.GetOptions, ...string) (*unstructured.Unstructured, error) {
	return &unstructured.Unstructured{Object: map[string]any{"data": map[string]any{"password": password}}}, nil
}

// TestWhatIsGuarded holds which decrypted values the record is searched for.
func TestWhatIsGuarded(t *testing.T) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: etl}\nstringData: {password: {{ .Values.password | quote }}}\n"
	config := func(text string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: etl}\ndata: {a: " + text + "}\n"
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"a value in a Secret alone":            {map[string]string{"templates/a.yaml": secret}, true},
		"a word of the chart":                  {map[string]string{"templates/a.yaml": secret, "README.md": "the password is " + password}, false},
		"a default of the chart":               {map[string]string{"templates/a.yaml": secret, "values.yaml": "password: " + password}, false},
		"a word of what comes out":             {map[string]string{"templates/a.yaml": config("correct-{{ print `horse` }}-battery")}, false},
		"a decrypted copy of the file":         {map[string]string{"templates/a.yaml": secret, "secrets.yaml.dec": "password: " + password}, true},
		"what is looked up in the cluster":     {map[string]string{"templates/a.yaml": config(`{{ (lookup "v1" "Secret" "x" "etl").data.password }}`)}, true},
		"a word of a chart that looks into it": {map[string]string{"templates/a.yaml": `{{ if ne .Values.password "` + password + `" }}{{ fail "no" }}{{ end }}` + secret}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, in := checked(t, password, c.files, render.Options{Lookup: func(string, string) (dynamic.NamespaceableResourceInterface, bool, error) {
				return cluster{}, true, nil
			}})
			if got := len(in.Hidden) > 0; got != c.want {
				t.Errorf("guarded: %v", got)
			}
		})
	}
}

// TestPiecesAreGuarded holds that what a template may take out of a value is
// looked for as the value is.
func TestPiecesAreGuarded(t *testing.T) {
	const encoded = "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5" // the password
	for name, value := range map[string]string{
		"in JSON":             `{"user":"etl","keys":[{"password":"` + password + `"}]}`,
		"in YAML":             "{user: etl, password: " + password + "}",
		"in a URL":            "postgres://etl:" + password + "@db:5432/etl",
		"in base64":           encoded,
		"in base64, in JSON":  `{"password":"` + encoded + `"}`,
		"in JSON, in base64":  "eyJwYXNzd29yZCI6ICJjb3JyZWN0LWhvcnNlLWJhdHRlcnkifQ==",
		"in a URL, in JSON":   `{"url":"https://etl:` + password + `@db"}`,
		"all of it, not less": password,
	} {
		t.Run(name, func(t *testing.T) {
			_, in := checked(t, value, nil, render.Options{})
			if !slices.Contains(in.Hidden, deploy.Hidden{Path: "password", Value: password, Inner: value != password}) {
				t.Errorf("looked for: %v", in.Hidden)
			}
			for _, h := range in.Hidden {
				if len(h.Value) < 8 {
					t.Errorf("%q is looked for, and there by chance", h.Value)
				}
			}
		})
	}
}

// TestWithoutCanaries holds that a chart which fails with canaries, as it looks
// into the value, is searched for the value itself.
func TestWithoutCanaries(t *testing.T) {
	const looks = `{{ if ne (len .Values.password) 21 }}{{ fail "no password of ours" }}{{ end }}`
	secret := func(meta, data string) string {
		return looks + "apiVersion: v1\nkind: Secret\nmetadata: {name: etl" + meta + "}\nstringData: {" + data + "}\n"
	}
	for name, c := range map[string]struct{ text, want string }{
		"in the data of a Secret":         {secret("", "password: {{ .Values.password }}"), ""},
		"in an annotation of a Secret":    {secret(", annotations: {a: {{ .Values.password }}}", "a: b"), "in a Secret, outside of its data"},
		"in a key of a Secret":            {secret("", " {{ .Values.password }}: a"), "in a Secret, outside of its data"},
		"in something that is no Secret":  {looks + "apiVersion: v1\nkind: ConfigMap\ndata: {a: {{ .Values.password }}}\n", "in a ConfigMap: "},
		"in a Secret of another group":    {looks + "apiVersion: x.io/v1\nkind: Secret\ndata: {a: {{ .Values.password }}}\n", "in a Secret"},
		"nowhere, as nobody asked for it": {looks, ""},
	} {
		t.Run(name, func(t *testing.T) {
			check, _ := checked(t, password, map[string]string{"templates/a.yaml": c.text}, render.Options{})
			var got []string
			for _, f := range check.Findings {
				if f.Rule.Name == "secret-leaked" {
					got = append(got, f.Message)
				}
			}
			if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestNoMAC holds that a file does not pass as plain by losing its MAC.
func TestNoMAC(t *testing.T) {
	const sealed = "a: ['ENC[AES256_GCM,data:AA,iv:AA,tag:AA,type:str]']\n"
	for text, want := range map[string]string{
		sealed:                             "restore the file",
		sealed + "sops: {mac: \"\"}\n":     "restore the file",
		sealed + "sops: {mac: x}\n":        "",
		"a: ENC[is no ciphertext]\nb: c\n": "",
	} {
		_, err := (&deploy.Inputs{}).Extra([]deploy.Layer{{Name: "secrets.yaml", Text: []byte(text)}})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "ENC[")) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

// TestLargeNumbersAreGuarded holds that a number is looked for as int64 writes
// it, too: YAML makes a float of it.
func TestLargeNumbersAreGuarded(t *testing.T) {
	sealed := "pin: ENC[AES256_GCM,data:AA,iv:AA,tag:AA,type:int]\nsops: {mac: x}\n"
	open := func(context.Context, string, []byte) ([]byte, error) { return []byte("pin: 1234567890\n"), nil }
	in, err := deploy.Read(t.Context(), []deploy.Layer{{Name: "secrets.yaml", Text: []byte(sealed)}}, render.Sets{}, open, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(in.Hidden, deploy.Hidden{Path: "pin", Value: "1234567890"}) {
		t.Errorf("looked for: %v", in.Hidden)
	}
}
