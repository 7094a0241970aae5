package files_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/webhook/certs"
	"github.com/tiphys-dev/tiphys/webhook/certs/files"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	d := &files.Directory{Path: dir}
	if err := d.Read(); err == nil || d.Certificate() != nil {
		t.Errorf("an empty directory: %v", err)
	}
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	issue := func() map[string][]byte {
		t.Helper()
		b, err := certs.Apply(&certs.Bundle{}, certs.Step{Action: certs.Begin}, certs.Observation{Now: time.Now(), Names: []string{"localhost"}}, certs.Lifetimes{})
		if err != nil {
			t.Fatal(err)
		}
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	first, second := issue(), issue()
	write("tls.crt", first["tls.crt"])
	write("tls.key", first["tls.key"])
	if err := d.Read(); err != nil || d.Certificate() == nil {
		t.Fatalf("a pair: %v", err)
	}
	before := d.Certificate()
	write("tls.crt", second["tls.crt"]) // and the key is not there yet
	if err := d.Read(); err == nil || d.Certificate() != before {
		t.Errorf("half of a new pair: %v", err)
	}
	write("tls.key", second["tls.key"])
	if err := d.Read(); err != nil || d.Certificate().Leaf.Equal(before.Leaf) {
		t.Errorf("a new pair: %v", err)
	}
}

func TestReadAuthorities(t *testing.T) {
	b, err := certs.Apply(&certs.Bundle{}, certs.Step{Action: certs.Begin}, certs.Observation{Now: time.Now(), Names: []string{"localhost"}}, certs.Lifetimes{})
	if err != nil {
		t.Fatal(err)
	}
	a := &files.Authorities{Path: filepath.Join(t.TempDir(), "ca.crt")}
	read := func(text []byte) error {
		t.Helper()
		if err := os.WriteFile(a.Path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return a.Read()
	}
	if err := a.Read(); err == nil || a.Pool() != nil {
		t.Errorf("no file: %v", err)
	}
	if err := read([]byte("no certificate")); err == nil || a.Pool() != nil {
		t.Errorf("no certificate: %v", err)
	}
	if err := read(b.Trust()); err != nil || a.Pool() == nil {
		t.Fatalf("an authority: %v", err)
	}
	before := a.Pool()
	if err := read(nil); err == nil || a.Pool() != before {
		t.Errorf("a file that is emptied: %v", err)
	}
}
