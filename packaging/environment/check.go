package environment

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xeipuuv/gojsonschema"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
)

// patience bounds the time of one check: a schema can ask for more work than
// there is time.
const patience = 10 * time.Second

// check reports what the schema of the chart says of the values. Findings that
// depend on what an encrypted value is stay silent.
func (s *Set) check(root *Value) error {
	c, err := s.schema()
	if err != nil {
		return err
	}
	s.checkBy(c, root)
	return nil
}

// checkBy reports what a schema, which may be nil, says of the values below root.
func (s *Set) checkBy(c *schema, root *Value) {
	if c == nil {
		return
	}
	wrong, ok := validate(c.load, plain(root))
	if !ok {
		s.reader.report(ruleSchema, c.doc.span(nil), "", "the values cannot be checked by this schema: it is too intricate")
		return
	}
	v := verdict{schema: c, root: root, choice: map[*Value]bool{}, told: map[*Value]bool{}, hidden: map[*Value]bool{}, names: map[*Value][]string{}}
	for _, w := range wrong {
		v.read(w)
	}
	v.weigh()
	for i := range v.problems {
		if p := &v.problems[i]; !v.silent(p) {
			s.reader.add(lint.Finding{Rule: p.rule, Span: p.span(), Path: p.path(), Message: v.message(p)})
		}
	}
}

// validate runs the check; false when it breaks or does not end in time.
func validate(c *gojsonschema.Schema, values any) ([]gojsonschema.ResultError, bool) {
	type answer struct {
		wrong []gojsonschema.ResultError
		ok    bool
	}
	done := make(chan answer, 1)
	go func() { // left behind when it takes too long: it cannot be called off
		a := answer{}
		defer func() {
			if recover() != nil { // its text may quote a value
				a = answer{}
			}
			done <- a
		}()
		if r, err := c.Validate(gojsonschema.NewRawLoader(values)); err == nil {
			a = answer{r.Errors(), true}
		}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.wrong, a.ok
	case <-timer.C:
		return nil, false
	}
}

// A problem is one thing that the schema says.
type problem struct {
	rule    *lint.Rule
	kind    string // the type of gojsonschema's error
	steps   []string
	at      *Value
	child   *Value // the unknown key
	details gojsonschema.ErrorDetails
}

func (p *problem) path() string {
	if p.child != nil {
		return p.child.Path()
	}
	return p.at.Path()
}

type verdict struct {
	schema   *schema
	root     *Value
	problems []problem

	choice map[*Value]bool // where a choice of the schema depends on a placeholder
	told   map[*Value]bool // where a problem says more than that no choice fits
	hidden map[*Value]bool // what holds a placeholder, as far as it was asked
	names  map[*Value][]string
	hints  int
}

const separator = "\x00"

func (v *verdict) read(e gojsonschema.ResultError) {
	p := problem{rule: ruleValue, kind: e.Type(), at: v.root, details: e.Details()}
	p.steps = strings.Split(e.Context().String(separator), separator)[1:]
	for _, step := range p.steps {
		next := p.at.Get(step)
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(p.at.Items) {
			next = p.at.Items[i]
		}
		if next == nil {
			break
		}
		p.at = next
	}
	switch p.kind {
	case "additional_property_not_allowed", "invalid_property_name":
		p.rule = ruleValueKey
		p.child = p.at.Get(p.detail("property"))
	case "invalid_type":
		p.rule = ruleValueType
	}
	v.problems = append(v.problems, p)
}

func (p *problem) detail(name string) string {
	if d, ok := p.details[name]; ok {
		return fmt.Sprint(d)
	}
	return ""
}

// weigh finds out which problems speak for others.
func (v *verdict) weigh() {
	for i := range v.problems {
		switch p := &v.problems[i]; p.kind {
		case "number_any_of", "number_one_of", "contains", "condition_then", "condition_else":
			if v.hides(p.at) {
				v.choice[p.at] = true
			}
		}
	}
	for i := range v.problems {
		if p := &v.problems[i]; p.rule != ruleValue && !v.unsure(p) {
			for at := p.at; at != nil && !v.told[at]; at = at.Parent {
				v.told[at] = true
			}
		}
	}
}

// silent reports whether the problem is told by others, or depends on a value
// that is not known.
func (v *verdict) silent(p *problem) bool {
	switch p.kind {
	case "number_all_of", "condition_then", "condition_else":
		return true // their parts are problems of their own
	case "number_any_of", "number_one_of", "contains":
		if v.told[p.at] {
			return true
		}
	}
	return v.unsure(p)
}

// unsure reports whether the problem may go away with the true value of a
// placeholder.
func (v *verdict) unsure(p *problem) bool {
	switch p.kind {
	case "additional_property_not_allowed", "invalid_property_name", "required", "missing_dependency",
		"array_min_items", "array_max_items", "array_no_additional_items", "array_min_properties", "array_max_properties":
	case "invalid_type":
		if p.at.Encrypted && p.at.Kind == manifest.Float && strings.Contains(p.detail("expected"), "integer") {
			return true
		}
	default:
		if v.hides(p.at) {
			return true
		}
	}
	for at := p.at; at != nil && len(v.choice) > 0; at = at.Parent {
		if v.choice[at] {
			return true
		}
	}
	return false
}

// hides reports whether the value, or one below it, is a placeholder.
func (v *verdict) hides(at *Value) bool {
	if known, ok := v.hidden[at]; ok {
		return known
	}
	is := func(c *Value) bool { return v.hides(c) }
	hides := at.Encrypted || slices.ContainsFunc(at.Fields, is) || slices.ContainsFunc(at.Items, is)
	v.hidden[at] = hides
	return hides
}

// known returns the keys that the schema knows beside the unknown one.
func (v *verdict) known(p *problem) []string {
	names, ok := v.names[p.at]
	if !ok {
		names = v.schema.names(p.steps)
		v.names[p.at] = names
	}
	return names
}

// plain returns the values as JSON has them, a placeholder for what is encrypted.
func plain(v *Value) any {
	switch v.Kind {
	case manifest.Map:
		out := make(map[string]any, len(v.Fields))
		for _, c := range v.Fields {
			out[c.Key] = plain(c)
		}
		return out
	case manifest.List:
		out := make([]any, len(v.Items))
		for i, c := range v.Items {
			out[i] = plain(c)
		}
		return out
	}
	if !v.Encrypted {
		return patch.Value(v.node)
	}
	switch v.Kind {
	case manifest.Int:
		return json.Number("0")
	case manifest.Float:
		return json.Number("0.5")
	case manifest.Bool:
		return false
	}
	return ""
}
