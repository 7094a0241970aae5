package rego_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tiphys-dev/tiphys/policies/rego"
)

func TestProblems(t *testing.T) {
	for what, c := range map[string]struct{ text, want string }{
		"nothing":                       {"", "the module is empty: begin with package"},
		"only a package":                {"package p", "1:1: the module has no rule violation, deny or warn, so that it finds nothing: write violation contains msg if"},
		"another rule":                  {"package p\nallow if input.kind", "1:1: the module has no rule violation"},
		"a function":                    {"package p\ndeny(x) := x", "2:1: deny is a function: a policy asks for it without arguments"},
		"the syntax of Rego v0":         {"package p\ndeny[msg] { msg := \"x\" }", "2:1: `if` keyword is required before rule body"},
		"broken syntax":                 {"package p\ndeny contains msg if {\n\tmsg := \n}", "4:1: unexpected } token"},
		"a variable without value":      {"package p\ndeny contains msg if input.kind == msg2", `2:15: "msg" gets no value anywhere`},
		"an unused variable":            {"package p\ndeny contains \"a\" if {\n\tx := input.kind\n}", "3:2: assigned var x unused"},
		"an unused import":              {"package p\nimport data.tiphys.lib\ndeny contains \"a\"", "2:1: import data.tiphys.lib unused"},
		"the package of the library":    {"package tiphys.lib\ndeny contains \"a\"", "1:1: package tiphys.lib is that of the library"},
		"data that is not there":        {"package p\ndeny contains \"a\" if data.users.admin", "2:22: data.users.admin is not there: a module sees its own rules"},
		"a rule that is not there":      {"package p\ndeny contains \"a\" if data.p.helper", `2:22: p has no "helper"`},
		"no such helper":                {"package p\nimport data.tiphys.lib\ndeny contains c.name if some c in lib.contaners", `3:35: tiphys.lib has no "contaners"; did you mean "containers"?`},
		"a slip in input":               {"package p\ndeny contains \"a\" if input.reveiw.object", `2:22: input has no "reveiw"; did you mean "review"?`},
		"a slip in the review":          {"package p\ndeny contains \"a\" if input.review.objct", `2:22: input.review has no "objct"; did you mean "object"?`},
		"a slip in tiphys":              {"package p\ndeny contains \"a\" if input.tiphys.graph", `2:22: input.tiphys has no "graph"; did you mean "graphs"?`},
		"a slip in a function":          {"package p\ndeny contains msg if msg := sprintff(\"a\", [])", `2:29: function sprintff does not exist; did you mean "sprintf"?`},
		"types that do not fit":         {"package p\ndeny contains msg if msg := sprintf(1, [])", "2:29: sprintf: invalid argument(s); have: (number"},
		"a function hidden by a rule":   {"package p\nobject := input.review.object\ndeny contains msg if msg := object.get(input, \"a\", \"\")", "3:29: function p.object.get does not exist: a rule may hide"},
		"a list that doubles":           {"package p\ndeny contains \"x\" if {\n\tx0 := [1]\n" + doubling("array.concat([%[1]s], [%[1]s])") + "\tcount(x40) > 0\n}", "this value takes parts of others that often"},
		"a comprehension that doubles":  {"package p\ndeny contains \"x\" if {\n\tx0 := [1]\n" + doubling("[%[1]s | some _ in [1, 2]]") + "\tcount(x40) > 0\n}", "this value takes parts of others that often"},
		"a value that doubles":          {"package p\ndeny contains json.marshal(x40) if {\n\tx0 := [1]\n" + doubling("[%[1]s, %[1]s]") + "}", "this value takes parts of others that often"},
		"a function that doubles":       {"package p\nf(x) := [x, x]\ndeny contains \"x\" if {\n\tx0 := [1]\n" + doubling("f(%[1]s)") + "\tcount(x40) > 0\n}", "20:2: this value takes parts of others that often"},
		"one behind others":             {"package p\nf(x) := {\"msg\": g(x), \"details\": x}\ng(x) := y if {\n\tx.a\n\ty := x\n} else := {x}\ndeny contains \"x\" if {\n\tx0 := [1]\n" + doubling("f(%[1]s)") + "\tx39 == x40\n}", "this value takes parts of others that often"},
		"one with a term for its value": {"package p\nf(x) := [x, x]\ndeny contains \"x\" if {\n\tx0 := [1]\n" + chain("f(x%[1]d, x%[2]d)") + "count(x40) > 0\n}", "this value takes parts of others that often"},
		"one in the place of another":   {"package p\nf(x) := [x, x]\ndeny contains \"x\" if {\n\tx0 := [1]\n" + doubling("array.reverse(%[1]s) with array.reverse as f") + "\tcount(x40) > 0\n}", "this value takes parts of others that often"},
		"calls in calls":                {"package p\nf(x) := [x, x]\ndeny contains \"x\" if count(" + strings.Repeat("f(", 40) + "1" + strings.Repeat(")", 40) + ") > 0", "3:"},
		"functions that chain":          {"package p\nf0(x) := [x, x]\n" + chain("f%[2]d(x) := f%[1]d(f%[1]d(x))") + "deny contains \"x\" if count(f40(1)) > 0", "this value takes parts of others that often"},
		"rules that double":             {"package p\nx0 := [1]\n" + chain("x%[2]d := [x%[1]d, data.p.x%[1]d]") + "deny contains \"x\" if count(x40) > 0", "this value takes parts of others that often"},
		"sets that double":              {"package p\nx0 := [1]\n" + chain("x%[2]d contains [i, x%[1]d] if some i in [1, 2]") + "deny contains \"x\" if count(x40) > 0", "this value takes parts of others that often"},
		"a pattern that doubles":        {"package p\ndeny contains \"x\" if {\n\tx0 := [1]\n" + chain("[x%[2]d, _] := [[x%[1]d, x%[1]d], 1]") + "count(x40) > 0\n}", "this value takes parts of others that often"},
		"a choice that doubles":         {"package p\ndeny contains \"x\" if {\n\tx0 := [1]\n" + chain("some x%[2]d in [[x%[1]d, x%[1]d]]") + "count(x40) > 0\n}", "this value takes parts of others that often"},
		"a field that doubles":          {"package p\nf(x) := {\"a\": [x.a, x.a]}\ndeny contains \"x\" if {\n\tx0 := {\"a\": 1}\n" + doubling("f(%[1]s)") + "\tcount(x40) > 0\n}", "this value takes parts of others that often"},
		"elements that double":          {"package p\ndeny contains \"x\" if {\n\tx0 := [1]\n" + doubling("[[y, y] | some y in %[1]s]") + "\tcount(x40) > 0\n}", "this value takes parts of others that often"},
		"members that double":           {"package p\ndeny contains \"x\" if {\n\tx0 := {1}\n" + doubling("{[y, y] | %[1]s[y]}") + "\tcount(x40) > 0\n}", "this value takes parts of others that often"},
		"parts of rules that double":    {"package p\nx0 := {\"a\": 1}\n" + chain("x%[2]d := {\"a\": [x%[1]d.a, x%[1]d.a]}") + "deny contains \"x\" if count(x40) > 0", "this value takes parts of others that often"},
		"a walk that doubles":           {"package p\ndeny contains \"x\" if {\n\tx0 := [1]\n" + chain("walk([x%[1]d, x%[1]d], [_, x%[2]d])") + "count(x40) > 0\n}", "this value takes parts of others that often"},
		"an input that doubles":         {"package p\ndeny contains \"x\" if {\n\tx0 := [1]\n" + chain("x%[2]d := [input, input] with input as x%[1]d") + "count(x40) > 0\n}", "this value takes parts of others that often"},
		"a rule that doubles input":     {"package p\ntwice := [input, input]\ndeny contains \"x\" if {\n\tx0 := [1]\n" + chain("x%[2]d = twice with input as x%[1]d") + "count(x40) > 0\n}", "this value takes parts of others that often"},
		"a default that doubles":        {"package p\ndeny contains \"x\" if {\n\tx0 := [1]\n" + chain("x%[2]d := object.get({}, \"a\", [x%[1]d, x%[1]d])") + "count(x40) > 0\n}", "this value takes parts of others that often"},
		"a mock of what is not there":   {"package p\ndeny contains \"a\" if count([1]) with count as http.send", "function http.send is not allowed"},
		"too long":                      {"package p\ndeny contains \"a\"\n" + strings.Repeat("#", rego.MaxText), "the module has 65564 bytes, and more than 65536 are not read"},
		"too many rules":                {"package p\n" + strings.Repeat("deny contains \"a\"\n", rego.MaxRules+1), "502:1: the module has 501 rules, and more than 500 are not read"},
		"too deep":                      {"package p\ndeny contains \"a\" if x := " + strings.Repeat("[", 200), "brackets are nested more than 100 deep"},
		"not UTF-8":                     {"package p\ndeny contains \"a\xff\"", "2:15"},
		"two complete rules, recursed":  {"package p\ndeny contains \"a\" if x\nx if y\ny if x", "3:1: rule data.p.x is recursive"},
	} {
		t.Run(what, func(t *testing.T) {
			m, problems := rego.Compile(rego.Source{Name: "test", Text: c.text})
			if m != nil || len(problems) == 0 {
				t.Fatal("it compiles")
			}
			for _, p := range problems {
				if strings.Contains(p.String(), c.want) {
					return
				}
			}
			t.Errorf("got %v, want %s", problems, c.want)
		})
	}
}

