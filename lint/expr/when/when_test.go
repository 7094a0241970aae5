package when_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/expr/when"
)

// said prints a problem as: "text" message [instead], with ? if only suspicious.
func said(s string) []string {
	var out []string
	for _, p := range when.Check(s) {
		line := s[p.From:p.To] + ": " + p.Message
		if p.Instead != "" {
			line += " [" + p.Instead + "]"
		}
		if p.Suspicious {
			line = "? " + line
		}
		out = append(out, line)
	}
	return out
}

func TestGood(t *testing.T) {
	for what, s := range map[string]string{
		"a tag in a tag":                 `"{{inputs.parameters.{{inputs.parameters.p}}}}" == a && {{item}} == b`,
		"a word without quotes":          "{{steps.flip-coin.outputs.result}} == heads",
		"two comparisons":                "{{a}} != 1 && {{a}} != 2",
		"parentheses over lines":         "( {{a}} == heads &&\n  {{b}} == tails\n) ||\n( {{a}} == tails && {{b}} == tails )",
		"a pattern":                      "{{a}} =~ hea",
		"a pattern in quotes":            "{{a}} =~ '^v[0-9]+\\\\.[0-9]+$'",
		"an order":                       "{{a}} < {{b}}",
		"a boolean":                      "{{inputs.parameters.should-print}} == true",
		"a tag alone":                    "{{a}}",
		"a constant":                     "false",
		"an expression":                  "{{= inputs.parameters[\"should-print\"] == 'true'}}",
		"an expression in a condition":   "{{=asInt(inputs.parameters.n) % 2}} == 1",
		"not a tag":                      "!{{a}} && !({{b}} == c)",
		"a list":                         "{{a}} in (x, 'y', \"z\")",
		"both sides in quotes":           "\"{{a}}\" == 'true'",
		"an empty string":                "{{a}} != ''",
		"a negative number":              "{{a}} == -1",
		"a calculation":                  "{{a}} % 2 == 0 && {{b}} + 1 > 3 * 2",
		"a tag with text around it":      "prefix{{a}}_x == prefix1_x",
		"dates in quotes":                "'{{a}}' >= '2021-01-01'",
		"nothing":                        "",
		"a tag that ends somewhere else": "{{a == b",
		"brackets around a word":         "{{a}} == [a-b]",
		"no spaces":                      "{{a}}=={{b}}",
	} {
		t.Run(what, func(t *testing.T) {
			if got := said(s); got != nil {
				t.Errorf("%s: %q", s, got)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	for s, want := range map[string][]string{
		"{{a}} = heads":                {`=: "=" is no operator; write "==" [==]`},
		"{{a}} === b":                  {`===: "===" is no operator; write "==" [==]`},
		"{{a}} ==":                     {`==: a value is missing after "=="`},
		"== {{a}}":                     {`==: a value is missing before "=="`},
		"{{a}} == b && || {{c}}":       {`&& ||: a value is missing between "&&" and "||"`},
		"({{a}} == x":                  {`(: "(" is never closed`},
		"{{a}} == x)":                  {`): ")" closes nothing`},
		"{{a}} == x and {{b}} == y":    {`and: "and" is no operator; write "&&" [&&]`},
		"({{a}} == x OR {{b}} == y)":   {`OR: "OR" is no operator; write "||" [||]`},
		"not {{a}}":                    {`not: "not" is no operator; write "!" [!]`},
		"{{a}} & {{b}}":                {`? &: "&" calculates with bits; write "&&" [&&]`},
		"{{a}} == feature/x":           {`? feature/x: Argo calculates "feature/x", as it has no quotes: write 'feature/x' ['feature/x']`},
		"{{a}} == a-b-c && {{b}} == c": {`? a-b-c: Argo calculates "a-b-c", as it has no quotes: write 'a-b-c' ['a-b-c']`},
		"{{a}} == 2021-01-01":          {`? 2021-01-01: Argo calculates "2021-01-01", as it has no quotes: write '2021-01-01' ['2021-01-01']`},
		"{{a}} == v1.2.3":              {`v1.2.3: "v1.2.3" is a field of a variable to Argo, because of its dot: write 'v1.2.3' in quotes ['v1.2.3']`},
		"{{a}} == 1.2.3":               {`1.2.3: "1.2.3" is neither a number nor a word: write '1.2.3' in quotes ['1.2.3']`},
		"{{a}} == hello world":         {`world: an operator is missing before "world"; write a string that holds a space in quotes`},
		"{{a}} == s3://b":              {`://: unexpected "://"; write a string that holds it in quotes`},
		"{{a}} == 'abc":                {`': the string that begins here is never closed`},
		"{{a}} ==-1":                   {`==-: Argo takes "==-" as one operator: put a space before the "-"`},
		"heads":                        {`heads: the condition is a string, neither true nor false: compare it with something`},
		"!heads":                       {`!heads: "!" cannot stand before a string: compare it with something`},
		"{{a}} == 'true'":              {`? {{a}} == 'true': {{...}} without quotes never equals 'true' in quotes: Argo reads its value true as a boolean; quote both sides or neither`},
		"\"5\" != {{a}}":               {`? "5" != {{a}}: {{...}} without quotes never equals "5" in quotes: Argo reads its value 5 as a number; quote both sides or neither`},
		"'{{a}}' == true":              {`? '{{a}}' == true: a string in quotes never equals true without quotes: quote both sides or neither`},
		"{{a}} && Yes":                 {`? Yes: "&&" needs true or false on both sides, not a string: compare it with something`},
		"{{a}} =~ '['":                 {"? '[': '[' is no regular expression: missing closing ]: `[`"},
		"{{a}} in (x)":                 {`? (x): "in" needs a list of at least two values, as in ('a', 'b')`},
		"3 > x":                        {`? 3 > x: ">" cannot order a number and a string`},
		"ä && {{a}} == ö-1":            {`? ä: "&&" needs true or false on both sides, not a string: compare it with something`, `? ö-1: Argo calculates "ö-1", as it has no quotes: write 'ö-1' ['ö-1']`},
	} {
		t.Run(s, func(t *testing.T) {
			if diff := cmp.Diff(want, said(s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBounded(t *testing.T) {
	for what, s := range map[string]string{
		"parentheses": strings.Repeat("(", 20000),
		"nots":        strings.Repeat("! ", 10000),
		"a megabyte":  strings.Repeat("a == b && ", 100000),
	} {
		t.Run(what, func(t *testing.T) {
			if len(when.Check(s)) != 1 {
				t.Error("not refused once")
			}
		})
	}
}

func FuzzWhen(f *testing.F) {
	for _, s := range []string{"{{a}} == heads", "a =~ '['", "((a", "'\\", "[\\", "{{=a}}", "a in (b, c)", "1.2.3", "a ? b : c", "!-~a", "ä==\u00a0b", "\"\" == ''", "a-b-{{c}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range when.Check(s) {
			if p.From < 0 || p.To < p.From || p.To > len(s) || p.Message == "" {
				t.Fatalf("Check(%q) = %+v", s, p)
			}
		}
	})
}
