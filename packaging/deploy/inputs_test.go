package deploy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What stands beside a value that --set sets is told where it stands.
func TestExtraHoldsWhatWasSet(t *testing.T) {
	before := map[string]any{"a": map[string]any{"b": "old", "kept": true}, "list": []any{"x", "y"}, "same": "s"}
	after := map[string]any{"a": map[string]any{"b": "new", "kept": true, "c": nil}, "list": []any{"x", "z"}, "same": "s", "d": map[string]any{}}
	layers, err := (&Inputs{Files: before, Sealed: after}).Extra(nil)
	if err != nil || len(layers) != 1 {
		t.Fatal(layers, err)
	}
	want := "a:\n  b: new\n  c: null\nd: {}\nlist:\n- x\n- z\n"
	if d := cmp.Diff(want, string(layers[0].Text)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