// Helpers may take what they get twice, and help each other.
func TestFunctionsThatTakeTheirArgumentTwice(t *testing.T) {
	compile(t, `package p
import data.tiphys.lib
said(x) := sprintf("%s %s", [x, x])
told(x) := {"msg": said(x), "details": {"of": x, "once": [x, x]}}
both(x, y) := {"first": told(x), "second": told(y), "all": array.concat([x], [y])}
default limit := 5
limit := input.parameters.limit
named := {c.name: c | some c in lib.containers}
listed := [both(c, named) | some c in named]
deny contains told(both(listed, limit)) if {
	x := told(told(told(input.kind)))
	x.msg != said(said(said(said(said(said(said(said(said(said(said(said(said(said(said(said(said(said(said(said("a"))))))))))))))))))))
}`)
}

// A module may pick out, and put together anew, as often as it likes.
func TestStepsThatKeepASize(t *testing.T) {
	compile(t, `package p
again(c) := {"a": c.a, "b": c.b, "c": c.c, "d": c.d, "e": c.e, "f": c.f, "g": c.g, "h": h} if h := c.h
deny contains "x" if {
	x0 := [c | some c in input.spec.templates]
`+chain("x%[2]d := [y | some y in x%[1]d; y != 1]")+`
	some a0 in x40
`+chain("a%[2]d := again(a%[1]d)")+`
	count(a40) > 0
}`)
}

