package taint

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestMask holds that a message shows no secret, however it writes it.
func TestMask(t *testing.T) {
	const secret = "p w  two\"q\\uo<te>'&tail\tend"
	asJSON, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"as it is":               "bad " + secret,
		"in quotes":              fmt.Sprintf("bad %q", secret),
		"in JSON":                `{"password":` + string(asJSON) + `}`,
		"in YAML":                "password: '" + strings.ReplaceAll(secret, "'", "''") + "'",
		"with white space tidy":  strings.Join(strings.Fields("bad "+secret), " "),
		"in quotes and tidy":     strings.Join(strings.Fields(fmt.Sprintf("bad %q", secret)), " "),
		"in capitals":            strings.ToUpper(secret),
		"in base64":              base64.StdEncoding.EncodeToString([]byte(secret)),
		"in base64, behind more": base64.StdEncoding.EncodeToString([]byte("me:" + secret)),
		"in base64, twice":       base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(secret)))),
	} {
		t.Run(name, func(t *testing.T) {
			got := Mask([]string{"other", secret})(text)
			if !strings.Contains(got, "***") {
				t.Errorf("shows %q", got)
			}
			for _, part := range []string{"two", "TWO", "tail", "dHdv", "two"} {
				if strings.Contains(got, part) {
					t.Errorf("shows %q of it: %q", part, got)
				}
			}
		})
	}
	for name, c := range map[string]struct{ text, secret, want string }{
		"lines by themselves":         {"first line is bad", "first line\nsecond line", "*** is bad"},
		"a short one":                 {"hunt is bad", "hunt", "*** is bad"},
		"what is a part of each word": {"a is bad", "a", "a is bad"},
		"the longer one first":        {"hunter2 is bad", "hunter2", "*** is bad"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Mask([]string{"hunt", c.secret})(c.text); got != c.want {
				t.Errorf("got %q", got)
			}
		})
	}
}
