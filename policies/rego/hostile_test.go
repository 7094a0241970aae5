package rego_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/policies/rego"
)

// A loop of 10^10 steps.
const endless = `
deny contains "x" if {
	some a in numbers.range(1, 10000)
	some b in numbers.range(1, 10000)
	some c in numbers.range(1, 100)
	a + b + c < 0
}`

func TestEndlessLoopEndsAtDeadline(t *testing.T) {
	m := compile(t, "package p\n"+endless)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	got, err := m.Eval(ctx, &rego.Input{Object: object(t, small)})
	if !errors.Is(err, context.DeadlineExceeded) || got != nil || !strings.Contains(err.Error(), "longer than there is time for") {
		t.Errorf("got %v, %v", got, err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestCancellation(t *testing.T) {
	m := compile(t, "package p\n"+endless)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := m.Eval(ctx, &rego.Input{Object: object(t, small)}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := m.Eval(ctx, &rego.Input{Object: object(t, small)}); !errors.Is(err, context.Canceled) {
		t.Errorf("called off before it began: %v", err)
	}
}

// What goes wrong is never "nothing found".
func TestFailures(t *testing.T) {
	for what, c := range map[string]struct{ text, want string }{
		"a number that is none":      {`deny contains "x" if to_number("4x") > 3`, "2:22: to_number: "},
		"division by zero":           {`deny contains "x" if 1 / count(input.none) > 0` + "\ndeny contains \"x\" if 1 / (count(input.spec.templates) - 2) > 0", "3:22: div: divide by zero"},
		"a conflict":                 {"x := 1 if input.kind\nx := 2 if input.spec\ndeny contains \"x\" if x == 3", "3:1: rule data.p.x produced conflicting values"},
		"a conflict of an object":    {"deny[\"a\"] := \"x\" if input.kind\ndeny[\"a\"] := \"y\" if input.spec", "rule data.p.deny.a produced conflicting values"},
		"a quantity that is none":    {`deny contains "x" if tiphys.quantity("1GB") > 3`, `2:22: tiphys.quantity: "1GB" is no quantity: "GB" is no unit; write G or Gi`},
		"a value that is not known":  {`deny contains "x" if tiphys.duration("{{x}}") > 3`, `"{{x}}" is known only when the workflow runs: ask lib.dynamic first`},
		"a wrong type":               {`deny contains "x" if startswith(input.spec, "a")`, "startswith: operand 1 must be string but got object"},
		"a regular expression":       {`deny contains "x" if regex.match(concat("", ["(", input.kind]), "x")`, "regex.match: "},
		"a message that is a number": {`deny contains 1`, "deny has a number: write a string, or an object with msg"},
		"an object without message":  {`violation contains {"message": "x"}`, "violation has an object without msg"},
		"an empty message":           {`deny contains " "`, "deny has an empty message"},
		"a message that is no text":  {`deny contains {"msg": 1}`, "deny has an object without msg"},
		"endless details":            {`deny contains {"msg": "x", "details": numbers.range(1, 50000)}`, "deny has details of more than 65536 bytes"},
		"a range without end":        {`deny contains "x" if count(numbers.range(1, 10000000000)) > 0`, "2:28: numbers.range: more than 100000 numbers"},
		"a wide column":              {`deny contains sprintf("%1000000000d", [1])`, "sprintf: a width of more than 3 digits"},
		"a text that doubles":        {"deny contains x40 if {\n\tx0 := \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n" + doubling("concat(\"\", [%[1]s, %[1]s])") + "}", "concat: a text of more than 1048576 bytes"},
		"a long list":                {`deny contains "x" if count(array.concat(numbers.range(1, 60000), numbers.range(1, 60000))) > 0`, "array.concat: an array of more than 100000 elements"},
		"a patch that doubles":       {"deny contains \"x\" if {\n\tx0 := {\"a\": [1]}\n" + doubling(`json.patch(%[1]s, [{"op": "copy", "from": "/a", "path": "/a/0"}])`) + "\tcount(x40) > 0\n}", "json.patch: a value of more than 16777216 bytes"},
		"a wide shift":               {`deny contains "x" if bits.lsh(1, 1000000000) > 0`, "bits.lsh: a shift of more than 4096 bits"},
		"a template string":          {"deny contains x40 if {\n\tx0 := \"aaaaaaaaaa\"\n" + doubling(`$"{%[1]s}{%[1]s}"`) + "}", "a template string: a text of more than"},
		"one behind an import":       {"import data.tiphys.lib as internal\ndeny contains x40 if {\n\tnot internal.dynamic(\"a\")\n\tx0 := \"aaaaaaaaaa\"\n" + doubling(`$"{%[1]s}{%[1]s}"`) + "}", "a template string: a text of more than"},
		"what replaces many grows":   {`deny contains "x" if {` + long + `count(strings.replace_n({"a": s}, s)) > 0 }`, "strings.replace_n: a text of more than"},
		"a slow expression":          {`deny contains "x" if {` + long + `regex.match(concat("", ["^(", s, ")?b$"]), s) }`, "regex.match: an expression of 400"},
		"one that repeats":           {`deny contains "x" if {` + long + `count(regex.find_n("([a-z]?){1000}B", s, -1)) > 0 }`, "regex.find_n: an expression of "},
		"many long texts":            {`deny contains "x" if {` + long + `strings.any_suffix_match([sprintf("%d%s", [i, s]) | some i in numbers.range(1, 99)], ["b", "c"]) }`, "strings.any_suffix_match: 101 texts of 3960"},
		"many long prefixes":         {`deny contains "x" if {` + long + `strings.any_prefix_match({"b", "c"}, {concat("", [s, format_int(i, 10)]) | some i in numbers.range(1, 99)}) }`, "strings.any_prefix_match: 101 texts of 3960"},
		"many letters to trim":       {`deny contains "x" if {` + long + `trim_left(s, concat("", ["é", s])) == "b" }`, "trim_left: 400002 letters of a text of 400000 bytes"},
		"a long text in another":     {`deny contains "x" if {` + long + `count(indexof_n(s, substring(s, 0, 100000))) > 0 }`, "indexof_n: a text of 100000 bytes in one of 400000"},
		"lists of one list":          {"l := numbers.range(1, 90000)\ndeny contains \"x\" if count(array.flatten([l | some _ in numbers.range(1, 100)])) > 0", "array.flatten: a value of more than 16777216 bytes"},
		"a number that doubles":      {"deny contains \"x\" if {\n\tx0 := 99999999999\n" + doubling("%[1]s * %[1]s") + "\tx40 > 0\n}", "mul: a number of more than 65536 digits"},
		"a product":                  {`deny contains "x" if product(numbers.range(1, 99999)) > 0`, "product: a number of more than 65536 digits"},
		"what replaces grows":        {"deny contains x40 if {\n\tx0 := \"aaaaaaaaaa\"\n" + doubling(`replace(%[1]s, "a", "aa")`) + "}", "replace: a text of more than"},
	} {
		t.Run(what, func(t *testing.T) {
			got, err := compile(t, "package p\n"+c.text).Eval(context.Background(), &rego.Input{Object: object(t, small)})
			if err == nil || !strings.Contains(err.Error(), c.want) || got != nil {
				t.Errorf("got %v, error %v, want %s", len(got), err, c.want)
			}
		})
	}
}

// long makes s, a text of 400,000 bytes.
const long = `
	s := concat("", [x | some _ in numbers.range(1, 10000); x := "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])
	`

// doubling assigns x1 to x40, each made of the one before.
func doubling(expression string) string {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "\tx%d := "+strings.ReplaceAll(expression, "%[1]s", "%[2]s")+"\n", i+1, fmt.Sprintf("x%d", i))
	}
	return b.String()
}

func TestMuchToSay(t *testing.T) {
	m := compile(t, `package p
deny contains sprintf("%04d", [i]) if some i in numbers.range(1, 5000)
warn contains {"msg": concat("", [x | some _ in numbers.range(1, 5000); x := "é"]), "path": concat("", [x | some _ in numbers.range(1, 5000); x := "a"])}`)
	got, err := m.Eval(context.Background(), &rego.Input{Object: object(t, small)})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != rego.MaxResults || got[0].Message != "0001" || got[99].Message != "and 4902 more of this rule" {
		t.Errorf("%d results, the last is %+v", len(got), got[len(got)-1])
	}
	m = compile(t, `package p
warn contains {"msg": concat("", [x | some _ in numbers.range(1, 5000); x := "é"]), "path": concat("", [x | some _ in numbers.range(1, 5000); x := "a"])}`)
	got, err = m.Eval(context.Background(), &rego.Input{Object: object(t, small)})
	if err != nil || len(got) != 1 || len(got[0].Message) > rego.MaxMessage+3 || got[0].Path != "" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestConcurrentUse(t *testing.T) {
	modules := []*rego.Module{
		compile(t, "package p\nimport data.tiphys.lib\ndeny contains c.path if some c in lib.containers"),
		compile(t, "package p\ndeny contains t.name if some t in input.review.object.spec.templates"),
		compile(t, "package p\ndeny contains t.name if some t in input.spec.templates"),
		compile(t, "package p\ndeny contains t.title if some t in input.tiphys.graphs"),
		compile(t, "package p\ndeny contains json.marshal(input)"),
	}
	in := &rego.Input{Object: object(t, small)}
	var group sync.WaitGroup
	for range 8 {
		for _, m := range modules {
			group.Go(func() {
				for range 20 {
					if got, err := m.Eval(context.Background(), in); err != nil || len(got) == 0 {
						t.Errorf("got %v, %v", got, err)
					}
				}
			})
		}
	}
	group.Wait()
}
