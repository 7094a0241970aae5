package upgrade

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// A version is a folder of testdata: what an older version left.
type version struct{ name, dir string }

// promotes tells whether the version had a controller.
func (v version) promotes() bool { return v.name != "policies" }

func versions(t testing.TB) (all []version) {
	t.Helper()
	dirs, err := filepath.Glob("testdata/*/objects.yaml")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("there is no testdata/*/objects.yaml: %v", err)
	}
	for _, d := range dirs {
		dir, err := filepath.Abs(filepath.Dir(d))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, version{filepath.Base(dir), dir})
	}
	return all
}

// chart is the path of the chart of the version.
func (v version) chart() string { return filepath.Join(v.dir, "tiphys-0.1.0.tgz") }

// crds are the kinds of the version, as its chart has them.
func (v version) crds(t testing.TB) (all []*apiextensions.CustomResourceDefinition) {
	t.Helper()
	packed, err := os.ReadFile(v.chart())
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(h.Name, "tiphys/files/crds/") {
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		var c apiextensions.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(text, &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, &c)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no CRDs", v.chart())
	}
	return all
}

// moment matches a time as objects have it.
var moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// began is when the last object of testdata is said to have been made. What goes
// on, such as a smoke run, would be long over else.
var began = time.Now().Truncate(time.Second)

// made matches when an object was made.
var made = regexp.MustCompile(`creationTimestamp: "([^"]+)"`)

// recent moves all times of a text, so that the last object in it was made when
// we began.
func recent(t testing.TB, text string) string {
	t.Helper()
	at := func(text string) time.Time {
		m, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	var last time.Time
	for _, m := range made.FindAllStringSubmatch(text, -1) {
		if at(m[1]).After(last) {
			last = at(m[1])
		}
	}
	return moment.ReplaceAllStringFunc(text, func(m string) string {
		layout := "2006-01-02T15:04:05"
		if _, fraction, ok := strings.Cut(strings.TrimSuffix(m, "Z"), "."); ok {
			layout += "." + strings.Repeat("0", len(fraction))
		}
		return at(m).Add(began.Sub(last)).UTC().Format(layout + "Z")
	})
}

// objects are those that the version wrote, just now. REPOSITORY in them is where
// its git repository is now.
func (v version) objects(t testing.TB, repository string) (all []*unstructured.Unstructured) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(v.dir, "objects.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for one := range strings.SplitSeq(recent(t, strings.ReplaceAll(string(text), "REPOSITORY", repository)), "\n---\n") {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(one), &u.Object); err != nil {
			t.Fatal(err)
		}
		all = append(all, u)
	}
	slices.SortStableFunc(all, func(a, b *unstructured.Unstructured) int { return rank(a) - rank(b) })
	return all
}

// order is that in which objects are made: namespaces first, and what owns others
// before them.
var order = []string{"Namespace", "ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Workflow", "Promotion", "Candidate"}

func rank(u *unstructured.Unstructured) int {
	if i := slices.Index(order, u.GetKind()); i >= 0 {
		return i
	}
	return len(order)
}
