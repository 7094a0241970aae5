package tiny

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xeipuuv/gojsonschema"
)

// ValidBill holds a bill to the schema that comes with the module that writes it.
func ValidBill(t testing.TB, text []byte) {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	loader := gojsonschema.NewSchemaLoader()
	for _, name := range []string{"spdx.schema.json", "jsf-0.82.schemax.json", "bom-1.6.schema.json"} {
		schema, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "schema", name))
		if err != nil {
			t.Fatal(err)
		}
		if name != "bom-1.6.schema.json" {
			if err := loader.AddSchemas(gojsonschema.NewBytesLoader(schema)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		s, err := loader.Compile(gojsonschema.NewBytesLoader(schema))
		if err != nil {
			t.Fatal(err)
		}
		result, err := s.Validate(gojsonschema.NewBytesLoader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range result.Errors() {
			t.Errorf("the schema refuses it: %s", e)
		}
	}
}
