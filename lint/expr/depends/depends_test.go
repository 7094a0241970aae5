package depends_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/expr/depends"
)

func TestOperands(t *testing.T) {
	for s, want := range map[string][]string{
		"A":                              {"A"},
		"A && (C.Succeeded || C.Failed)": {"A", "C.Succeeded", "C.Failed"},
		"should-execute-2.Succeeded\n  || !should-not-execute\n": {"should-execute-2.Succeeded", "should-not-execute"},
		"1a&&2-b.Skipped||!(c)":                                  {"1a", "2-b.Skipped", "c"},
		"a_b":                                                    {"a_b"},
		"true":                                                   {"true"},
		"{{x}} && a-{{y}}.Failed":                                {"{{x}} (tag)", "a-{{y}}.Failed (tag)"},
		"":                                                       nil,
		"  \n":                                                   nil,
	} {
		t.Run(s, func(t *testing.T) {
			e, problems := depends.Parse(s)
			if len(problems) > 0 || !e.Valid() {
				t.Errorf("problems: %+v", problems)
			}
			if diff := cmp.Diff(want, operands(t, s, e)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func operands(t *testing.T, s string, e *depends.Expr) []string {
	t.Helper()
	var out []string
	for _, o := range e.Operands {
		word := s[o.From:o.TaskTo]
		if word != o.Task || s[o.StatusFrom:o.To] != o.Status {
			t.Errorf("offsets of %+v", o)
		}
		if word = s[o.From:o.To]; o.Opaque {
			word += " (tag)"
		}
		out = append(out, word)
	}
	return out
}

func TestProblems(t *testing.T) {
	for s, want := range map[string][]string{
		"a &&":                {`&&: "&&" has no task to its right`},
		"a && (":              {`(: "(" is never closed`},
		"&& a":                {`&&: "&&" has no task to its left`},
		"a && || b":           {`||: "||" follows "&&": a task is missing between them`},
		"a b":                 {`b: an operator is missing between "a" and "b": write "&&" or "||"`},
		"(a) (b)":             {`(: an operator is missing between ")" and "(": write "&&" or "||"`},
		"a & b":               {`&: "&" is no operator of depends; write "&&" [&&]`},
		"a | b":               {`|: "|" is no operator of depends; write "||" [||]`},
		"a, b":                {`,: "," is no operator of depends; write "&&" [&&]`},
		"a and b":             {`and: Argo takes "and" as the name of a task; write "&&" [&&]`},
		"a OR b":              {`OR: Argo takes "OR" as the name of a task; write "||" [||]`},
		"not a":               {`not: Argo takes "not" as the name of a task; write "!" [!]`},
		"a)":                  {`): ")" closes nothing`},
		"()":                  {`(): the parentheses hold nothing`},
		"a.Success":           {`Success: "Success" is no status of a task; did you mean "Succeeded"? [Succeeded] (status)`},
		"a.succeeded":         {`succeeded: "succeeded" is no status of a task; did you mean "Succeeded"? [Succeeded] (status)`},
		"a.Done":              {`Done: "Done" is no status of a task: one of Succeeded, Failed, Errored, Skipped, Omitted, Daemoned, AnySucceeded, AllFailed (status)`},
		"a.":                  {`a.: a status is missing after "a.": one of Succeeded, Failed, Errored, Skipped, Omitted, Daemoned, AnySucceeded, AllFailed`},
		"a.Failed == true":    {`==: depends cannot compare with "==": write task.Status, with "&&", "||", "!" and parentheses`},
		"a.b.Failed && c.d.":  {`a.b.Failed: "a.b.Failed" has more than one dot: write the task, or task.Status`, `c.d.: "c.d." has more than one dot: write the task, or task.Status`},
		"-a":                  {`-: unexpected "-"`},
		"!":                   {`!: "!" has no task to its right`},
		"a && (b || ) && c.X": {`||: "||" has no task to its right`, `X: "X" is no status of a task: one of Succeeded, Failed, Errored, Skipped, Omitted, Daemoned, AnySucceeded, AllFailed (status)`},
	} {
		t.Run(s, func(t *testing.T) {
			_, problems := depends.Parse(s)
			var got []string
			for _, p := range problems {
				line := s[p.From:p.To] + ": " + p.Message
				if p.Instead != "" {
					line += " [" + p.Instead + "]"
				}
				if p.Kind == depends.UnknownStatus {
					line += " (status)"
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEval(t *testing.T) {
	is := func(task, status string) bool {
		return task == "good" && status == depends.Succeeded || task == "bad" && status == depends.Failed || task == "left" && status == depends.Skipped
	}
	for s, want := range map[string]bool{
		"":                          true,
		"good":                      true,
		"left":                      true,
		"bad":                       false,
		"bad.Failed":                true,
		"!bad":                      true,
		"!!bad":                     false,
		"good || bad && bad":        true,
		"(good || bad) && bad":      false,
		"bad || good && !bad":       true,
		"!(good && bad) && good":    true,
		"!good || good && left":     true,
		"good && bad.Failed || bad": true,
		"good &&":                   false,
	} {
		t.Run(s, func(t *testing.T) {
			e, _ := depends.Parse(s)
			if got := e.Eval(is); got != want {
				t.Errorf("Eval(%q) = %v", s, got)
			}
		})
	}
}

func TestTasks(t *testing.T) {
	e, _ := depends.Parse("b && a.Failed || b.Skipped && {{c}} &&")
	if diff := cmp.Diff([]string{"b", "a"}, e.Tasks()); diff != "" {
		t.Error(diff)
	}
}

func TestBounded(t *testing.T) {
	for what, s := range map[string]string{
		"parentheses": strings.Repeat("(", 60000) + "a" + strings.Repeat(")", 5000),
		"nots":        strings.Repeat("!", 65000) + "a",
		"tasks":       strings.Repeat("a && ", 13000) + "a",
		"too long":    strings.Repeat("a", 1<<20),
	} {
		t.Run(what, func(t *testing.T) {
			e, problems := depends.Parse(s)
			e.Eval(func(string, string) bool { return true })
			if n := len(fmt.Sprint(problems)); n > 10000 {
				t.Errorf("the problems are %d bytes", n)
			}
		})
	}
}

func FuzzDepends(f *testing.F) {
	for _, s := range []string{"a && b", "(a||!b.Failed)", "a and b", "{{x", "{{x}}.y", "a.b.c", "!!", "a,,b", "((", "ä", "a - b", "not not a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, problems := depends.Parse(s)
		broken := false
		for _, p := range problems {
			broken = broken || p.Kind == depends.Syntax
			if p.From < 0 || p.To < p.From || p.To > len(s) || p.Message == "" {
				t.Fatalf("Parse(%q): %+v", s, p)
			}
		}
		operands(t, s, e)
		if broken == e.Valid() && len(e.Operands) > 0 {
			t.Fatalf("Parse(%q): valid %v with %+v", s, e.Valid(), problems)
		}
		e.Eval(func(string, string) bool { return false })
		e.Tasks()
	})
}
