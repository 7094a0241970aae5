package main

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/schema/argo"
	"github.com/tiphys-dev/tiphys/lint/schema/events"
)

// kinds are the objects that the table begins with.
var kinds = []any{
	argo.Workflow{}, argo.WorkflowTemplate{}, argo.ClusterWorkflowTemplate{}, argo.CronWorkflow{}, argo.WorkflowEventBinding{},
	events.Sensor{}, events.EventSource{},
}

// decoders are the shapes of types that decode themselves.
var decoders = map[string]string{
	own + "argo.Free":            "Any",
	own + "argo.Item":            "Any",
	own + "argo.AnyString":       "AnyString",
	own + "argo.Amount":          "Number",
	own + "argo.Plugin":          "OneKey",
	own + "events.Free":          "Any",
	own + "events.Amount":        "Number",
	own + "events.Int64OrString": "Int64OrString",
	own + "events.K8SResource":   "Embedded",

	"k8s.io/apimachinery/pkg/util/intstr.IntOrString": "IntOrString",
	"k8s.io/apimachinery/pkg/api/resource.Quantity":   "Quantity",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":       "Time",
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":  "Time",
}

// free are fields that only controllers and the API server write.
var free = map[string]bool{
	"meta.ObjectMeta.managedFields":     true,
	"core.PersistentVolumeClaim.status": true,
}

// A model is all types, the kinds first.
type model struct {
	src   *sources
	types []*typ
	seen  map[string]*typ
}

type typ struct {
	index            int
	name, title, doc string
	shape            string
	enum             []string
	elem             *typ
	fields           []field
}

type field struct {
	name, doc         string
	since, until, use string
	typ               *typ
}

func build(src *sources) (*model, error) {
	m := &model{src: src, seen: map[string]*typ{}}
	// The kinds get the first indexes, before what they hold.
	for _, k := range kinds {
		m.add(typeName(reflect.TypeOf(k)))
	}
	for _, k := range kinds {
		if _, err := m.of(reflect.TypeOf(k)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func typeName(t reflect.Type) string { return packages[t.PkgPath()] + t.Name() }

// add enters a type under a key that tells it from all others.
func (m *model) add(key string) *typ {
	t := &typ{index: len(m.types)}
	m.types = append(m.types, t)
	m.seen[key] = t
	return t
}

// of returns the model of a Go type.
func (m *model) of(r reflect.Type) (*typ, error) {
	if r.Kind() == reflect.Pointer {
		return m.of(r.Elem())
	}
	if shape := decoders[r.PkgPath()+"."+r.Name()]; shape != "" {
		return m.scalar(shape, nil), nil
	}
	switch r.Kind() {
	case reflect.Struct:
		return m.object(r)
	case reflect.Map:
		return m.collection("Map", r)
	case reflect.Slice:
		if r.Elem().Kind() == reflect.Uint8 {
			return m.scalar("Bytes", nil), nil
		}
		return m.collection("List", r)
	case reflect.String:
		return m.string(r), nil
	}
	shape := map[reflect.Kind]string{reflect.Bool: "Bool", reflect.Int32: "Int32", reflect.Int64: "Int64", reflect.Uint64: "Uint64"}[r.Kind()]
	if shape == "" {
		return nil, fmt.Errorf("type %s has no shape", r)
	}
	return m.scalar(shape, nil), nil
}

// string returns the type of strings, closed or not.
func (m *model) string(r reflect.Type) *typ {
	enum := m.src.enums[typeName(r)]
	if len(enum) == 0 {
		return m.scalar("String", nil)
	}
	t := m.scalar("String "+typeName(r), enum)
	t.name, t.shape = typeName(r), "String"
	return t
}

func (m *model) scalar(key string, enum []string) *typ {
	if t := m.seen[key]; t != nil {
		return t
	}
	t := m.add(key)
	t.shape, t.enum = key, enum
	return t
}

func (m *model) collection(shape string, r reflect.Type) (*typ, error) {
	elem, err := m.of(r.Elem())
	if err != nil {
		return nil, err
	}
	key := fmt.Sprint(shape, r.Name(), elem.index)
	if t := m.seen[key]; t != nil {
		return t, nil
	}
	t := m.add(key)
	t.shape, t.elem = shape, elem
	if r.Name() != "" {
		m.describe(t, typeName(r))
	}
	return t, nil
}

// describe takes name, title and doc from the comment "X is TITLE: DOC."
func (m *model) describe(t *typ, name string) {
	t.name = name
	_, rest, ok := strings.Cut(strings.TrimSuffix(m.src.docs[name], "."), " is ")
	if !ok {
		return
	}
	t.title, t.doc, _ = strings.Cut(rest, ": ")
}

func (m *model) object(r reflect.Type) (*typ, error) {
	if _, ok := packages[r.PkgPath()]; !ok {
		return nil, fmt.Errorf("type %s is of no known package", r)
	}
	name := typeName(r)
	t := m.seen[name]
	if t == nil {
		t = m.add(name)
	}
	if t.shape != "" {
		return t, nil
	}
	t.shape = "Object"
	m.describe(t, name)
	if err := m.fields(t, r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	slices.SortFunc(t.fields, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	return t, nil
}

// fields adds the fields of r, and those of the structs that are inlined in it.
func (m *model) fields(t *typ, r reflect.Type) error {
	for i := range r.NumField() {
		f := r.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
			continue
		case name == "" && f.Anonymous:
			if err := m.fields(t, f.Type); err != nil {
				return err
			}
			continue
		case name == "":
			return fmt.Errorf("field %s has no JSON name", f.Name)
		}
		of, err := m.scalar("Any", nil), error(nil)
		if !free[typeName(r)+"."+name] {
			of, err = m.of(f.Type)
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", name, err)
		}
		t.fields = append(t.fields, field{
			name: name, typ: of, doc: m.src.fields[typeName(r)][f.Name],
			since: f.Tag.Get("since"), until: f.Tag.Get("until"), use: f.Tag.Get("use"),
		})
	}
	return nil
}

// kindName returns the kind of the objects of the type at an index.
func kindName(i int) string { return reflect.TypeOf(kinds[i]).Name() }
