package render

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A writer of random templates: each literal word stands in them once, so that
// a rendered word tells where it is from.
type randomTemplate struct {
	*rand.Rand
	b     strings.Builder
	words int
	loop  bool
}

func (r *randomTemplate) pick(of ...string) string { return of[r.IntN(len(of))] }

func (r *randomTemplate) open() string  { return r.pick("{{", "{{ ", "{{- ", "{{-\n", "{{\t") }
func (r *randomTemplate) close() string { return r.pick("}}", " }}", " -}}", "\n-}}", "\t}}") }

func (r *randomTemplate) action(text string) { r.b.WriteString(r.open() + text + r.close()) }

func (r *randomTemplate) word() {
	r.words++
	fmt.Fprintf(&r.b, "%sw%dw%s", r.pick("", "ü", "{", "}", "\"", "`", "😀"), r.words, r.pick("", "", "{", "}}", "é", "-"))
}

func (r *randomTemplate) list(depth int) {
	for range r.IntN(5) + 1 {
		r.node(depth)
	}
}

func (r *randomTemplate) node(depth int) {
	switch n := r.IntN(24); {
	case n < 8:
		r.word()
	case n < 12:
		r.b.WriteString(r.pick("\n", "\n", "\n  ", "\r\n", " ", "\t", "\n\n", ": ", "{", "\n{", "\n---\n"))
	case n < 13:
		r.b.WriteString(r.pick("{{/* }} {{ */}}", "{{- /* a\nb */ -}}", "{{/**/}}"))
	case n < 17:
		r.action(r.pick(".Values.a", ".Values.b | quote", "`{{ raw }}`", `"}}"`, `"\"}}{{"`, "'}'", `printf "%s}}" "x\ny"`, "(print `{{`)",
			`include "one" .`, `include "two" . | nindent 2`, `template "one" .`, `template "two" $`, "toYaml .Values.m | nindent 4", ".Values.multi",
			"1", "$.Values.a", `tpl "{{ .Values.a }}" $`, `.Files.Get "f.txt"`, "nil | default .Values.a", ".Values.none", `include "three" (dict "x" 1 "r" $)`,
			`include (print $.Template.BasePath "/other.yaml") $ | trunc `+strconv.Itoa(r.IntN(60)),
			`include (print $.Template.BasePath "/other.yaml") $ | sha256sum`,
			`$.Template.Name`, `now | unixEpoch | toString | len`, `randAlpha 3`, `include (print $.Template.BasePath "/other.yaml") $ | indent 3`))
	case n < 18:
		v := "$v" + r.pick("a", "b")
		r.action(v + " := " + r.pick(".", "$.Values.a", `"}}"`, `include "one" $`))
		r.b.WriteString(r.open() + v + r.close())
	case n < 19 && r.loop:
		r.action("if " + r.pick("eq . 2", "true", "false"))
		r.word()
		r.action(r.pick("break", "continue"))
		r.action("end")
	case depth == 0:
		r.word()
	case n < 21:
		r.action("if " + r.pick("true", "false", "$.Values.a", "not $.Values.a", "$x := $.Values.a",
			`contains "w3w" (include (print $.Template.BasePath "/other.yaml") $)`, `lt 20 (len (include (print $.Template.BasePath "/other.yaml") $))`))
		r.list(depth - 1)
		for r.IntN(3) == 0 {
			r.action("else if " + r.pick("true", "false"))
			r.list(depth - 1)
		}
		if r.IntN(2) == 0 {
			r.action("else")
			r.list(depth - 1)
		}
		r.action("end")
	case n < 22:
		r.action("with " + r.pick("$.Values.m", "$.Values.none", "$y := $.Values.a"))
		r.list(depth - 1)
		if r.IntN(3) == 0 {
			r.action("else with $.Values.a")
			r.list(depth - 1)
		}
		if r.IntN(2) == 0 {
			r.action("else")
			r.list(depth - 1)
		}
		r.action("end")
	case n < 23:
		was := r.loop
		r.loop = true
		r.action("range " + r.pick("until 3", "$i, $e := $.Values.l", "$.Values.none", "list 1 2"))
		r.list(depth - 1)
		r.loop = was
		if r.IntN(2) == 0 {
			r.action("else")
			r.list(depth - 1)
		}
		r.action("end")
	default:
		r.action("block \"bl" + strconv.Itoa(r.words) + "\" $")
		was := r.loop
		r.loop = false
		r.list(depth - 1)
		r.loop = was
		r.action("end")
	}
}

