package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/tools/release/tiny"
)

func TestArguments(t *testing.T) {
	repository := tiny.Repository(t)
	for args, want := range map[string]string{
		"":                            "say build or publish",
		"make":                        `"make" is none of build, publish`,
		"publish":                     "publish: there is no -registry, like ghcr.io/tiphys-dev",
		"publish -registry localhost": "open the release in dist, which make release finishes with SHA256SUMS: ",
		"build -root " + repository:   "has no tag like v1.2.3",
		"build -version next -root " + repository: `version "next" is not like v1.2.3`,
	} {
		if err := run(t.Context(), strings.Fields(args), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("release %s: %v, want %s", args, err, want)
		}
	}
	if err := run(t.Context(), []string{"build", "-root", repository, "-version", "v0.0.0-try", "-out", filepath.Dir(repository)}, io.Discard); err == nil {
		t.Error("a folder with other things in it is emptied")
	}
}
