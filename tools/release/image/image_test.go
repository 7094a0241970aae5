package image_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/tiphys-dev/tiphys/tools/release/image"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// program makes an image of two bytes for a system.
func program(t *testing.T, architecture string) v1.Image {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(binary, []byte("#!"), 0o600); err != nil {
		t.Fatal(err)
	}
	img, err := image.New(image.Program{
		Name: "a", Binary: binary, Platform: v1.Platform{OS: "linux", Architecture: architecture}, Licences: []byte("free"), Created: at,
	}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func digest(t *testing.T, of interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	d, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

func TestSame(t *testing.T) {
	one, two := program(t, "amd64"), program(t, "amd64")
	if digest(t, one) != digest(t, two) {
		t.Error("the same program makes two images")
	}
	// What does not depend on the system is stored and fetched once.
	mine, err := one.Layers()
	if err != nil {
		t.Fatal(err)
	}
	others, err := program(t, "arm64").Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(mine) != 2 || digest(t, mine[0]) != digest(t, others[0]) {
		t.Error("the first of two layers is not that of another system")
	}
}

func TestSaveAndLoad(t *testing.T) {
	index, err := image.Index(map[string]v1.Image{"linux/arm64": program(t, "arm64"), "linux/amd64": program(t, "amd64")}, map[string]string{"a": "b"})
	if err != nil {
		t.Fatal(err)
	}
	var archives [2]string
	for i := range archives {
		archives[i] = filepath.Join(t.TempDir(), "a.tar")
		if err := image.Save(archives[i], index, "registry.example.com:5000/a:1.0.0", t.TempDir(), at); err != nil {
			t.Fatal(err)
		}
	}
	one, _ := os.ReadFile(archives[0])
	if two, err := os.ReadFile(archives[1]); err != nil || string(one) != string(two) {
		t.Errorf("the same image makes two archives: %v", err)
	}
	got, err := image.Load(archives[0], t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(got); err != nil {
		t.Error(err)
	}
	if digest(t, got) != digest(t, index) {
		t.Error("another image comes back")
	}
	if _, err := image.Load(filepath.Join(t.TempDir(), "none"), t.TempDir()); err == nil {
		t.Error("what is not there is loaded")
	}
}

func TestRoots(t *testing.T) {
	n := 0
	for rest := image.Roots(); ; n++ {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			break
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if !c.IsCA {
			t.Errorf("%s is no authority", c.Subject)
		}
	}
	if n < 100 {
		t.Errorf("there are %d authorities, want all that Mozilla trusts", n)
	}
}
