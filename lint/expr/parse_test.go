package expr_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/expr"
)

// refs prints references as name @text, with ~ if dynamic and ? if guarded.
func refs(t *testing.T, s string, e *expr.Expr) []string {
	t.Helper()
	var out []string
	for _, r := range e.Refs {
		line := r.Name()
		if text := s[r.From:r.To]; text != line {
			line += " @ " + text
		}
		if r.Dynamic {
			line += " ~"
		}
		if r.Guarded {
			line += " ?"
		}
		out = append(out, line)
	}
	return out
}

func problems(s string, e *expr.Expr) []string {
	var out []string
	for _, p := range e.Problems {
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

func TestRefs(t *testing.T) {
	for what, c := range map[string]struct {
		s    string
		want []string
	}{
		"fields":                        {"tasks.a.outputs.result", []string{"tasks.a.outputs.result"}},
		"an index":                      {"inputs.parameters['my-param'] == 'x'", []string{"inputs.parameters.my-param @ inputs.parameters['my-param']"}},
		"fields after an index":         {`steps["a-b"].outputs.parameters["c"]`, []string{`steps.a-b.outputs.parameters.c @ steps["a-b"].outputs.parameters["c"]`}},
		"two variables":                 {"steps.a.status == steps.b.status", []string{"steps.a.status", "steps.b.status"}},
		"an index that is computed":     {"steps[item].status", []string{"steps ~", "item"}},
		"a number":                      {"jsonpath(x, '$')[0]", nil},
		"a number in a variable":        {"item[0]", []string{"item.[0] @ item[0]"}},
		"a default":                     {"tasks.p.outputs.parameters.msg ?? 'x'", []string{"tasks.p.outputs.parameters.msg ?"}},
		"a default of sprig":            {"sprig.default('x', inputs.parameters.q)", []string{"inputs.parameters.q ?"}},
		"an optional field":             {"steps.a?.outputs.result", []string{"steps.a.outputs.result @ steps.a?.outputs.result ?"}},
		"a comparison with nil":         {"nil != steps.a.outputs.result", []string{"steps.a.outputs.result ?"}},
		"let is no variable":            {"let x = inputs.parameters.a; x + x.y", []string{"inputs.parameters.a"}},
		"let hides a variable":          {"let item = 'a'; item", nil},
		"a closure":                     {"filter(item, {# > 1 and .x == workflow.name})", []string{"item", "workflow.name"}},
		"a pipe":                        {"inputs.parameters.a | upper() | trim()", []string{"inputs.parameters.a"}},
		"a method":                      {"(now() - workflow.x).Seconds() > 1", []string{"workflow.x"}},
		"a method of a variable":        {"cronworkflow.lastScheduledTime.Unix()", []string{"cronworkflow.lastScheduledTime"}},
		"arguments":                     {"sprig.trim(inputs.parameters.a) + asInt(item)", []string{"inputs.parameters.a", "item"}},
		"a condition":                   {"item == 'a' ? tasks.a.id : tasks.b.id", []string{"item", "tasks.a.id", "tasks.b.id"}},
		"a map and a list":              {"{a: item, (pod.name): [node.name]}", []string{"item", "pod.name", "node.name"}},
		"a slice":                       {"item[1:retries]", []string{"item", "retries"}},
		"if and else":                   {"if item == 'a' {tasks.a.id} else {tasks.b.id}", []string{"item", "tasks.a.id", "tasks.b.id"}},
		"letters of more than one byte": {"'äöü' + inputs.parameters['ß'] + item", []string{"inputs.parameters.ß @ inputs.parameters['ß']", "item"}},
		"a comment":                     {"// steps.a-b\nitem /* x-y */", []string{"item"}},
		"a name with a dash":            {"steps.a-b.outputs.parameters.c-d + item", []string{"steps.a-b.outputs.parameters.c-d", "item"}},
		"tags of a field":               {"{{x}} == 1 && item in {{list}}", []string{"item"}},
		"a tag in a name":               {"steps['{{x}}'].status", []string{"steps ~"}},
		"a tag in a word":               {"steps.{{x}}.status == a{{y}}", []string{"steps ~"}},
		"the whole environment":         {"$env.workflow", nil},
	} {
		t.Run(what, func(t *testing.T) {
			if diff := cmp.Diff(c.want, refs(t, c.s, expr.Parse(c.s, expr.Template))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	for s, want := range map[string][]string{
		"":                     {": the expression is empty"},
		"(1 + 2":               {`(: "(" is never closed`},
		"1 +":                  {"+: the expression ends where a value is missing"},
		"item = 'b'":           {`=: unexpected "="; write "==" [==]`},
		"item & item":          {`&: unexpected "&"; write "&&" [&&]`},
		"item == 'abc":         {"': the string that begins here is never closed"},
		"1 2":                  {`2: unexpected "2": an operator is missing before it`},
		"item)":                {`): unexpected ")": there is nothing for it to close, or a value is missing before it`},
		"'ä' + 'ö' = 'ü'":      {`=: unexpected "="; write "==" [==]`},
		"item | sprig.upper()": {`.: a pipe takes only functions that are built in: write sprig.NAME(...) around the value`},

		"input.parameters.x":          {`input: "input" is no variable; did you mean "inputs"? [inputs]`},
		"item == foo":                 {`foo: "foo" is no variable; write 'foo' in quotes if it is meant as a string`},
		"foo + bar.baz":               {`foo: "foo" is no variable; write 'foo' in quotes if it is meant as a string`, `bar: "bar" is no variable`},
		"len":                         {`len: "len" is a function, not a variable: call it, len(...)`},
		"payload.x":                   {`? payload: "payload" has no value in a template, only in a WorkflowEventBinding`},
		"tojson(item)":                {`tojson: "tojson" is no function; did you mean "toJson"? [toJson]`},
		"b64dec(item)":                {`b64dec: "b64dec" is no function; write sprig.b64dec [sprig.b64dec]`},
		"sprig.uper(item)":            {`uper: sprig has no function "uper"; did you mean "upper"? [upper]`},
		"sprig.filter(item)":          {`filter: sprig has no function "filter"; write filter, which is built in`},
		"sprig.upper":                 {`sprig.upper: "sprig.upper" is a function: call it, sprig.upper(...)`},
		"sprig.env('HOME')":           {`env: "sprig.env" is not there: Argo hides the environment of its controller`},
		"asInt()":                     {"asInt: asInt takes 1 argument, not 0"},
		"sprig.trunc(1)":              {"trunc: sprig.trunc takes 2 arguments, not 1"},
		"sprig.biggest()":             {"biggest: sprig.biggest takes at least 1 argument, not 0"},
		"upper('a', 'b')":             {"upper: too many arguments to call upper"},
		"filter([1])":                 {"): too few arguments: expected at least 2 arguments"},
		"workflow.status matches '['": {"matches: error parsing regexp: missing closing ]: `[`"},

		"lastRetry.exitCode > 1":             {`? >: ">" cannot be used with a string and a number: write asInt(...) around the string`},
		"inputs.parameters.n == 1":           {`? ==: "==" compares a string with a number, which are never equal: write asInt(...) around the string, or quote the number`},
		"inputs.parameters.b == true":        {`? ==: "==" compares a string with a boolean, which are never equal: write 'true' or 'false' in quotes`},
		"!inputs.parameters.b":               {`? !: "!" needs true or false; compare a string, as in x == 'true'`},
		"inputs.parameters.b ? 1 : 2":        {`? b: the condition must be true or false; compare a string, as in x == 'true'`},
		"workflow.name * workflow.name":      {`? *: "*" cannot be used with strings: write asInt(...) or asFloat(...) around them`},
		"map(inputs.parameters.l, #)":        {"? l: builtin map takes only array (got string)"},
		"inputs.parameters.my-param":         {`.my-param: "inputs.parameters.my-param" subtracts "param" from "inputs.parameters.my"; write inputs.parameters['my-param'] [['my-param']]`},
		"inputs.parameters.n-1":              {`.n-1: "inputs.parameters.n-1" subtracts "1" from "inputs.parameters.n"; write inputs.parameters['n-1'], or asInt(inputs.parameters.n) - 1 [['n-1']]`},
		"steps.step-1.status == 'Succeeded'": {`.step-1: "steps.step-1" subtracts "1" from "steps.step"; write steps['step-1'] [['step-1']]`},
		"steps.a-b.outputs.parameters.c-d == ''": {
			`.a-b: "steps.a-b" subtracts "b" from "steps.a"; write steps['a-b'] [['a-b']]`,
			`.c-d: "steps.a-b.outputs.parameters.c-d" subtracts "d" from "steps['a-b'].outputs.parameters.c"; write steps['a-b'].outputs.parameters['c-d'] [['c-d']]`,
		},
		"{{a}} = 1": {`? =: unexpected "="; write "==" [==]`},
	} {
		t.Run(s, func(t *testing.T) {
			if diff := cmp.Diff(want, problems(s, expr.Parse(s, expr.Template))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGood(t *testing.T) {
	for s, env := range map[string]expr.Env{
		`workflow.status == "Running"`:        expr.Hook,
		`steps["step-1"].status == "Running"`: expr.Hook,
		"asInt(lastRetry.exitCode) > 1 && ({{inputs.parameters.x}} == true || lastRetry.message matches 'a|b')": expr.Retry,
		"lastRetry.status != 'Error' && asInt(lastRetry.duration) < 120":                                        expr.Retry,
		"cronworkflow.lastScheduledTime == nil || (now() - cronworkflow.lastScheduledTime).Seconds() > 360":     expr.Cron,
		"cronworkflow.failed >= 3":                      expr.Cron,
		"response.statusCode == 201":                    expr.HTTP,
		`response.headers["Server"][0] == "cloudflare"`: expr.HTTP,
		`filter(data, {# endsWith "main.log"})`:         expr.Data,
		"workflow.parameters.foo":                       expr.LabelsFrom,
		`payload.message != "" && metadata["x-github-event"] == ["push"] && discriminator == "d"`: expr.EventBinding,
		"toJson(filter([1, 3], {# > 1}))": expr.Template,
		"asInt(inputs.parameters.n) == 1? 1: asInt(inputs.parameters.n) == 2? 1: steps['f'].outputs.parameters.result": expr.Template,
		"let n = asInt(item); n > 3 ? 'a' : 'b'":                          expr.Template,
		"jsonpath(workflow.parameters.json, '$[0].value') == 'true'":      expr.Template,
		"sprig.date('2006', workflow.creationTimestamp)":                  expr.Template,
		"fromJSON(steps.a.outputs.parameters)[0]":                         expr.Template,
		"get(inputs.parameters, 'x') ?? keys(workflow.parameters)[0]":     expr.Template,
		"inputs.parameters.a in ['x', 'y'] and not (item startsWith 'b')": expr.Template,
		"{{n}} > 3 && '{{s}}' contains 'x'":                               expr.Hook,
		"asInt(inputs.parameters.a)-asInt(item)":                          expr.Template,
	} {
		t.Run(s, func(t *testing.T) {
			if got := problems(s, expr.Parse(s, env)); got != nil {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	got := problems("lastRetry.exitCode", expr.Parse("lastRetry.exitCode", expr.Retry))
	if diff := cmp.Diff([]string{"lastRetry.exitCode: the expression gives a string, but must be true or false"}, got); diff != "" {
		t.Error(diff)
	}
	s := "inputs.parameters.x == 'a'"
	if diff := cmp.Diff([]string{`? inputs: "inputs" has no value in retryStrategy.expression, only in a template`}, problems(s, expr.Parse(s, expr.Retry))); diff != "" {
		t.Error(diff)
	}
}

func TestTagOffsets(t *testing.T) {
	s := "ä {{= inputs.parameters.x + foo }} {{=toJson({a: {b: 1}})}} {{=asInt({{x}})}}"
	var got []string
	for tag := range expr.Tags(s) {
		e := tag.Parse(s, expr.Template)
		got = append(append(got, refs(t, s, e)...), problems(s, e)...)
	}
	want := []string{
		"inputs.parameters.x",
		`foo: "foo" is no variable; write 'foo' in quotes if it is meant as a string`,
		`{: "{" is not closed: the expression ends at the first "}}", put a space between the braces of a nested map`,
		"{{x: an expression can hold no tag: write x without braces",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBounded(t *testing.T) {
	for what, s := range map[string]string{
		"parentheses":  strings.Repeat("(", 30000),
		"signs":        strings.Repeat("-", 30000) + "1",
		"nots":         strings.Repeat("not ", 8000) + "true",
		"conditions":   strings.Repeat("a?b:", 8000) + "c",
		"fields":       "item" + strings.Repeat(".a", 9000),
		"sums":         strings.Repeat("1+", 4000) + "1",
		"lets":         strings.Repeat("let a=1;", 4000) + "a",
		"powers":       strings.Repeat("1**", 10000) + "1",
		"dashes":       strings.Repeat("steps.a-b ", 3000),
		"long":         strings.Repeat("a", 1<<20),
		"quotes":       strings.Repeat("'a", 15000),
		"nested index": strings.Repeat("item[", 150) + "0" + strings.Repeat("]", 150),
	} {
		t.Run(what, func(t *testing.T) { expr.Parse(s, expr.Template) })
	}
}

func TestConcurrent(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				expr.Parse("asInt(lastRetry.exitCode) > 1 && sprig.upper(lastRetry.status) == 'A'", expr.Retry)
			}
		})
	}
	wg.Wait()
}

func FuzzExpr(f *testing.F) {
	for _, s := range []string{"inputs.parameters['a-b']", "steps.step-1.status", "{{x}} + 'y'", "let a = 1; a", "filter(item, # > 1)", "ä + 'ö", "a?.b?.[c]", "if a {b} else {c}", "b'\\x'", "sprig.upper(item) | trim()", "item[1:]", "1e", "`a``b`", "#", "$env['a']", "a ?? b", "not in", "/* x", "'\\u{}'"} {
		f.Add(s, byte(0))
	}
	f.Fuzz(func(t *testing.T, s string, env byte) {
		e := expr.Parse(s, expr.Env(env%8))
		for _, p := range e.Problems {
			if p.From < 0 || p.To < p.From || p.To > len(s) || p.Message == "" {
				t.Fatalf("Parse(%q): %+v", s, p)
			}
		}
		for _, r := range e.Refs {
			if r.From < 0 || r.To < r.From || r.To > len(s) || len(r.Segments) == 0 {
				t.Fatalf("Parse(%q): %+v", s, r)
			}
			for _, seg := range r.Segments {
				if seg.From < r.From || seg.To < seg.From || seg.To > r.To {
					t.Fatalf("Parse(%q): %+v of %+v", s, seg, r)
				}
			}
		}
	})
}
