package render

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A randomTemplate is one in which each literal word stands once, so that a
// rendered word tells where it is from.
type randomTemplate struct {
	*rand.Rand
	text   strings.Builder
	words  int
	ranges int // that are open
}

func (r *randomTemplate) pick(of ...string) string { return of[r.IntN(len(of))] }

func (r *randomTemplate) action(text string) {
	r.text.WriteString(r.pick("{{", "{{ ", "{{- ", "{{-\n", "{{\t") + text + r.pick("}}", " }}", " -}}", "\n-}}", "\t}}"))
}

func (r *randomTemplate) word() {
	r.words++
	fmt.Fprintf(&r.text, "%sw%dw%s", r.pick("", "ü", "{", "}", `"`, "`", "😀"), r.words, r.pick("", "", "{", "}}", "é", "-"))
}

const other = `include (print $.Template.BasePath "/other.yaml") $ | `

func (r *randomTemplate) node(depth int) {
	switch n := r.IntN(24); {
	case n < 8, depth <= 0 && n > 18:
		r.word()
	case n < 12:
		r.text.WriteString(r.pick("\n", "\n", "\n  ", "\n\t", "\r\n", " ", "\t", "\n\n", ": ", "{", "\n{", "\n---\n"))
	case n < 13:
		r.text.WriteString(r.pick("{{/* }} {{ */}}", "{{- /* a\nb */ -}}", "{{/**/}}"))
	case n < 17:
		r.action(r.pick("$.Values.a", "$.Values.b | quote", "`{{ raw }}`", `"}}"`, `"\"}}{{"`, "'}'", `printf "%s}}" "x\ny"`, "(print `{{`)",
			`include "one" $`, `include "two" $ | nindent 2`, `template "one" .`, `template "two" $`, "toYaml $.Values.m | nindent 4", "$.Values.lines",
			"1", `tpl "{{ .Values.a }}" $`, `$.Files.Get "f.txt"`, "$.Values.none", `include "three" (dict "x" 1 "r" $)`, "$.Template.Name",
			other+"trunc "+strconv.Itoa(r.IntN(60)), other+"sha256sum", other+"indent 3", "randAlpha 3"))
	case n < 18:
		r.action("$v := " + r.pick(".", "$.Values.a", `"}}"`, `include "one" $`))
		r.action("$v")
	case n == 18 && r.ranges > 0:
		r.action("if " + r.pick("true", "false"))
		r.action(r.pick("break", "continue"))
		r.action("end")
	case n == 19, n == 20:
		r.block(depth, "if "+r.pick("true", "false", "$.Values.a", "$x := $.Values.a"), "if "+r.pick("true", "false"))
	case n == 21:
		r.block(depth, "with "+r.pick("$.Values.m", "$.Values.none", "$y := $.Values.a"), "with $.Values.a")
	case n == 22:
		r.ranges++
		r.block(depth, "range "+r.pick("until 3", "$i, $e := $.Values.l", "$.Values.none", "list 1 2"), "")
		r.ranges--
	}
}

func (r *randomTemplate) block(depth int, begin, orElse string) {
	r.action(begin)
	r.list(depth)
	for orElse != "" && r.IntN(3) == 0 {
		r.action("else " + orElse)
		r.list(depth)
	}
	if ranges := r.ranges; r.IntN(2) == 0 {
		r.action("else")
		r.ranges = 0
		r.list(depth)
		r.ranges = ranges
	}
	r.action("end")
}

func (r *randomTemplate) list(depth int) {
	for range r.IntN(5) + 1 {
		r.node(depth - 1)
	}
}

func randomFiles(seed uint64) []File {
	text := func(stream uint64) []byte {
		r := &randomTemplate{Rand: rand.New(rand.NewPCG(seed, stream)), words: int(stream) * 1000}
		r.text.WriteString(r.pick("", "", "", "\ufeff"))
		r.list(4)
		return []byte(r.text.String())
	}
	return []File{
		{"Chart.yaml", []byte("apiVersion: v2\nname: c\nversion: 1.0.0\n")},
		{"values.yaml", []byte("a: va\nb: 17\nm: {x: same, y: same}\nl: [1, 2]\nlines: |\n  one\n  two\n")},
		{"templates/_h.tpl", []byte("{{ define \"one\" }}h1h{{ end }}\n{{- define \"two\" -}}\nh2h: {\n{{- .Values.b }}\n{{ end -}}{{ define \"three\" }}{{ $.x }}h3h{{ .r.Values.a }}{{ end }}")},
		{"templates/x.yaml", text(1)},
		{"templates/y.yaml", text(2)},
		{"templates/other.yaml", []byte("o: w1w\n{{ .Values.a }}w2w{{ .Values.b }}")},
		{"f.txt", []byte("{{ f1f }}\nf2f")},
	}
}

var uniqueWord = regexp.MustCompile(`w[0-9]+w`)

// TestMapOfRandomTemplates holds that a line is never guessed: what is led back
// to literal text stands there, and a literal word is never led to an action.
func TestMapOfRandomTemplates(t *testing.T) {
	traced := 0
	for seed := range uint64(1500) {
		files := randomFiles(seed)
		c, err := FromFiles("chart", files)
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Render(nil, Options{})
		if err != nil {
			continue // {{{ is no template
		}
		m, err := c.Map(nil, Options{}, out)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files[3:5] {
			name := "c/" + f.Name
			rendered, at := out.Files[name], m.files[name]
			if at == nil || len(at.clean) == 0 {
				continue
			}
			wrong := func(start, end int) string {
				i, _ := slices.BinarySearch(at.clean, start+1)
				o, ok := m.Origin(name, start, end)
				switch {
				case !ok || !at.same[i-1] || o.Actions == nil && rendered[start] == '\n':
				case o.Actions == nil:
					if traced++; string(o.Span.Text()) != rendered[start:end] {
						return string(o.Span.Text())
					}
				case end > start+1 && strings.Contains(string(f.Data), rendered[start:end]) && !strings.Contains(string(o.Span.Text()), "other.yaml"):
					return string(o.Span.Text())
				}
				return ""
			}
			var spans [][]int
			for i := range len(rendered) {
				spans = append(spans, []int{i, i + 1})
			}
			for _, s := range append(spans, uniqueWord.FindAllStringIndex(rendered, -1)...) {
				if got := wrong(s[0], s[1]); got != "" {
					t.Fatalf("seed %d: byte %d of %s, %q, is led back to %q\ntemplate: %q\nrendered: %q", seed, s[0], name, rendered[s[0]:s[1]], got, f.Data, rendered)
				}
			}
		}
	}
	if traced < 10_000 {
		t.Errorf("only %d bytes were led back to literal text", traced)
	}
}
