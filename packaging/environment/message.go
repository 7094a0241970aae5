package environment

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// mostHints is how many unknown keys are searched for what was meant; who has
// more has another problem.
const mostHints = 50

// longest is how much of a value or of a schema is quoted.
const longest = 60

func (p *problem) span() source.Span {
	switch {
	case p.child != nil:
		return p.child.keySpan()
	case p.at.Kind >= manifest.List && p.at.Parent != nil:
		return p.at.keySpan()
	}
	return p.at.span()
}

// message words a problem. gojsonschema's own words are never used: some of
// them quote the value, which may be a secret.
func (v *verdict) message(p *problem) string {
	what := "this"
	if path := p.at.Path(); path != "" {
		what = path
	}
	in := ""
	if what != "this" {
		in = " in " + what
	}
	switch p.kind {
	case "additional_property_not_allowed":
		key := p.detail("property")
		names, hint := v.known(p), ""
		if v.hints++; v.hints <= mostHints {
			hint = near.Hint(key, names)
		}
		m := fmt.Sprintf("unknown key %q%s%s", key, in, hint)
		if len(names) > 0 && len(names) <= 10 {
			m += "; the schema knows " + strings.Join(names, ", ")
		}
		return m
	case "invalid_property_name":
		return fmt.Sprintf("the schema does not allow a key like %q%s", p.detail("property"), in)
	case "invalid_type":
		return fmt.Sprintf("%s must be %s, not %s", what, typeNames(p.detail("expected")), v.got(p))
	case "required":
		return fmt.Sprintf("%q is required by the schema%s, and is not set", p.detail("property"), in)
	case "missing_dependency":
		return fmt.Sprintf("%q has to be set%s, as the schema wants it with another key that is", p.detail("dependency"), in)
	case "enum", "const":
		return v.noneOf(p, what)
	}
	return what + " " + p.bound()
}

// noneOf words a value that is none of those that the schema allows.
func (v *verdict) noneOf(p *problem, what string) string {
	allowed := strings.Split(p.detail("allowed"), ", ")
	var words []string
	for i, a := range allowed {
		var text string
		if json.Unmarshal([]byte(a), &text) == nil {
			allowed[i] = text
			words = append(words, text)
		}
	}
	const most = 10
	list := strings.Join(allowed, ", ")
	if len(allowed) > most {
		list = fmt.Sprintf("the %d values that the schema allows, such as %s", len(allowed), short(allowed[0]))
	}
	switch {
	case p.at.Secret || p.at.Kind >= manifest.List:
		return fmt.Sprintf("%s is none of %s", what, list)
	case p.at.Kind == manifest.String:
		return fmt.Sprintf("%s %q is none of %s%s", what, short(p.at.Text), list, near.Hint(p.at.Text, words))
	}
	return fmt.Sprintf("%s %s is none of %s", what, short(plainText(p.at)), list)
}

// got names what is there instead of a value of the right type.
func (v *verdict) got(p *problem) string {
	kind := aKind(p.at.Kind)
	switch {
	case p.at.Encrypted:
		return "an encrypted " + p.at.Kind.String()
	case p.at.Secret || p.at.Kind == manifest.Null || p.at.Kind >= manifest.List:
		return kind
	case p.at.Kind == manifest.String:
		return fmt.Sprintf("the string %q", short(p.at.Text))
	}
	return "the " + p.at.Kind.String() + " " + short(plainText(p.at))
}

// bound words what else a schema can ask for.
func (p *problem) bound() string {
	switch p.kind {
	case "pattern":
		return "does not match the pattern " + short(p.detail("pattern"))
	case "format":
		return "is not in the format " + short(p.detail("format"))
	case "string_gte":
		return "must have " + p.detail("min") + " characters or more"
	case "string_lte":
		return "must have " + p.detail("max") + " characters or less"
	case "number_gte":
		return "must be " + p.detail("min") + " or more"
	case "number_gt":
		return "must be more than " + p.detail("min")
	case "number_lte":
		return "must be " + p.detail("max") + " or less"
	case "number_lt":
		return "must be less than " + p.detail("max")
	case "multiple_of":
		return "must be a multiple of " + p.detail("multiple")
	case "array_min_items":
		return "must have " + p.detail("min") + " items or more"
	case "array_max_items":
		return "must have " + p.detail("max") + " items or less"
	case "array_no_additional_items":
		return "has more items than the schema allows"
	case "array_min_properties":
		return "must have " + p.detail("min") + " keys or more"
	case "array_max_properties":
		return "must have " + p.detail("max") + " keys or less"
	case "unique":
		return "has an item twice, and the schema wants each once"
	case "contains":
		return "has no item like the one that the schema asks for"
	case "number_any_of":
		return "is none of the alternatives that the schema allows"
	case "number_one_of":
		return "is not exactly one of the alternatives that the schema allows"
	case "number_not", "false":
		return "is what the schema rules out"
	}
	return "is refused by the schema"
}

// typeNames words the types of JSON Schema, given as string or [integer,null].
func typeNames(expected string) string {
	all := strings.Split(strings.Trim(expected, "[]"), ",")
	for i, t := range all {
		switch t = strings.TrimSpace(t); t {
		case "array":
			all[i] = "a list"
		case "null":
			all[i] = "null"
		case "integer", "object":
			all[i] = "an " + t
		default:
			all[i] = "a " + t
		}
	}
	return strings.Join(all, " or ")
}

func plainText(v *Value) string {
	if v.Kind == manifest.Null {
		return "null"
	}
	return v.Text
}

// short cuts what is quoted.
func short(s string) string {
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest]) + "…"
}