func randomChart(seed uint64) []File {
	make := func(stream uint64) []byte {
		r := &randomTemplate{Rand: rand.New(rand.NewPCG(seed, stream))}
		r.words = int(stream) * 1000
		if r.IntN(8) == 0 {
			r.b.WriteString("\ufeff")
		}
		r.list(3)
		return []byte(r.b.String())
	}
	r := &randomTemplate{Rand: rand.New(rand.NewPCG(seed, 9))}
	other := "o: w1w\n" + r.pick("", "{{- if true }}\nw3w\n{{ end }}{{ .Values.a }}", "\n{{ .Values.a }}w2w{{ .Values.b }}")
	return []File{
		{"Chart.yaml", []byte("apiVersion: v2\nname: c\nversion: 1.0.0\n")},
		{"values.yaml", []byte("a: va\nb: 17\nm: {x: same, y: same}\nl: [1, 2]\nmulti: |\n  one\n  two\n")},
		{"templates/_h.tpl", []byte("{{ define \"one\" }}h1h{{ end }}\n{{- define \"two\" -}}\nh2h: {\n{{- .Values.b }}\n{{ end -}}{{ define \"three\" }}{{ $.x }}h3h{{ .r.Values.a }}{{ end }}")},
		{"templates/x.yaml", make(1)},
		{"templates/y.yaml", make(2)},
		{"templates/other.yaml", []byte(other)},
		{"f.txt", []byte("{{ f1f }}\nf2f")},
	}
}

// TestMapOfRandomTemplates holds that what is traced is what stands there, byte
// by byte and word by word.
func TestMapOfRandomTemplates(t *testing.T) {
	const n, from = 1500, 0
	bad, rendered, traced, bytesSeen := 0, 0, 0, 0
	for seed := from; seed < from+n; seed++ {
		files := randomChart(uint64(seed))
		c, err := FromFiles("chart", files)
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Render(nil, Options{})
		if err != nil {
			continue
		}
		rendered++
		m, err := c.Map(nil, Options{}, out)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range out.Files {
			var src string
			for _, f := range files {
				if "c/"+f.Name == name {
					src = string(f.Data)
				}
			}
			msg := ""
			for i := 0; i < len(text) && msg == ""; i++ {
				bytesSeen++
				o, ok := m.Origin(name, i, i+1)
				if !ok {
					continue
				}
				if o.Actions == nil {
					traced++
					if text[i] != '\n' && text[i] != '\r' && src[o.Span.Start] != text[i] && m.files[name].same[lineAt(m.files[name], i)] {
						msg = fmt.Sprintf("byte %d %q traced to %q", i, text[i], src[o.Span.Start:])
					}
				}
			}
			for _, w := range wordOf.FindAllStringIndex(text, -1) {
				o, ok := m.Origin(name, w[0], w[1])
				word := text[w[0]:w[1]]
				if !ok || msg != "" {
					continue
				}
				where := strings.Index(src, word)
				got := string(o.Span.Text())
				if where >= 0 && o.Actions == nil && m.files[name].same[lineAt(m.files[name], w[0])] && o.Span.Start != where {
					msg = fmt.Sprintf("word %s of offset %d traced to %d %q", word, where, o.Span.Start, got)
				}
				if where >= 0 && o.Actions == nil && got != word && m.files[name].same[lineAt(m.files[name], w[0])] {
					msg = fmt.Sprintf("word %s traced to %d %q", word, o.Span.Start, got)
				}
				if where >= 0 && o.Actions != nil && !strings.Contains(got, "block") && !strings.Contains(got, "other.yaml") {
					msg = fmt.Sprintf("word %s of offset %d traced to action %d %q", word, where, o.Span.Start, got)
				}
			}
			if msg != "" {
				bad++
				if bad < 6 {
					t.Errorf("seed %d %s: %s\n--- template\n%q\n--- rendered\n%q", seed, name, msg, src, text)
				}
			}
		}
	}
	if rendered < n/5 || traced < bytesSeen/5 {
		t.Error("too little was rendered, or traced, to say anything")
	}
	t.Logf("%d bad, %d of %d rendered, %d of %d bytes traced to literals", bad, rendered, n, traced, bytesSeen)
}

func lineAt(f *mapped, off int) int {
	i := 0
	for i+1 < len(f.clean) && f.clean[i+1] <= off {
		i++
	}
	return i
}

var wordOf = regexp.MustCompile(`w[0-9]+w`)
