package rego_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/policies/rego"
)

func TestGatekeeper(t *testing.T) {
	for what, c := range map[string]struct{ text, want, notes string }{
		"violation stays as it is": {
			"package p\n\n# why\nviolation contains {\"msg\": \"a\"} if input.review.object.spec\n",
			"package p\n\n# why\nviolation contains {\"msg\": \"a\"} if input.review.object.spec\n", ""},
		"import rego.v1 goes": {
			"package p\nimport rego.v1\nviolation contains {\"msg\": \"a\"} if input.review.object.spec",
			"package p\n\nviolation contains {\"msg\": \"a\"} if input.review.object.spec\n", ""},
		"the bare object is below review": {
			"package p\nviolation contains {\"msg\": \"a\", \"path\": \"spec\"} if input.spec.x == input[\"kind\"]",
			"package p\nviolation contains {\"msg\": \"a\", \"path\": \"spec\"} if input.review.object.spec.x == input.review.object[\"kind\"]\n", "path and field are not shown by Gatekeeper"},
		"the library is below data.lib": {
			"package p\nimport data.tiphys.lib\nviolation contains {\"msg\": \"a\"} if lib.labels.team",
			"package p\nimport data.lib.tiphys as lib\nviolation contains {\"msg\": \"a\"} if lib.labels.team\n", ""},
	} {
		t.Run(what, func(t *testing.T) {
			got, problems := rego.Gatekeeper(rego.Source{Name: "test", Text: c.text})
			if problems != nil {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(c.want, got.Rego); diff != "" {
				t.Error(diff)
			}
			if notes := strings.Join(got.Notes, "\n"); notes != c.notes {
				t.Errorf("notes %s", notes)
			}
		})
	}
}

func TestNotForGatekeeper(t *testing.T) {
	for what, c := range map[string]struct{ text, want string }{
		"input.tiphys":      {"violation contains {\"msg\": \"a\"} if count(input.tiphys.graphs) > 1", "2:42: input.tiphys.graphs is known to Tiphys only"},
		"the library":       {"import data.tiphys.lib\nviolation contains {\"msg\": c.name} if some c in lib.containers", "lib.containers needs what only Tiphys knows"},
		"a function":        {"violation contains {\"msg\": \"a\"} if tiphys.quantity(\"1\") > 1", "tiphys.quantity is a function of Tiphys"},
		"a partial object":  {"violation[\"a\"] := {\"msg\": \"a\"}", "2:1: violation is no set"},
		"a string":          {"violation contains \"a\"", "2:1: violation has a string"},
		"what is no module": {"x := 1", "the module has no rule"},
	} {
		t.Run(what, func(t *testing.T) {
			_, problems := rego.Gatekeeper(rego.Source{Name: "test", Text: "package p\n" + c.text})
			for _, p := range problems {
				if strings.Contains(p.String(), c.want) {
					return
				}
			}
			t.Errorf("got %v, want %s", problems, c.want)
		})
	}
}
