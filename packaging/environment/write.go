package environment

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// mask stands for every secret, whatever its length.
const mask = "***"

// WriteYAML prints the values as YAML, each leaf on a line of its own with a
// comment that says where it came from. Secrets are masked. The error is that of w.
func (v *Values) WriteYAML(w io.Writer) error {
	b := bufio.NewWriter(w)
	y := yamlWriter{b}
	if v.Root.Leaf() {
		fmt.Fprintln(b, "{}")
	}
	y.fields(v.Root, "", "")
	return b.Flush()
}

type yamlWriter struct{ *bufio.Writer }

// fields prints a map, its first key after lead and the others after indent.
func (y yamlWriter) fields(v *Value, lead, indent string) {
	for i, c := range v.Fields {
		if i > 0 {
			lead = indent
		}
		y.value(c, lead+scalar(c.Key)+":", indent)
	}
}

func (y yamlWriter) value(v *Value, lead, indent string) {
	switch {
	case v.Leaf():
		p := v.Position()
		fmt.Fprintf(y, "%s %s  # %s:%d\n", lead, v.Shown(), visible(v.File()), p.Line)
	case v.Kind == manifest.Map:
		fmt.Fprintln(y, lead)
		y.fields(v, indent+"  ", indent+"  ")
	default:
		fmt.Fprintln(y, lead)
		y.items(v, indent+"  ", indent+"  ")
	}
}

func (y yamlWriter) items(v *Value, lead, indent string) {
	for i, c := range v.Items {
		if i > 0 {
			lead = indent
		}
		switch {
		case c.Leaf():
			y.value(c, lead+"-", indent)
		case c.Kind == manifest.Map:
			y.fields(c, lead+"- ", indent+"  ")
		default:
			y.items(c, lead+"- ", indent+"  ")
		}
	}
}

// Shown is a leaf as YAML has it on one line, *** for a secret.
func (v *Value) Shown() string {
	switch {
	case v.Secret:
		return strconv.Quote(mask)
	case v.Kind == manifest.Null:
		return "null"
	case v.Kind == manifest.Map:
		return "{}"
	case v.Kind == manifest.List:
		return "[]"
	case v.Kind == manifest.String:
		return scalar(v.Text)
	}
	return v.Text
}

// plainText matches strings that no YAML reader takes for anything else, but
// for those of reserved.
var (
	plainWord = regexp.MustCompile(`^[A-Za-z_/][A-Za-z0-9_./-]*(:[A-Za-z0-9_./-]+)*$`)
	reserved  = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null)$`)
)

// scalar prints a string as YAML has it on one line; of Go's escapes YAML
// knows all.
func scalar(s string) string {
	if plainWord.MatchString(s) && !reserved.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

// visible keeps names of files from giving orders to the terminal, and from
// ending a comment.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// The JSON form of values: fields may be added, none changes its meaning.
type (
	jsonValues struct {
		Chart       string     `json:"chart"`
		Environment string     `json:"environment"`
		Namespace   string     `json:"namespace"`
		Context     string     `json:"context"`
		Values      []jsonLeaf `json:"values"`
	}
	jsonLeaf struct {
		Path      string          `json:"path"`
		Value     json.RawMessage `json:"value"`
		Type      string          `json:"type"`
		Secret    bool            `json:"secret"`
		Encrypted bool            `json:"encrypted"`
		File      string          `json:"file"`
		Line      int             `json:"line"`
		Column    int             `json:"column"`
	}
)

// WriteJSON prints the leaves of the values, each with where it came from.
// Secrets are masked. The error is that of w.
func (s *Set) WriteJSON(w io.Writer, v *Values) error {
	e := v.Environment
	out := jsonValues{Chart: s.Name, Environment: e.Name, Namespace: e.Namespace, Context: e.Context, Values: []jsonLeaf{}}
	v.Root.Leaves(func(l *Value) {
		p := l.Position()
		out.Values = append(out.Values, jsonLeaf{
			Path: l.Path(), Value: l.json(), Type: l.Kind.String(), Secret: l.Secret, Encrypted: l.Encrypted,
			File: l.File(), Line: p.Line, Column: p.Column,
		})
	})
	return encode(w, out)
}

func (v *Value) json() json.RawMessage {
	var value any = v.Text
	switch {
	case v.Secret:
		value = mask
	case v.Kind < manifest.String || v.Kind >= manifest.List:
		if text := v.Shown(); json.Valid([]byte(text)) {
			return json.RawMessage(text)
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // a string
	}
	return text
}

// WriteEnvironments prints the environments as JSON, in the order of promotion.
func (s *Set) WriteEnvironments(w io.Writer) error {
	type environment struct {
		Name         string   `json:"name"`
		Namespace    string   `json:"namespace"`
		Context      string   `json:"context"`
		Policies     []string `json:"policies"`
		PromotedFrom string   `json:"promotedFrom"`
	}
	out := []environment{}
	for _, e := range s.Environments {
		out = append(out, environment{e.Name, e.Namespace, e.Context, append([]string{}, e.Policies...), e.PromotedFrom})
	}
	return encode(w, out)
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
