package release

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"

	"github.com/tiphys-dev/tiphys/packaging/render"
)

// The values that must never be seen, and how they lie on disk.
const (
	password = "correct-horse-battery"
	rotated  = "staple-of-another-kind"
	token    = "s3cr3t\ttoken\nwith \"two\" lines"
	cipher   = "ENC[AES256_GCM,data:qyc=,iv:aaa=,tag:bbb=,type:str]"
)

// files of the chart that most tests use.
func chartFiles() map[string]string {
	return map[string]string{
		"Chart.yaml":             "apiVersion: v2\nname: etl\nversion: 1.2.3\nappVersion: \"7\"\ndependencies:\n  - {name: sub, version: 0.1.0}\n",
		"values.yaml":            "greeting: hello\nwarehouse:\n  user: etl\n",
		"templates/_helpers.tpl": `{{ define "labels" }}{app: etl}{{ end }}`,
		"templates/config.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: config
  labels: {{ include "labels" . }}
data:
  greeting: {{ .Values.greeting | quote }}
  revision: {{ .Release.Revision | quote }}
`,
		"templates/wf.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: nightly}\nspec:\n  entrypoint: main\n  templates:\n" +
			"    - name: main\n      container: {image: 'alpine:3', args: ['{{`{{workflow.name}}`}}', '{{`{{{ }}{{- x -}}`}}']}\n",
		"templates/secret.yaml": `# Before the first object there is a document without one.
---
apiVersion: v1
kind: Secret
metadata:
  name: warehouse
  annotations: {helm.sh/hook: pre-install}
stringData:
  password: {{ .Values.warehouse.password | quote }}
  user: {{ .Values.warehouse.user }}
`,
		"templates/plain.yaml":  "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\nstringData: {mode: public}\n",
		"templates/hook.yaml":   "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: before\n  annotations: {helm.sh/hook: 'pre-install,pre-upgrade'}\ndata: {a: b}\n",
		"templates/NOTES.txt":   "Run {{ .Release.Name }} with {{`{{braces}}`}}.\n",
		"charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 0.1.0\n",
		"charts/sub/templates/token.yaml": `apiVersion: v1
kind: Secret
metadata:
  name: token
data:
  token: {{ .Values.token | b64enc }}
`,
		"charts/sub/templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sub}\ndata: {a: b}\n",
	}
}

// values are those of the user, with the true ones or as they lie on disk.
func testValues(password, token, greeting string) map[string]any {
	v := map[string]any{"warehouse": map[string]any{"password": password}, "sub": map[string]any{"token": token}}
	if greeting != "" {
		v["greeting"] = greeting
	}
	return v
}

// newSpec renders a chart as the command does: the Secrets with a decrypted
// value apart.
func newSpec(t testing.TB, namespace string, revision int, files map[string]string, secret, recorded map[string]any, never ...string) Spec {
	t.Helper()
	s := Spec{Name: "etl", Values: recorded, Files: map[string]string{}, Digest: "sha256:" + strings.Repeat("ab", 32), Environment: "prod"}
	var all []render.File
	var buffered []*loader.BufferedFile
	for name, text := range files {
		all = append(all, render.File{Name: name, Data: []byte(text)})
		buffered = append(buffered, &loader.BufferedFile{Name: name, Data: []byte(text)})
	}
	var err error
	if s.Chart, err = render.FromFiles("charts/etl", all); err != nil {
		t.Fatal(err)
	}
	for i, v := range never {
		s.Never = append(s.Never, Never{Key: fmt.Sprintf("key%d", i), Value: []byte(v)})
	}
	loaded, err := loader.LoadFiles(buffered)
	if err != nil {
		t.Fatal(err)
	}
	top, err := chartutil.ToRenderValues(loaded, secret, chartutil.ReleaseOptions{Name: s.Name, Namespace: namespace, Revision: revision}, nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := engine.Render(loaded, top)
	if err != nil {
		t.Fatal(err)
	}
	n := newNever(s.Never)
	for name, text := range out {
		if strings.HasSuffix(name, "NOTES.txt") {
			s.Notes = text
			continue
		}
		var rest []string
		for _, doc := range documents(text) {
			_, isSecret := secretIn(doc, "x")
			_, hot := n.in([]byte(doc))
			for _, leaf := range leavesOf(doc) {
				if _, ok := n.in([]byte(leaf)); ok {
					hot = true
				}
			}
			if isSecret && hot {
				s.Secrets = append(s.Secrets, doc)
			} else {
				rest = append(rest, doc)
			}
		}
		s.Files[name] = strings.Join(rest, "\n---\n")
	}
	return s
}

// spec is that of the usual chart.
func (e *env) spec(t testing.TB, revision int, pass, greeting string) Spec {
	t.Helper()
	return newSpec(t, e.namespace, revision, chartFiles(), testValues(pass, token, greeting), testValues(cipher, cipher, greeting), pass, token)
}

// folder writes the chart to disk for a stock helm.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "etl")
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// decoded is the JSON in a record, with the base64 of chart files opened.
func decoded(t testing.TB, data []byte) string {
	t.Helper()
	zipped, err := base64.StdEncoding.DecodeString(string(data))
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
