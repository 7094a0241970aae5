package rego

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// functions are the functions of Rego that a module may call: those that are
// functions of their arguments and end. A list of what is allowed, because one
// of what is forbidden is out of date with every release of OPA.
const functions = `
abs and array.concat array.flatten array.reverse array.slice assign
base64.decode base64.encode base64.is_valid base64url.decode base64url.encode base64url.encode_no_pad
bits.and bits.lsh bits.negate bits.or bits.rsh bits.xor
ceil concat contains count crypto.md5 crypto.sha1 crypto.sha256 div endswith eq equal floor format_int
glob.match glob.quote_meta graph.reachable gt gte hex.decode hex.encode indexof indexof_n
internal.member_2 internal.member_3 internal.print internal.template_string internal.test_case
intersection is_array is_boolean is_null is_number is_object is_set is_string
json.filter json.is_valid json.marshal json.marshal_with_options json.patch json.remove json.unmarshal
lower lt lte max min minus mul neq numbers.range numbers.range_step
object.filter object.get object.keys object.remove object.subset object.union object.union_n
or plus print product regex.find_all_string_submatch_n regex.find_n regex.is_valid regex.match
regex.replace regex.split regex.template_match rego.metadata.chain rego.metadata.rule rem replace round
semver.compare semver.is_valid sort split sprintf startswith strings.any_prefix_match
strings.any_suffix_match strings.count strings.replace_n strings.reverse
strings.split_n substring sum
time.add_date time.clock time.date time.diff time.format time.parse_duration_ns time.parse_ns
time.parse_rfc3339_ns time.weekday
to_number trim trim_left trim_prefix trim_right trim_space trim_suffix type_name
union units.parse units.parse_bytes upper uri.is_valid uri.parse
urlquery.decode urlquery.decode_object urlquery.encode urlquery.encode_object uuid.parse
walk yaml.is_valid yaml.marshal yaml.unmarshal
`

// allowed are the names of functions, sorted.
var allowed = slices.Sorted(strings.FieldsSeq(functions))

// capabilities are what modules are compiled against.
var capabilities = restrict(ast.CapabilitiesForThisVersion())

func restrict(all *ast.Capabilities) *ast.Capabilities {
	c := &ast.Capabilities{
		Features:       []string{ast.FeatureRegoV1, ast.FeatureRefHeadStringPrefixes, ast.FeatureRefHeads, ast.FeatureRegoV1Import, ast.FeatureKeywordsInRefs, ast.FeatureTemplateStrings},
		FutureKeywords: all.FutureKeywords,
		AllowNet:       []string{},
	}
	for _, b := range all.Builtins {
		if _, ok := slices.BinarySearch(allowed, b.Name); ok {
			c.Builtins = append(c.Builtins, b)
		}
	}
	for _, b := range own {
		c.Builtins = append(c.Builtins, b.Decl)
	}
	for _, b := range guards {
		c.Builtins = append(c.Builtins, b.Decl)
	}
	slices.SortFunc(c.Builtins, func(a, b *ast.Builtin) int { return strings.Compare(a.Name, b.Name) })
	return c
}

// refused says why a function is not to be had, and what to do instead.
func refused(name string) string {
	why := func(reason, instead string) string {
		return "function " + name + " is not allowed in a policy: " + reason + "; " + instead
	}
	space, _, _ := strings.Cut(name, ".")
	switch {
	case name == "http.send" || name == "net.lookup_ip_addr" || strings.HasPrefix(name, "providers."):
		return why("it reaches the network", "what is known of the cluster is in input.tiphys")
	case name == "opa.runtime":
		return why("it reads the environment of the process", "give what the rule needs in parameters")
	case name == "time.now_ns":
		return why("the same object would be judged differently tomorrow", "give the day in parameters")
	case space == "rand" || name == "uuid.rfc4122":
		return why("it answers by chance", "a rule must judge the same object always the same")
	case name == "rego.parse_module":
		return why("it reads Rego from data", "write the rule in the module")
	case name == "strings.render_template":
		return why("a template may loop for ever, and no deadline ends it", "use sprintf or a template string")
	case name == "trace":
		return why("it writes to a trace", "use print, which tiphys policy test shows")
	case name == "json.match_schema" || name == "json.verify_schema":
		return why("a schema may refer to the network", "test the fields one by one")
	case space == "io" || space == "crypto" || space == "net" || space == "graphql":
		return why("it is not for judging workflows", "compare fields as text or numbers")
	}
	if slices.ContainsFunc(ast.Builtins[:], func(b *ast.Builtin) bool { return b.Name == name }) {
		return why("it may take endless time or is deprecated", "see docs/rego.md for the functions there are")
	}
	names := append([]string{}, allowed...)
	for _, b := range own {
		names = append(names, b.Decl.Name)
	}
	return "function " + name + " does not exist" + near.Hint(name, names)
}
