package command

import (
	"io"
	"strings"
	"testing"
)

// TestConfigurations: nobody is asked for a configuration that is not named,
// which a role that goes by names would refuse.
func TestConfigurations(t *testing.T) {
	for args, want := range map[string]string{
		"":                               "tiphys-webhook and tiphys-webhook",
		"--validating-configuration=a":   "a and ",
		"--mutating-configuration=a":     " and a",
		"--validating-configuration=a,b": "a,b and ",
		"--validating-configuration=a --mutating-configuration=b": "a and b",
	} {
		f, err := parse(strings.Fields(args), Streams{Out: io.Discard, Err: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.validating.String() + " and " + f.mutating.String(); got != want {
			t.Errorf("%q: got %s, want %s", args, got, want)
		}
	}
}
