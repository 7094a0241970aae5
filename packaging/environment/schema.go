package environment

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xeipuuv/gojsonschema"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/patch"
)

// mostSteps bounds how many schemas one value may have to be checked against:
// each of a few nested choices may double their number.
const mostSteps = 10_000

// A schema is the values.schema.json of a chart.
type schema struct {
	doc  *document
	root *manifest.Node
	id   string // what the schema calls itself
	load *gojsonschema.Schema

	steps   map[*manifest.Node]int // see count
	endless bool
}

// schema reads the schema of the chart; nil when it has none that can be used.
func (s *Set) schema() (*schema, error) {
	d, err := s.reader.document(filepath.Join(s.Chart, schemaName), false)
	if err != nil {
		return nil, err
	}
	return s.schemaOf(d), nil
}

// schemaOf is the schema of a document; nil when it is none that can be used.
func (s *Set) schemaOf(d *document) *schema {
	if d == nil || d.root == nil || d.broken {
		return nil
	}
	c := &schema{doc: d, root: d.root, id: strings.TrimSuffix(idOf(d.root), "#"), steps: map[*manifest.Node]int{}}
	before := len(s.reader.found)
	c.visit(c.root, map[*manifest.Node]bool{}, func(n *manifest.Node) { c.checkSchema(&s.reader, n) })
	if len(s.reader.found) > before {
		return nil
	}
	loader := gojsonschema.NewSchemaLoader()
	loader.AutoDetect = draft.MatchString(d.root.Get("$schema").Text())
	var err error
	if c.load, err = loader.Compile(given{gojsonschema.NewRawLoader(c.document(d.root))}); err != nil {
		s.reader.report(ruleSchema, d.at(d.span(nil)), "", "this is no JSON Schema: %s", strings.Join(strings.Fields(err.Error()), " "))
		return nil
	}
	return c
}

// draft matches the drafts of JSON Schema that gojsonschema knows; what says
// to be of another is read as the newest of them.
var draft = regexp.MustCompile(`^http://json-schema\.org/draft-0[467]/schema#?$`)

func idOf(n *manifest.Node) string {
	if id := n.Get("$id"); id != nil {
		return id.Text()
	}
	return n.Get("id").Text()
}

// given hands a schema to gojsonschema, and nothing else: a schema must not
// make us fetch from the network, or read any file.
type given struct{ gojsonschema.JSONLoader }

func (given) LoaderFactory() gojsonschema.JSONLoaderFactory { return nowhere{} }

type nowhere struct{}

func (nowhere) New(name string) gojsonschema.JSONLoader {
	return elsewhere{gojsonschema.NewRawLoader(nil), name}
}

type elsewhere struct {
	gojsonschema.JSONLoader
	name string
}

func (e elsewhere) LoadJSON() (any, error) {
	return nil, errors.New(e.name + " is another file, and only references within the file are followed")
}

// The keywords that hold schemas: for the same value, and for what is below it.
var (
	sameLists  = [...]string{"allOf", "anyOf", "oneOf"}
	sameOnes   = [...]string{"not", "if", "then", "else"}
	belowOnes  = [...]string{"items", "additionalItems", "additionalProperties", "contains", "propertyNames"}
	belowMaps  = [...]string{"properties", "patternProperties", "definitions", "$defs"}
	jsonTypes  = [...]string{"array", "boolean", "integer", "null", "number", "object", "string"}
	idKeywords = [...]string{"id", "$id"}
)

// same returns the schemas that a value of n is checked against as well.
func (c *schema) same(n *manifest.Node) []*manifest.Node {
	var all []*manifest.Node
	if to := c.target(n.Get("$ref")); to != nil {
		all = append(all, to)
	}
	for _, key := range sameLists {
		all = append(all, n.Get(key).Items()...)
	}
	for _, key := range sameOnes {
		if one := n.Get(key); one != nil {
			all = append(all, one)
		}
	}
	return append(all, n.Get("dependencies").Fields()...)
}

func below(n *manifest.Node) []*manifest.Node {
	var all []*manifest.Node
	for _, key := range belowOnes {
		if one := n.Get(key); one != nil {
			all = append(append(all, one), one.Items()...)
		}
	}
	for _, key := range belowMaps {
		all = append(all, n.Get(key).Fields()...)
	}
	return all
}

// visit calls do for n and each schema it leads to, once.
func (c *schema) visit(n *manifest.Node, seen map[*manifest.Node]bool, do func(*manifest.Node)) {
	if n == nil || n.Kind != manifest.Map || seen[n] {
		return
	}
	seen[n] = true
	do(n)
	for _, m := range c.same(n) {
		c.visit(m, seen, do)
	}
	for _, m := range below(n) {
		c.visit(m, seen, do)
	}
}

// target returns the schema that a $ref leads to, nil when it leads out of the file.
func (c *schema) target(ref *manifest.Node) *manifest.Node {
	pointer, ok := c.pointer(ref)
	if !ok {
		return nil
	}
	at := c.root
	for _, part := range strings.Split(pointer, "/")[1:] {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		if items := at.Items(); items != nil {
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(items) {
				return nil
			}
			at = items[i]
			continue
		}
		at = at.Get(part)
	}
	if at == nil || at.Kind != manifest.Map && at.Kind != manifest.Bool {
		return nil
	}
	return at
}

// pointer returns the JSON pointer of a $ref into this file.
func (c *schema) pointer(ref *manifest.Node) (string, bool) {
	if ref == nil || ref.Kind != manifest.String {
		return "", false
	}
	base, fragment, _ := strings.Cut(ref.Value, "#")
	if base != "" && base != c.id {
		return "", false
	}
	pointer, err := url.PathUnescape(fragment)
	return pointer, err == nil && (pointer == "" || pointer[0] == '/')
}

