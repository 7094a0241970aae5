package release

import (
	"encoding/base64"
	"testing"
)

func TestNeverFinds(t *testing.T) {
	const value = "correct-horse-battery"
	encoded := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	n := newNever([]Never{{Key: "warehouse.password", Value: []byte(value)}})
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"as it is":                  {"a: " + value, true},
		"in base64":                 {"a: " + encoded("user:"+value), true},
		"in base64 of base64":       {encoded(`{"auth":"` + encoded("user:"+value) + `"}`), true},
		"in base64 of base64 alone": {encoded(encoded(value)), true},
		"another value":             {"a: " + encoded("user:correct-horse-staple"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if key, found := n.in([]byte(c.text)); found != c.want {
				t.Errorf("found %v, %q", found, key)
			}
		})
	}
}
