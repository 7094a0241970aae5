package source_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

// A helmCLI runs helm with a home of its own.
type helmCLI struct {
	t    testing.TB
	path string
	home string
}

func newHelm(t testing.TB) *helmCLI { return &helmCLI{t, testbin.Helm4(t), t.TempDir()} }

func (h *helmCLI) run(args ...string) string {
	h.t.Helper()
	c := exec.Command(h.path, args...)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.home}
	out, err := c.CombinedOutput()
	if err != nil {
		h.t.Fatalf("helm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// chart writes a chart with environments of its own, and returns its folder.
func chart(t testing.TB, version, values string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "etl")
	for name, text := range map[string]string{
		"Chart.yaml":                         "apiVersion: v2\nname: etl\nversion: " + version + "\n",
		"values.yaml":                        values,
		"templates/cm.yaml":                  "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: {{ .Values.a | quote }}\n",
		"environments/dev/environment.yaml":  "namespace: dev\n",
		"environments/dev/values.yaml":       "a: 2\n",
		"environments/prod/environment.yaml": "namespace: prod\npromotedFrom: dev\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// An entry is what somebody puts into an archive.
type entry struct {
	name, text string
	kind       byte
	link       string
}

func tgz(t testing.TB, all ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, e := range all {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Size: int64(len(e.text)), Linkname: e.link, Mode: 0o644}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hostile are archives that are no charts, and what is said of them.
func hostile(t testing.TB) map[string][]byte {
	main := entry{name: "etl/Chart.yaml", text: "apiVersion: v2\nname: etl\nversion: 1.0.0\n"}
	many, large := []entry{main}, []entry{main}
	for i := range 20_001 {
		many = append(many, entry{name: fmt.Sprintf("etl/f/%d", i)})
	}
	for i := range 40 {
		large = append(large, entry{name: fmt.Sprintf("etl/f/%d", i), text: strings.Repeat("x", 4<<20)})
	}
	good := tgz(t, main)
	return map[string][]byte{
		"would lead out of its folder":                     tgz(t, main, entry{name: "etl/../../../x", text: "x"}),
		`"/etc/x" in the archive`:                          tgz(t, main, entry{name: "/etc/x", text: "x"}),
		"is no file: links and devices":                    tgz(t, main, entry{name: "etl/x", kind: tar.TypeSymlink, link: "/etc/passwd"}),
		`"etl/hard" in the archive of the chart`:           tgz(t, main, entry{name: "etl/hard", kind: tar.TypeLink, link: "/etc/passwd"}),
		`the archive has two: "etl" and "other"`:           tgz(t, main, entry{name: "other/x", text: "x"}),
		"lies in no folder":                                tgz(t, entry{name: "Chart.yaml", text: "name: etl\n"}),
		"the archive of the chart twice":                   tgz(t, main, main),
		"more than 20000 files":                            tgz(t, many...),
		"has more than the 147 MiB":                        tgz(t, large...),
		"has 6291456 bytes, and a file of a chart at most": tgz(t, main, entry{name: "etl/x", text: strings.Repeat("x", 6<<20)}),
		"the archive of the chart is empty":                tgz(t),
		"not compressed by gzip":                           []byte("hello"),
		"cut off":                                          good[:len(good)-20],
		"there is no Chart.yaml":                           tgz(t, entry{name: "etl/x", text: "x"}),
		"environments/dev/secrets.yaml:1:1: error: the secrets of this file lie in the clear": tgz(t, main, entry{name: "etl/environments/dev/secrets.yaml", text: "a: b\n"}),
	}
}