// checkSchema reports what gojsonschema would not take, or would not end with.
func (c *schema) checkSchema(r *reader, n *manifest.Node) {
	wrong := func(at *manifest.Node, format string, args ...any) {
		r.report(ruleSchema, c.doc.span(at), at.Path(), "%s", fmt.Sprintf(format, args...))
	}
	if ref := n.Get("$ref"); ref != nil && c.target(ref) == nil {
		if _, local := c.pointer(ref); local {
			wrong(ref, "%q is not in this file", ref.Value)
		} else {
			wrong(ref, "%q is not followed: only references within the file are, like #/definitions/name", ref.Value)
		}
	}
	types := n.Get("type")
	if types != nil {
		for _, t := range append(types.Items(), types) {
			if t.Kind != manifest.List && !slices.Contains(jsonTypes[:], t.Text()) {
				wrong(t, "%q is no type of JSON Schema%s; they are %s", t.Text(), near.Hint(t.Text(), jsonTypes[:]), strings.Join(jsonTypes[:], ", "))
			}
		}
	}
	if p := n.Get("pattern"); p != nil {
		if _, err := regexp.Compile(p.Text()); err != nil {
			wrong(p, "pattern %q is no regular expression of Go: %s", p.Text(), reason(err))
		}
	}
	for _, p := range n.Get("patternProperties").Fields() {
		if _, err := regexp.Compile(p.Key.Value); err != nil {
			r.report(ruleSchema, c.doc.at(p.Key.Span()), p.Path(), "%q is no regular expression of Go: %s", p.Key.Value, reason(err))
		}
	}
	switch steps := c.count(n, map[*manifest.Node]bool{}); {
	case steps < 0 && !c.endless:
		c.endless = true // one of them will do
		wrong(n, "this schema refers to itself for the same value, which never ends")
	case steps > mostSteps && n == c.root:
		wrong(n, "a value would have to be checked against more than %d schemas", mostSteps)
	}
}

func reason(err error) string { return strings.TrimPrefix(err.Error(), "error parsing regexp: ") }

// count returns how many schemas a value of n is checked against, -1 when that
// has no end.
func (c *schema) count(n *manifest.Node, open map[*manifest.Node]bool) int {
	if n.Kind != manifest.Map {
		return 1
	}
	if steps, ok := c.steps[n]; ok {
		return steps
	}
	if open[n] {
		return -1
	}
	open[n] = true
	steps := 1
	for _, m := range c.same(n) {
		more := c.count(m, open)
		if more < 0 {
			steps = -1
			break
		}
		steps = min(steps+more, mostSteps+1)
	}
	delete(open, n)
	c.steps[n] = steps
	return steps
}

// document returns the schema as gojsonschema takes it: references in the one
// form, and no names that would change what they are relative to.
func (c *schema) document(n *manifest.Node) any { return c.convert(n, true) }

func (c *schema) convert(n *manifest.Node, isSchema bool) any {
	switch n.Kind {
	case manifest.Map:
		out := make(map[string]any, len(n.Children))
		for _, m := range n.Children {
			key := m.Key.Value
			if isSchema && slices.Contains(idKeywords[:], key) && m.Kind == manifest.String {
				continue
			}
			if isSchema && key == "$ref" {
				if pointer, ok := c.pointer(m); ok {
					out[key] = (&url.URL{Fragment: pointer}).String()
					if pointer == "" {
						out[key] = "#"
					}
					continue
				}
			}
			if isSchema && key == "$schema" && !draft.MatchString(m.Value) {
				continue
			}
			literal := isSchema && (key == "enum" || key == "const" || key == "default" || key == "examples")
			named := isSchema && (slices.Contains(belowMaps[:], key) || key == "dependencies")
			switch {
			case literal:
				out[key] = patch.Value(m)
			case named && m.Kind == manifest.Map:
				inner := make(map[string]any, len(m.Children))
				for _, one := range m.Children {
					inner[one.Key.Value] = c.convert(one, true)
				}
				out[key] = inner
			default:
				out[key] = c.convert(m, isSchema)
			}
		}
		return out
	case manifest.List:
		out := make([]any, len(n.Children))
		for i, m := range n.Children {
			out[i] = c.convert(m, isSchema)
		}
		return out
	}
	return patch.Value(n)
}

// names returns the keys that the schema knows at a place in the values.
func (c *schema) names(path []string) []string {
	at := c.closure([]*manifest.Node{c.root})
	for _, key := range path {
		var next []*manifest.Node
		for _, n := range at {
			if p := n.Get("properties").Get(key); p != nil {
				next = append(next, p)
				continue
			}
			for _, all := range []string{"additionalProperties", "items"} {
				if p := n.Get(all); p != nil {
					next = append(append(next, p), p.Items()...)
				}
			}
		}
		at = c.closure(next)
	}
	var names []string
	for _, n := range at {
		for _, p := range n.Get("properties").Fields() {
			names = append(names, p.Key.Value)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// closure adds the schemas that the same value is checked against.
func (c *schema) closure(at []*manifest.Node) []*manifest.Node {
	seen := map[*manifest.Node]bool{}
	var all []*manifest.Node
	var add func(n *manifest.Node)
	add = func(n *manifest.Node) {
		if n.Kind != manifest.Map || seen[n] {
			return
		}
		seen[n] = true
		all = append(all, n)
		for _, m := range c.same(n) {
			add(m)
		}
	}
	for _, n := range at {
		add(n)
	}
	return all
}
