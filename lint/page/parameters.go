package page

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// A Parameter is one that a rule takes from a policy.
type Parameter struct {
	Name string
	// Type is string, integer, boolean or list.
	Type string
	// Doc says in a sentence what it does.
	Doc string
	// Enum are the values that it, or an item of it, may have; nil if any.
	Enum []string
}

// Parameters lists what a JSON Schema of parameters has, by name; nil if it is "".
func Parameters(schema string) []Parameter {
	var s struct {
		Properties map[string]struct {
			Type        string
			Description string
			Enum        []string
			Items       struct{ Enum []string }
		}
	}
	if json.Unmarshal([]byte(schema), &s) != nil {
		return nil
	}
	var all []Parameter
	for name, p := range s.Properties {
		one := Parameter{Name: name, Type: p.Type, Doc: p.Description, Enum: p.Enum}
		if one.Type == "array" {
			one.Type, one.Enum = "list", p.Items.Enum
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Parameter) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Kind says what values the parameter may have: a list of a, b.
func (p Parameter) Kind() string {
	switch {
	case p.Type == "list" && p.Enum != nil:
		return "a list of " + strings.Join(p.Enum, ", ")
	case p.Enum != nil:
		return "one of " + strings.Join(p.Enum, ", ")
	case p.Type == "integer":
		return "an integer"
	case p.Type == "boolean":
		return "true or false"
	}
	return "a " + p.Type
}
