package main

import (
	"encoding/json"
	"fmt"
	"math"
)

type object = map[string]any

// jsonSchema writes the model as JSON Schema, draft 7, for editors: one file,
// which looks at kind to choose what the rest is checked against.
func (m *model) jsonSchema() ([]byte, error) {
	definitions := object{}
	for _, t := range m.types {
		if t.name != "" {
			definitions[t.name] = m.definition(t)
		}
	}
	var names []string
	var choices []any
	for i, t := range m.types[:len(kinds)] {
		kind := kindName(i)
		names = append(names, kind)
		choices = append(choices, chosen(kind, t))
	}
	b, err := json.MarshalIndent(object{
		"$schema":     "http://json-schema.org/draft-07/schema#",
		"title":       "Argo Workflows and Argo Events",
		"type":        "object",
		"required":    []string{"kind"},
		"properties":  object{"kind": object{"enum": names}},
		"allOf":       choices,
		"definitions": definitions,
	}, "", " ")
	return append(b, '\n'), err
}

// chosen applies the definition of a kind to the objects of it.
func chosen(kind string, t *typ, more ...string) object {
	is := object{"kind": object{"const": kind}}
	for _, key := range more {
		is[key] = object{"type": "string", "pattern": "^argoproj\\.io/"}
	}
	return object{"if": object{"properties": is, "required": append([]string{"kind"}, more...)}, "then": ref(t)}
}

func ref(t *typ) object { return object{"$ref": "#/definitions/" + t.name} }

// use is what stands where a value of type t is expected.
func (m *model) use(t *typ) object {
	if t.name != "" {
		return ref(t)
	}
	return m.definition(t)
}

// definition is the schema of a type. Null is a value of every type.
func (m *model) definition(t *typ) object {
	switch t.shape {
	case "Any":
		return object{}
	case "Object":
		return m.fieldsOf(t)
	case "Map":
		return object{"type": nullOr("object"), "additionalProperties": m.use(t.elem)}
	case "List":
		return object{"type": nullOr("array"), "items": m.use(t.elem)}
	case "OneKey":
		return object{"type": nullOr("object"), "minProperties": 1, "maxProperties": 1}
	case "Embedded":
		var choices []any
		for i, k := range m.types[:len(kinds)] {
			choices = append(choices, chosen(kindName(i), k, "apiVersion"))
		}
		return object{"type": nullOr("object"), "allOf": choices}
	case "String":
		if t.enum == nil {
			return object{"type": nullOr("string")}
		}
		return object{"anyOf": []any{object{"enum": nullOrAny(t.enum)}, object{"type": "string", "pattern": `^$|\{\{`}}}
	}
	return scalars[t.shape]
}

var scalars = map[string]object{
	"AnyString":     {"type": nullOr("string", "number", "boolean")},
	"Bytes":         {"type": nullOr("string"), "contentEncoding": "base64"},
	"Time":          {"type": nullOr("string"), "format": "date-time"},
	"Quantity":      {"type": nullOr("string", "number")},
	"Bool":          {"type": nullOr("boolean")},
	"Int32":         {"type": nullOr("integer"), "minimum": math.MinInt32, "maximum": math.MaxInt32},
	"Int64":         {"type": nullOr("integer")},
	"Uint64":        {"type": nullOr("integer"), "minimum": 0},
	"Number":        {"type": nullOr("number")},
	"IntOrString":   {"type": nullOr("integer", "string"), "minimum": math.MinInt32, "maximum": math.MaxInt32},
	"Int64OrString": {"type": nullOr("integer", "string")},
}

func (m *model) fieldsOf(t *typ) object {
	properties := object{}
	for _, f := range t.fields {
		if f.until != "" {
			continue
		}
		p := m.use(f.typ)
		if f.doc != "" {
			// Draft 7 ignores what stands beside a $ref.
			if p["$ref"] != nil {
				p = object{"allOf": []any{p}}
			}
			p = with(p, "description", f.doc)
		}
		properties[f.name] = p
	}
	o := object{"type": nullOr("object"), "properties": properties, "additionalProperties": false}
	if t.title != "" {
		o["description"] = fmt.Sprintf("%s: %s", t.title, t.doc)
	}
	return o
}

func with(o object, key string, value any) object {
	out := object{key: value}
	for k, v := range o {
		out[k] = v
	}
	return out
}

func nullOr(types ...string) []string { return append(types, "null") }

func nullOrAny(values []string) []any {
	var out []any
	for _, v := range values {
		out = append(out, v)
	}
	return append(out, nil)
}
