package upgrade

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/api"
)

// meant are changes of a served version that take something away, and why they
// may: "KIND/VERSION PATH: WHAT" as the test tells it, without what it says of
// the values.
var meant = map[string]string{}

// TestServedVersionsOnlyGrow: what an API server took once, it takes still, and
// gives back whole. A field that is gone would be cut out of what is stored, with
// the next write, and nobody would be told.
func TestServedVersionsOnlyGrow(t *testing.T) {
	now := current(t)
	for _, version := range versions(t) {
		for _, old := range version.crds(t) {
			t.Run(version.name+"/"+old.Name, func(t *testing.T) {
				for _, problem := range compare(old, now[old.Name]) {
					key, _, _ := strings.Cut(problem, ": ")
					if why, ok := meant[key]; ok {
						t.Logf("%s (meant so: %s)", problem, why)
						continue
					}
					t.Errorf("%s\nwhat is stored or applied by version %q breaks: serve a new version of the kind instead, or say in meant why nobody can be hurt", problem, version.name)
				}
			})
		}
	}
}

// current are the kinds of now, by name.
func current(t testing.TB) map[string]*apiextensions.CustomResourceDefinition {
	t.Helper()
	all := map[string]*apiextensions.CustomResourceDefinition{}
	files, err := fs.Glob(api.CRDs, "crds/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := api.CRDs.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c := parse(t, string(text))
		all[c.Name] = c
	}
	return all
}

