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

// TestLifetimes: what could not be followed without a gap is refused.
func TestLifetimes(t *testing.T) {
	for args, want := range map[string]string{
		"":                           "",
		"--certificate-lifetime=24h": "",
		"--certificate-lifetime=20s --authority-lifetime=1m --authority-settle=5s": "",
		"--certificate-lifetime=0s":  "--certificate-lifetime is 0s",
		"--authority-settle=-1s":     "--authority-settle -1s",
		"--authority-lifetime=1000h": "--authority-lifetime is 1000h0m0s: it must be three times --certificate-lifetime",
	} {
		_, err := parse(strings.Fields(args), Streams{Out: io.Discard, Err: io.Discard})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
