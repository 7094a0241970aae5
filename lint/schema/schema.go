// Package schema knows the fields of the kinds of Argo Workflows and Argo
// Events, with the Kubernetes types in them, and checks objects against them.
//
// A field is wrong here when Argo's own decoder or the schema of the API server
// refuses it. Missing fields are not: Argo does not decode with required fields.
//
// The table is generated from the Go types of schema/argo, schema/events and
// k8s.io/api, none of which is linked into the engine.
package schema

import (
	"sort"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:generate go run ./gen

// Shape is what a value looks like in JSON.
type Shape uint8

// The shapes. Null is a value of all of them: Go's decoder leaves the zero value.
const (
	Any           Shape = iota // not checked
	Object                     // an object with the fields of the type
	Map                        // an object with values of type Elem under keys of the user
	List                       // a list of Elem
	OneKey                     // an object with exactly one key
	Embedded                   // a whole Kubernetes object; one of a known kind is checked as such
	String                     // a string, one of Enum if there are any
	AnyString                  // string, number or boolean; all become text
	Bytes                      // a string in base64
	Time                       // a string in RFC 3339
	Quantity                   // a string or number
	Bool                       // true or false
	Int32                      // an integer of 32 bits
	Int64                      // an integer of 64 bits
	Uint64                     // an integer from 0, of 64 bits
	Number                     // any number
	IntOrString                // an integer of 32 bits or a string
	Int64OrString              // an integer of 64 bits or a string
)

// A Type is a type of values. Types are compared by pointer.
type Type struct {
	// Name is the name of the Go type, with its package unless that is Argo
	// Workflows: Template, events.Trigger, core.Container. Lists and maps have none.
	Name string
	// Title names a value of the type in messages, "a DAG task"; "" if there
	// are no better words than the name of the field.
	Title string
	// Doc says in a few words what a value is; "" for types of Kubernetes.
	Doc   string
	Shape Shape
	// Enum are the values of a String type, sorted; nil if any will do. The
	// empty string, which means "not set", always does.
	Enum []string

	elem        uint16 // in types
	first, last uint16 // in fields, sorted by name
}

// A Field is one field of an Object.
type Field struct {
	Name string
	// Doc is a sentence for editors, "" if there is none.
	Doc string
	// Since and Until are the first version of Argo Workflows that has the field
	// and the first that has it no more; zero if that is always and never.
	Since, Until Version
	// Use is the field that took the place of one that is gone.
	Use string

	typ uint16 // in types
}

// A Version of Argo Workflows; the zero version stands for the newest.
type Version struct{ Major, Minor int }

func (v Version) before(w Version) bool {
	return v != Version{} && (v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor)
}

// Has reports whether the field exists in version v.
func (f *Field) Has(v Version) bool {
	return !v.before(f.Since) && (f.Until == Version{} || v.before(f.Until))
}

// Type returns the type of the field's values.
func (f *Field) Type() *Type { return &types[f.typ] }

// Elem returns the type of the values of a List or Map, nil for other shapes.
func (t *Type) Elem() *Type {
	if t.Shape != List && t.Shape != Map {
		return nil
	}
	return &types[t.elem]
}

// Fields returns the fields of an Object, sorted by name, those of all versions.
// They must not be changed.
func (t *Type) Fields() []Field { return fields[t.first:t.last:t.last] }

// Field returns the field called name, or nil.
func (t *Type) Field(name string) *Field {
	all := fields[t.first:t.last]
	lo, hi := 0, len(all)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch c := all[mid].Name; {
		case c == name:
			return &all[mid]
		case c < name:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return nil
}

// allows reports whether s is a value of the enum, or the type has none.
func (t *Type) allows(s string) bool {
	if t.Enum == nil || s == "" {
		return true
	}
	i := sort.SearchStrings(t.Enum, s)
	return i < len(t.Enum) && t.Enum[i] == s
}

// Kinds returns the kinds that are known.
func Kinds() []string {
	names := make([]string, kinds)
	for i := range names {
		names[i] = types[i].Name[strings.LastIndexByte(types[i].Name, '.')+1:]
	}
	return names
}

// Lookup returns the type of the objects of a kind of group argoproj.io, nil
// if the kind is not known.
func Lookup(kind string) *Type {
	for i := range types[:kinds] {
		name := types[i].Name
		if strings.HasSuffix(name, kind) && name[strings.LastIndexByte(name, '.')+1:] == kind {
			return &types[i]
		}
	}
	return nil
}

// Known reports whether the kind is known.
func Known(kind string) bool { return Lookup(kind) != nil }

// Of returns the type of an object by its apiVersion and kind, nil if it is
// not known.
func Of(object *manifest.Node) *Type {
	if !strings.HasPrefix(object.Get("apiVersion").Text(), "argoproj.io/") {
		return nil
	}
	return Lookup(object.Get("kind").Text())
}

// ByName returns the type with that Name, such as core.Container, or nil.
func ByName(name string) *Type {
	for i := range types {
		if types[i].Name == name && name != "" {
			return &types[i]
		}
	}
	return nil
}
