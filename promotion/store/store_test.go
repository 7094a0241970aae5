package store_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/promotion/source"
	"github.com/tiphys-dev/tiphys/promotion/store"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// pack makes a package whose archive is larger than one ConfigMap.
func pack(t *testing.T) *bundle.Package {
	t.Helper()
	dir := t.TempDir()
	noise := make([]byte, 2<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[r.IntN(62)]
	}
	for name, text := range map[string][]byte{"Chart.yaml": []byte("apiVersion: v2\nname: etl\nversion: 1.0.0\n"), "files/noise.txt": noise} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	set, err := environment.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	chart, err := render.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, findings, err := bundle.New(set, chart)
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	return p
}

// failing is a client that refuses writes once some have been made.
type failing struct {
	client.Client
	left int
}

var errKilled = errors.New("killed")

func (f *failing) Create(ctx context.Context, o client.Object, all ...client.CreateOption) error {
	if f.left--; f.left < 0 {
		return errKilled
	}
	return f.Client.Create(ctx, o, all...)
}

func TestStore(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	api := cluster.Start(t)
	api.InstallCRDs(t)
	s := runtime.NewScheme()
	if err := errors.Join(core.AddToScheme(s), v1alpha1.AddToScheme(s)); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(api.Config(t), client.Options{Scheme: s})
	if err != nil {
		t.Fatal(err)
	}
	namespace := cluster.NamespaceName()
	if err := c.Create(t.Context(), &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		t.Fatal(err)
	}
	p := &v1alpha1.Promotion{ObjectMeta: metav1.ObjectMeta{Name: "etl", Namespace: namespace, UID: "u"}}
	found := &source.Found{Revision: "abc", Package: pack(t), URL: "https://example.com/etl", Author: "Ada <ada@example.com>"}

	// Killed after each write, it goes on where it was.
	var kept *v1alpha1.Candidate
	writes := 0
	for ; kept == nil; writes++ {
		one := &store.Store{Reader: c, Writer: &failing{c, writes}}
		got, err := one.Keep(t.Context(), p, found)
		switch {
		case err == nil:
			kept = got
		case !errors.Is(err, errKilled):
			t.Fatal(err)
		}
		if writes > 50 {
			t.Fatal("it is never done")
		}
	}
	if kept.Spec.Parts < 2 {
		t.Fatalf("the archive has %d parts, and the test wants several", kept.Spec.Parts)
	}
	good := &store.Store{Reader: c, Writer: c}
	again, err := good.Keep(t.Context(), p, found)
	if err != nil || again.UID != kept.UID {
		t.Fatalf("kept again it is %v: %v", again, err)
	}
	loaded, err := good.Load(t.Context(), kept)
	if err != nil || loaded.Digest() != found.Package.Digest() {
		t.Fatalf("what is loaded is another: %v", err)
	}
	tampered(t, c, good, kept)
	if err := good.Drop(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	var left core.ConfigMapList
	if err := c.List(t.Context(), &left, client.InNamespace(namespace), client.HasLabels{v1alpha1.PromotionLabel}); err != nil || len(left.Items) > 0 {
		t.Errorf("%d parts are left: %v", len(left.Items), err)
	}
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(kept), &v1alpha1.Candidate{}); !apierrors.IsNotFound(err) {
		t.Errorf("the candidate is left: %v", err)
	}
	if err := good.Drop(t.Context(), kept); err != nil {
		t.Errorf("dropped twice: %v", err)
	}
}

// tampered holds that what was changed, or is gone, is never loaded.
func tampered(t *testing.T, c client.Client, s *store.Store, kept *v1alpha1.Candidate) {
	var m core.ConfigMap
	name := client.ObjectKey{Namespace: kept.Namespace, Name: kept.Name + "-1"}
	if err := c.Get(t.Context(), name, &m); err != nil {
		t.Fatal(err)
	}
	other := m.DeepCopy()
	other.ResourceVersion, other.UID = "", ""
	other.BinaryData["archive"][1000] ^= 1
	if err := c.Delete(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	var damaged *store.Damaged
	if _, err := s.Load(t.Context(), kept); !errors.As(err, &damaged) {
		t.Errorf("with a part gone: %v", err)
	}
	if err := c.Create(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), kept); !errors.As(err, &damaged) {
		t.Errorf("with a part changed: %v", err)
	}
}