// chain writes 40 lines, each of which makes its value of the one before.
func chain(line string) string {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, line+"\n", i, i+1)
	}
	return b.String()
}

func TestImportOfRegoV1(t *testing.T) {
	compile(t, "package any.name.at.all\nimport rego.v1\nimport future.keywords.if\ndeny contains \"a\" if true")
}

// Each function of OPA is on the list of what is allowed, or is refused with a
// reason, called outright or put in the place of another.
func TestFunctions(t *testing.T) {
	outside := []string{
		"http.send", "strings.render_template", "opa.runtime", "net.lookup_ip_addr", "net.cidr_expand", "rego.parse_module", "time.now_ns",
		"rand.intn", "uuid.rfc4122", "trace", "io.jwt.encode_sign", "io.jwt.decode_verify", "providers.aws.sign_req",
		"json.match_schema", "json.verify_schema", "crypto.x509.parse_and_verify_certificates", "graphql.parse",
		"graph.reachable_paths", "regex.globs_match",
	}
	for _, name := range outside {
		t.Run(name, func(t *testing.T) {
			b := ast.BuiltinMap[name]
			if b == nil {
				t.Fatalf("OPA has no %s any more", name)
			}
			args := strings.TrimSuffix(strings.Repeat("{}, ", b.Decl.Arity()), ", ")
			for _, body := range []string{name + "(" + args + ")", "count([]) with count as " + name} {
				m, problems := rego.Compile(rego.Source{Name: "test", Text: "package p\ndeny contains \"a\" if " + body})
				if m != nil {
					t.Fatalf("%s compiles", body)
				}
				found := false
				for _, p := range problems {
					found = found || p.Line == 2 && strings.HasPrefix(p.Message, "function "+name+" is not allowed in a policy: ")
				}
				if !found {
					t.Errorf("%s: %v", body, problems)
				}
			}
		})
	}
}