func parse(t testing.TB, text string) *apiextensions.CustomResourceDefinition {
	t.Helper()
	var c apiextensions.CustomResourceDefinition
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// compare tells what a newer definition does not take or keep any more.
func compare(old, now *apiextensions.CustomResourceDefinition) (problems []string) {
	if now == nil {
		return []string{old.Spec.Names.Kind + ": the kind is gone"}
	}
	if old.Spec.Group != now.Spec.Group || old.Spec.Scope != now.Spec.Scope || old.Spec.Names.Plural != now.Spec.Names.Plural || old.Spec.Names.Kind != now.Spec.Names.Kind {
		problems = append(problems, fmt.Sprintf("%s: its group, scope or names are others", old.Spec.Names.Kind))
	}
	for _, v := range old.Spec.Versions {
		place := old.Spec.Names.Kind + "/" + v.Name
		i := slices.IndexFunc(now.Spec.Versions, func(n apiextensions.CustomResourceDefinitionVersion) bool { return n.Name == v.Name })
		switch {
		case v.Served && (i < 0 || !now.Spec.Versions[i].Served):
			problems = append(problems, place+": the version is not served any more")
		case i < 0:
		default:
			if v.Subresources != nil && v.Subresources.Status != nil && (now.Spec.Versions[i].Subresources == nil || now.Spec.Versions[i].Subresources.Status == nil) {
				problems = append(problems, place+": it has no status of its own any more")
			}
			narrower(place, "", v.Schema.OpenAPIV3Schema, now.Spec.Versions[i].Schema.OpenAPIV3Schema, &problems)
		}
	}
	return problems
}

// narrower goes through two schemas of one field.
func narrower(place, path string, old, now *apiextensions.JSONSchemaProps, problems *[]string) {
	say := func(format string, args ...any) {
		*problems = append(*problems, strings.TrimSuffix(place+" "+path, " ")+": "+fmt.Sprintf(format, args...))
	}
	if old.Type != now.Type || old.Format != now.Format || old.XIntOrString != now.XIntOrString || old.Nullable && !now.Nullable {
		say("its type was %s and is %s", typeOf(old), typeOf(now))
		return
	}
	if open(old) && !open(now) {
		say("it kept unknown fields, and keeps them no more")
	}
	bounds(old, now, say)
	for _, name := range now.Required {
		if !slices.Contains(old.Required, name) {
			say("%s is required now", name)
		}
	}
	for name, property := range old.Properties {
		is, ok := now.Properties[name]
		if !ok {
			if !open(now) {
				say("the field %s is gone", name)
			}
			continue
		}
		narrower(place, path+"."+name, &property, &is, problems)
	}
	if old.Items != nil && old.Items.Schema != nil && now.Items != nil && now.Items.Schema != nil {
		narrower(place, path+"[]", old.Items.Schema, now.Items.Schema, problems)
	}
	switch a, b := old.AdditionalProperties, now.AdditionalProperties; {
	case a != nil && b == nil:
		say("it took any key, and takes none")
	case a != nil && a.Schema != nil && b.Schema != nil:
		narrower(place, path+"[*]", a.Schema, b.Schema, problems)
	}
	if list, is := text(old.XListType), text(now.XListType); list != is || !slices.Equal(old.XListMapKeys, now.XListMapKeys) || text(old.XMapType) != text(now.XMapType) {
		say("lists of it were merged as %q by %v, and are as %q by %v", list, old.XListMapKeys, is, now.XListMapKeys)
	}
}

// bounds compares what values are taken.
func bounds(old, now *apiextensions.JSONSchemaProps, say func(string, ...any)) {
	if len(now.Enum) > 0 {
		for _, one := range old.Enum {
			if !slices.ContainsFunc(now.Enum, func(n apiextensions.JSON) bool { return string(n.Raw) == string(one.Raw) }) {
				say("the value %s is gone", one.Raw)
			}
		}
		if len(old.Enum) == 0 {
			say("it took any value, and takes %d", len(now.Enum))
		}
	}
	if now.Pattern != "" && old.Pattern != now.Pattern {
		say("its pattern was %q and is %q", old.Pattern, now.Pattern)
	}
	for name, pair := range map[string][2]*int64{"maxLength": {old.MaxLength, now.MaxLength}, "maxItems": {old.MaxItems, now.MaxItems}, "maxProperties": {old.MaxProperties, now.MaxProperties}} {
		if was, is := pair[0], pair[1]; is != nil && (was == nil || *is < *was) {
			say("%s was %s and is %d", name, number(was), *is)
		}
	}
	for name, pair := range map[string][2]*int64{"minLength": {old.MinLength, now.MinLength}, "minItems": {old.MinItems, now.MinItems}, "minProperties": {old.MinProperties, now.MinProperties}} {
		if was, is := pair[0], pair[1]; is != nil && *is > 0 && (was == nil || *is > *was) {
			say("%s was %s and is %d", name, number(was), *is)
		}
	}
	if is := now.Maximum; is != nil && (old.Maximum == nil || *is < *old.Maximum) {
		say("its maximum is %v now", *is)
	}
	if is := now.Minimum; is != nil && (old.Minimum == nil || *is > *old.Minimum) {
		say("its minimum is %v now", *is)
	}
	for _, rule := range now.XValidations {
		if !slices.ContainsFunc(old.XValidations, func(r apiextensions.ValidationRule) bool { return r.Rule == rule.Rule }) {
			say("the rule %q is new", rule.Rule)
		}
	}
	if old.Default != nil && (now.Default == nil || string(now.Default.Raw) != string(old.Default.Raw)) {
		say("its default was %s and is %s", old.Default.Raw, raw(now.Default))
	}
}

func open(s *apiextensions.JSONSchemaProps) bool {
	return s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields || s.AdditionalProperties != nil
}

func typeOf(s *apiextensions.JSONSchemaProps) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s", s.Type, s.Format)) + map[bool]string{true: " or null"}[s.Nullable] + map[bool]string{true: " (int or string)"}[s.XIntOrString]
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func number(n *int64) string {
	if n == nil {
		return "none"
	}
	return fmt.Sprint(*n)
}

func raw(j *apiextensions.JSON) string {
	if j == nil {
		return "none"
	}
	return string(j.Raw)
}

// TestCompare: the guard sees what it is there for.
func TestCompare(t *testing.T) {
	const of = `metadata: {name: things.x.dev}
spec:
  group: x.dev
  scope: Namespaced
  names: {kind: Thing, plural: things}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [a]
              properties:
                a: {type: string, enum: [x, z], maxLength: 10}
                b: {type: array, maxItems: 5, items: {type: object, properties: {c: {type: integer, default: 1}}}}
                d: {type: object, additionalProperties: {type: string}}
                e: {type: object, x-kubernetes-preserve-unknown-fields: true}
`
	for name, test := range map[string]struct{ from, to, want string }{
		"nothing":           {"a: {", "a: {", ""},
		"a field more":      {"                d:", "                f: {type: string}\n                d:", ""},
		"wider":             {"maxLength: 10", "maxLength: 20", ""},
		"a value more":      {"[x, z]", "[x, z, w]", ""},
		"a field less":      {"                d: {type: object, additionalProperties: {type: string}}\n", "", "Thing/v1 .spec: the field d is gone"},
		"a deep field less": {"c: {type: integer, default: 1}", "", "Thing/v1 .spec.b[]: the field c is gone"},
		"another type":      {"c: {type: integer", "c: {type: string", "Thing/v1 .spec.b[].c: its type was integer and is string"},
		"a value less":      {"[x, z]", "[x]", `Thing/v1 .spec.a: the value "z" is gone`},
		"shorter":           {"maxLength: 10", "maxLength: 9", "Thing/v1 .spec.a: maxLength was 10 and is 9"},
		"fewer":             {"maxItems: 5", "maxItems: 4", "Thing/v1 .spec.b: maxItems was 5 and is 4"},
		"a pattern":         {"maxLength: 10", "maxLength: 10, pattern: x", `Thing/v1 .spec.a: its pattern was "" and is "x"`},
		"one more required": {"required: [a]", "required: [a, b]", "Thing/v1 .spec: b is required now"},
		"another default":   {"default: 1", "default: 2", "Thing/v1 .spec.b[].c: its default was 1 and is 2"},
		"a rule":            {"maxItems: 5", "maxItems: 5, x-kubernetes-validations: [{rule: self.size() > 1}]", `Thing/v1 .spec.b: the rule "self.size() > 1" is new`},
		"no unknown fields": {", x-kubernetes-preserve-unknown-fields: true", "", "Thing/v1 .spec.e: it kept unknown fields, and keeps them no more"},
		"not served":        {"served: true", "served: false", "Thing/v1: the version is not served any more"},
		"no status":         {"      subresources: {status: {}}\n", "", "Thing/v1: it has no status of its own any more"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(of, test.from) {
				t.Fatal("there is nothing to change")
			}
			got := strings.Join(compare(parse(t, of), parse(t, strings.Replace(of, test.from, test.to, 1))), "\n")
			if got != test.want {
				t.Errorf("it tells %q and not %q", got, test.want)
			}
		})
	}
	if got := compare(parse(t, of), nil); len(got) != 1 {
		t.Errorf("of a kind that is gone it tells %q", got)
	}
}
