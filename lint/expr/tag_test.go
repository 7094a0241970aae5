package expr_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/expr"
)

func TestTags(t *testing.T) {
	for what, c := range map[string]struct {
		s    string
		want []string // the text of each tag, "=" before an expression, "?" after an unclosed one
	}{
		"none":                              {"plain } text {", nil},
		"one":                               {"a {{inputs.parameters.x}} b", []string{"inputs.parameters.x"}},
		"spaces around the name":            {"{{ item \n}}", []string{"item"}},
		"two that touch":                    {"{{a}}{{b}}", []string{"a", "b"}},
		"an expression":                     {"{{= asInt(x) }}", []string{"=asInt(x)"}},
		"a space before the sign":           {"{{ =x}}", []string{"=x"}},
		"a nested map ends the tag early":   {`{{={"a": {"b": 1}}}}`, []string{`={"a": {"b": 1`}},
		"a tag in a tag belongs to the tag": {"{{inputs.parameters.{{item}}}}", []string{"inputs.parameters.{{item"}},
		"three braces":                      {"{{{x}}}", []string{"{x"}},
		"an empty tag":                      {"{{}}", []string{""}},
		"an unclosed tag":                   {"{{a}} and {{b", []string{"a", "b?"}},
		"an unclosed expression":            {"{{=b }", []string{"=b }?"}},
		"two braces at the end":             {"x{{", []string{"?"}},
		"letters of more than one byte":     {"ä{{ ö }}ü", []string{"ö"}},
	} {
		t.Run(what, func(t *testing.T) {
			var got []string
			for tag := range expr.Tags(c.s) {
				text := tag.Text(c.s)
				if tag.Expression {
					text = "=" + text
				}
				if tag.Unclosed {
					text += "?"
				}
				if !strings.HasPrefix(c.s[tag.Start:tag.End], "{{") || !tag.Unclosed && !strings.HasSuffix(c.s[:tag.End], "}}") {
					t.Errorf("the tag is %q", c.s[tag.Start:tag.End])
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSpaceBeforeTheSignIsNoExpression(t *testing.T) {
	for tag := range expr.Tags("{{ =x}}") {
		if tag.Expression {
			t.Error("taken for an expression")
		}
	}
}

func TestNested(t *testing.T) {
	s := "{{inputs.parameters.{{ item }}}}"
	for tag := range expr.Tags(s) {
		inner, ok := tag.Nested(s)
		if !ok || inner.Ref(s).Name() != "item" || s[inner.Start:inner.End] != "{{ item }}" {
			t.Errorf("Nested = %+v, %v", inner, ok)
		}
		if !tag.Ref(s).Dynamic {
			t.Error("the outer tag is not dynamic")
		}
	}
}

func TestRef(t *testing.T) {
	s := "x {{ workflow.labels.a.b/c }} {{item.[0]}} {{.}}"
	var names []string
	for tag := range expr.Tags(s) {
		r := tag.Ref(s)
		names = append(names, r.Name())
		for i, seg := range r.Segments {
			if s[seg.From:seg.To] != seg.Name || r.At(i) != seg.Name {
				t.Errorf("segment %+v", seg)
			}
		}
		if r.Has("workflow", "labels") {
			if from, to := r.Span(2); s[from:to] != "a.b/c" || r.Rest(2) != "a.b/c" {
				t.Errorf("label %q", s[from:to])
			}
		}
	}
	if diff := cmp.Diff([]string{"workflow.labels.a.b/c", "item.[0]", "."}, names); diff != "" {
		t.Error(diff)
	}
}

func FuzzTags(f *testing.F) {
	for _, s := range []string{"{{a}}", "{{=a.b['c']}}", "{{{{}}}}", "{{ ", "}}{{", "{{\u00a0x\u00a0}}", "{{a-{{b}}}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at := 0
		for tag := range expr.Tags(s) {
			if tag.Start < at || tag.From < tag.Start+2 || tag.To < tag.From || tag.End < tag.To || tag.End > len(s) {
				t.Fatalf("%q: %+v after %d", s, tag, at)
			}
			at = tag.End
			r := tag.Ref(s)
			if r.Name() != tag.Text(s) {
				t.Fatalf("%q: name %q of %q", s, r.Name(), tag.Text(s))
			}
			tag.Nested(s)
			for i := range len(r.Segments) + 2 {
				r.Span(i)
				r.Rest(i - 1)
			}
		}
		if strings.Contains(s[at:], "{{") {
			t.Fatalf("%q: a tag after %d is missed", s, at)
		}
	})
}

func BenchmarkTags(b *testing.B) {
	for what, s := range map[string]string{
		"none":  strings.Repeat("import sys; print(sys.argv)\n", 100),
		"three": "echo {{inputs.parameters.a}} {{=inputs.parameters.b}} {{workflow.name}}",
	} {
		b.Run(what, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(s)))
			n := 0
			for b.Loop() {
				for tag := range expr.Tags(s) {
					n += tag.End
				}
			}
		})
	}
}
