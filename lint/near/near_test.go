package near_test

import (
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint/near"
)

func TestNameAmongMany(t *testing.T) {
	for size, want := range map[int]string{100: "build", 2000: "build", 2001: ""} {
		names := []string{"build"}
		for len(names) < size {
			names = append(names, "task"+strings.Repeat("x", len(names)%40))
		}
		if got, _ := near.Name("biuld", names); got != want {
			t.Errorf("among %d names: got %q, want %q", size, got, want)
		}
	}
}

func TestName(t *testing.T) {
	names := []string{"build", "test", "deploy-all", "Succeeded", "a"}
	for what, c := range map[string]struct{ word, want string }{
		"two letters swapped":        {"biuld", "build"},
		"one letter missing":         {"tst", "test"},
		"one letter too many":        {"deploy-alll", "deploy-all"},
		"another case":               {"succeeded", "Succeeded"},
		"nothing alike":              {"zebra", ""},
		"the word itself":            {"test", ""},
		"an empty word":              {"", ""},
		"too short to guess":         {"b", ""},
		"far too long":               {strings.Repeat("build", 1000), ""},
		"a half of the word differs": {"tack", ""},
	} {
		t.Run(what, func(t *testing.T) {
			if got, ok := near.Name(c.word, names); got != c.want || ok != (c.want != "") {
				t.Errorf("Name(%q) = %q, %v, want %q", c.word, got, ok, c.want)
			}
		})
	}
}
