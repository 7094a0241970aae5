package scaffold

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnescape(t *testing.T) {
	tests := map[string]struct {
		text, want string
		escapes    int
	}{
		"text alone":                     {"a: b # {x}\r\n", "a: b # {x}\r\n", 0},
		"a raw string":                   {"a: {{`{{inputs.parameters.x}}`}}\n", "a: {{inputs.parameters.x}}\n", 1},
		"a string in quotes":             {`a: {{ "{{x}}" }}`, "a: {{x}}", 1},
		"escapes in a string":            {`a: {{ "{{\"x\"}}\t" }}`, "a: {{\"x\"}}\t", 1},
		"braces alone":                   {`a: {{"{{"}}x{{"}}"}}`, "a: {{x}}", 2},
		"a raw string over lines":        {"a: |\n  {{`{{=\n  b}}`}}\n", "a: |\n  {{=\n  b}}\n", 1},
		"trimmed white space":            {"a:\n  {{- ` {{x}}` -}}\n  b", "a: {{x}}b", 1},
		"comments":                       {"{{/* one */}}a{{- /* two */ -}} \n b", "ab", 0},
		"printf of constants":            {`{{ printf "{{%s}} %d" "x" 3 }}`, "{{x}} 3", 1},
		"a pipe of constants":            {"{{ `{{x}}` | quote }} {{ \"x\" | printf \"{{%s}}\" }}", `"{{x}}" {{x}}`, 2},
		"numbers and booleans":           {"{{ 1 }}{{ true }}", "1true", 2},
		"a character that is no ASCII":   {"{{`{{ü}}`}} ü", "{{ü}} ü", 1},
		"a template that has only a tag": {"{{`x`}}", "x", 1},
		"nothing":                        {"", "", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			u, err := unescape("templates/a.yaml", test.text)
			if err != nil || u.actions != nil {
				t.Fatalf("%v, %v", u.actions, err)
			}
			if u.text != test.want || u.escapes != test.escapes {
				t.Errorf("got %q without %d escapes, want %q without %d", u.text, u.escapes, test.want, test.escapes)
			}
		})
	}
}

func TestActions(t *testing.T) {
	const overlay = "the overlay workflows.NAME."
	tests := map[string]struct {
		text string
		want []Action
	}{
		"a value in a scalar": {"a:\n  image: \"r.io/x:{{ .Values.image.tag }}\"", []Action{{2, "{{ .Values.image.tag }}", overlay + "images does that"}}},
		"a schedule, a zone, a switch": {"schedule: {{ .Values.a }}\ntimezone: {{.Values.b}}\n  suspend: {{ .Values.c }}\n", []Action{
			{1, "{{ .Values.a }}", overlay + "schedules does that"}, {2, "{{ .Values.b }}", overlay + "timezone does that"}, {3, "{{ .Values.c }}", overlay + "suspend does that"}}},
		"in a map on one line": {"requests: {cpu: 1, memory: {{ .Values.memory }}}", []Action{{1, "{{ .Values.memory }}", overlay + "resources does that"}}},
		"a parameter":          {"- {name: x, value: '{{ .Values.x }}'}", []Action{{1, "{{ .Values.x }}", overlay + "parameters does that for an argument of the workflow"}}},
		"something of spec":    {"activeDeadlineSeconds: {{ .Values.x }}", []Action{{1, "{{ .Values.x }}", overlay + "spec may do that"}}},
		"the namespace":        {"namespace: {{ .Release.Namespace }}", []Action{{1, "{{ .Release.Namespace }}", "may be left out: that is where Helm puts it anyway"}}},
		"beside constants":     {"{{`{{x}}`}}\nname: {{ .Release.Name }}", []Action{{2, "{{ .Release.Name }}", ""}}},
		"constants are not shown": {"a: {{ .Values.password | default \"hunter2\" }}\nb: {{ default \"hunter2\" .Values.b }}", []Action{
			{1, "{{ .Values.password ... }}", overlay + "spec may do that"}, {2, "{{ default ... }}", ""}}},
		"blocks": {"{{ if .a }}{{ end }}\n{{- range .b }}{{ end }}\n{{ with .c }}{{ end }}{{ template \"x\" . }}\n{{ $x := 1 }}\n{{ define \"y\" }}z{{ end }}", []Action{
			{Line: 1, Text: "{{ if ... }}"}, {Line: 2, Text: "{{ range ... }}"}, {Line: 3, Text: "{{ with ... }}"}, {Line: 3, Text: `{{ template "x" }}`},
			{Line: 4, Text: "{{ ... }}"}, {Line: 5, Text: `{{ define "y" }}`}}},
		"a function that is not pure": {"{{ now }}", []Action{{Line: 1, Text: "{{ now }}"}}},
		"a function of a value":       {"{{ printf \"{{%s}}\" .x }}", []Action{{Line: 1, Text: "{{ printf ... }}"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			u, err := unescape("templates/a.yaml", test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, u.actions); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if u.text != "" {
				t.Errorf("there is text: %q", u.text)
			}
		})
	}
}

// Nothing that a template may hold stops us, and what is plain stays as it is.
func FuzzUnescape(f *testing.F) {
	f.Add("a: {{`{{x}}`}}\n{{ .Values.y }}")
	f.Add("{{- /* c */ -}}{{ printf \"%[5]*.[2]*[1]f\" 1 }}")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := unescape("a", text)
		if err != nil || u.actions != nil {
			return
		}
		if u.escapes == 0 && len(u.text) > len(text) {
			t.Errorf("%q became %q", text, u.text)
		}
	})
}
