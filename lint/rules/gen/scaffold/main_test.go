package main

import (
	"go/format"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

func TestScaffold(t *testing.T) {
	dir := t.TempDir()
	files, err := scaffold(dir, "param-unused")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		filepath.Join(dir, "paramunused", "param-unused.txtar"),
		filepath.Join(dir, "paramunused", "paramunused.go"),
		filepath.Join(dir, "paramunused", "paramunused_test.go"),
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, f := range files[1:] {
		text := read(t, f)
		formatted, err := format.Source(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), string(formatted)); diff != "" {
			t.Errorf("%s is not as gofmt has it:\n%s", f, diff)
		}
	}
	if n := len(txtar.Parse(read(t, files[0])).Files); n != 4 {
		t.Errorf("the page has %d files, want 4", n)
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"", "Param", "param_unused", "-x", "x-", "../x", "a--b"} {
		if files, err := scaffold(dir, name); err == nil {
			t.Errorf("%q: wrote %v", name, files)
		}
	}
	if _, err := scaffold(dir, "twice"); err != nil {
		t.Fatal(err)
	}
	if _, err := scaffold(dir, "twice"); err == nil {
		t.Error("a rule that is there was overwritten")
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
