package sbom_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/tools/release/modules"
	"github.com/tiphys-dev/tiphys/tools/release/sbom"
	"github.com/tiphys-dev/tiphys/tools/release/tiny"
)

var program = sbom.Program{
	Name: "a", Version: "v1.0.0", Package: "example.com/a/cmd/a", System: "linux/amd64", Hash: strings.Repeat("a", 64), Licence: "Apache-2.0",
	Modules: []modules.Module{
		{Path: "stdlib", Version: "1.26.8", Licences: []string{"BSD-3-Clause"}},
		{Path: "example.com/b", Version: "v2.0.0+incompatible", Sum: "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", Licences: []string{"Odd", "MIT"}},
		{Path: "example.com/c", Version: "v0.1.0"},
	},
	At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
}

type bill struct {
	SerialNumber string
	Metadata     struct{ Component component }
	Components   []component
	Dependencies []struct {
		Ref       string
		DependsOn []string
	}
}

type component struct {
	Type, Name, Version, Purl string
	Hashes                    []struct{ Alg, Content string }
	Licenses                  []struct{ License struct{ ID, Name string } }
}

func TestProgram(t *testing.T) {
	b := written(t, nil)
	if got, want := b.Metadata.Component.Purl, "pkg:golang/example.com/a/cmd/a@v1.0.0?goarch=amd64&goos=linux&type=module"; got != want {
		t.Errorf("it is of %s, want %s", got, want)
	}
	var got []string
	for _, c := range b.Components {
		line := c.Type + " " + c.Purl
		for _, h := range c.Hashes {
			line += " " + h.Alg + ":" + h.Content[:8]
		}
		for _, l := range c.Licenses {
			line += " " + l.License.ID + l.License.Name
		}
		got = append(got, line)
	}
	want := []string{
		"library pkg:golang/stdlib@1.26.8 BSD-3-Clause",
		"library pkg:golang/example.com/b@v2.0.0%2Bincompatible?type=module SHA-256:e3b0c442 Odd MIT",
		"library pkg:golang/example.com/c@v0.1.0?type=module",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the components differ (-want +got)\n%s", diff)
	}
	if len(b.Dependencies) != 1 || len(b.Dependencies[0].DependsOn) != 3 {
		t.Errorf("the dependencies are %+v", b.Dependencies)
	}
	if again := written(t, nil); again.SerialNumber != b.SerialNumber {
		t.Error("the serial number is another one each time")
	}
}

func TestImage(t *testing.T) {
	b := written(t, &sbom.Image{Repository: "registry.example.com/a", Digest: "sha256:" + strings.Repeat("b", 64), Roots: "v0.0.0-1"})
	c := b.Metadata.Component
	if want := "pkg:oci/a@sha256%3A" + strings.Repeat("b", 64) + "?arch=amd64&repository_url=registry.example.com%2Fa"; c.Type != "container" || c.Purl != want {
		t.Errorf("it is of the %s %s, want %s", c.Type, c.Purl, want)
	}
	if len(b.Components) != 5 || b.Components[0].Type != "application" || b.Components[1].Type != "data" || len(b.Dependencies) != 2 {
		t.Errorf("the image is made of %+v", b.Components)
	}
}

// written is what is read of a bill, which must be as the schema has it.
func written(t *testing.T, in *sbom.Image) (b bill) {
	t.Helper()
	text, err := sbom.Of(program, in)
	if err != nil {
		t.Fatal(err)
	}
	tiny.ValidBill(t, text)
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	return b
}
