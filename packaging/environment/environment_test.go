package environment_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/packaging/environment"
)

// files are a repository, by path.
type files map[string]string

// write makes the repository and goes there. Every repository has a chart "etl".
func (f files) write(t testing.TB) {
	t.Helper()
	t.Chdir(t.TempDir())
	f.put(t, ".git/HEAD", "")
	if _, ok := f["etl/Chart.yaml"]; !ok {
		f.put(t, "etl/Chart.yaml", "name: etl\n")
	}
	for name, text := range f {
		f.put(t, name, text)
	}
}

func (files) put(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func values(t testing.TB, env string) (*environment.Set, *environment.Values) {
	t.Helper()
	set, err := environment.Open("etl")
	if err != nil {
		t.Fatal(err)
	}
	e := set.Find(env)
	if e == nil {
		t.Fatalf("there is no %s among %v", env, set.Names())
	}
	v, err := set.Values(e)
	if err != nil {
		t.Fatal(err)
	}
	return set, v
}

func lines(findings []lint.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

func yaml(t testing.TB, v *environment.Values) string {
	t.Helper()
	var b bytes.Buffer
	if v.Root == nil {
		return ""
	}
	if err := v.WriteYAML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestOrder(t *testing.T) {
	f := files{"etl/values.yaml": "chart: 1\nv: 0\n"}
	want := "chart: 1  # etl/values.yaml:1\nv: 8  # etl/environments/prod/etl/secrets.yaml:1\n"
	order := []string{"environments/prod/", "environments/prod/etl/", "etl/environments/prod/", "etl/environments/prod/etl/"}
	for i, dir := range order {
		f[dir+"values.yaml"] = "v: " + strconv.Itoa(2*i+1) + "\n"
		f[dir+"secrets.yaml"] = "v: " + strconv.Itoa(2*i+2) + "\n"
	}
	f.write(t)
	for i := len(order) - 1; i >= 0; i-- {
		for _, name := range []string{"secrets.yaml", "values.yaml"} {
			_, v := values(t, "prod")
			want = "chart: 1  # etl/values.yaml:1\nv: " + strconv.Itoa(2*i+1) + "  # " + order[i] + name + ":1\n"
			if name == "secrets.yaml" {
				want = "chart: 1  # etl/values.yaml:1\nv: \"***\"  # " + order[i] + name + ":1\n"
			}
			if diff := cmp.Diff(want, yaml(t, v)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if err := os.Remove(order[i] + name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestPromotion(t *testing.T) {
	for name, test := range map[string]struct {
		from  map[string]string // environment -> promotedFrom
		order string
		want  string
	}{
		"a chain is listed from its start": {map[string]string{"a": "b", "b": "c", "c": ""}, "c b a", ""},
		"two chains, by name":              {map[string]string{"eu": "dev", "us": "dev", "dev": "", "ci": ""}, "ci dev eu us", ""},
		"a circle is told once": {map[string]string{"a": "b", "b": "c", "c": "a", "d": "c"}, "a b c d",
			"environments/a/environment.yaml:1:15: error: environment \"a\" is promoted from itself: a <- b <- c <- a [promotion-cycle]\n"},
		"from itself": {map[string]string{"a": "a"}, "a",
			"environments/a/environment.yaml:1:15: error: environment \"a\" is promoted from itself: a <- a [promotion-cycle]\n"},
		"from nowhere": {map[string]string{"dev": "", "prod": "qs", "qa": "dev"}, "dev prod qa",
			"environments/prod/environment.yaml:1:15: error: environment \"prod\" is promoted from \"qs\", which is not there; did you mean \"qa\"?; the environments are dev, prod, qa [environment-unknown]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := files{}
			for env, from := range test.from {
				f["environments/"+env+"/environment.yaml"] = "promotedFrom: " + from + "\n"
			}
			f.write(t)
			set, err := environment.Open("etl")
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(set.Names(), " "); got != test.order {
				t.Errorf("order %s, want %s", got, test.order)
			}
			if diff := cmp.Diff(test.want, lines(set.Findings)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for _, e := range set.Environments { // a circle does not keep us
				if _, err := set.Values(e); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

const sops = "sops:\n  mac: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]\n"

func enc(typ string) string { return "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:" + typ + "]" }

func TestFindings(t *testing.T) {
	for name, test := range map[string]struct {
		files files
		want  string // without "environments/prod/" and the rest of the line of a long one
	}{
		"nothing there": {files{"environments/prod/x": ""}, ""},
		"empty files are fine": {files{"etl/values.yaml": "", "environments/prod/environment.yaml": "# later\n",
			"environments/prod/values.yaml": "---\n", "environments/prod/secrets.yaml": "{}\n"}, ""},
		"a setting of environment.yaml is not what it should be": {files{"environments/prod/environment.yaml": "namespace: Prod\ncontext: 1\npolicies: strict\npromotedFrom: \"\"\n"},
			`environment.yaml:1:12: error: namespace "Prod" ` + "\n" +
				"environment.yaml:2:10: error: context must be a string, not an integer [environment-field-wrong]\n" +
				"environment.yaml:3:11: error: policies must be a list of names, not a string [environment-field-wrong]\n" +
				"environment.yaml:4:15: error: promotedFrom is empty: give it a value, or remove it [environment-field-wrong]\n"},
		"environment.yaml is a list": {files{"environments/prod/environment.yaml": "[a]\n"},
			"environment.yaml:1:2: error: this is a list, and should be a map of keys and values [values-not-a-map]\n"},
		"broken YAML": {files{"environments/prod/values.yaml": "a: 1\nb: [\n"},
			"values.yaml:3:1: error: expected a value [yaml-syntax]\n"},
		"a key twice": {files{"environments/prod/values.yaml": "a: 1\na: 2\n"},
			"values.yaml:2:1: error: key \"a\" is already set on line 1: keep one of the two [key-duplicate]\n"},
		"a second document": {files{"environments/prod/values.yaml": "a: 1\n---\nb: 2\n"},
			"values.yaml:3:1: error: a second document begins here, and Helm reads only the first: put all values into one [values-not-a-map]\n"},
		"a secret beside encrypted ones": {files{"environments/prod/secrets.yaml": "a: " + enc("str") + "\nb: [x, \"\", null]\nc_unencrypted: y\n" + sops},
			"secrets.yaml:2:5: error: \"b[0]\" lies in the clear in an encrypted file: encrypt it with sops edit [secrets-not-encrypted]\n"},
		"only some keys are encrypted": {files{"environments/prod/secrets.yaml": "a: x\npassword: " + enc("str") + "\n" + sops + "  encrypted_regex: ^pass\n"}, ""},
		"ciphertext without metadata": {files{"environments/prod/secrets.yaml": "a: " + enc("str") + "\n"},
			`secrets.yaml:1:1: error: what SOPS needs to decrypt this file, the key "sops" with its mac, is not there: encrypt the file anew [secrets-not-encrypted]` + "\n"},
		"the name of a chart that leads elsewhere": {files{"etl/Chart.yaml": "name: ../../x\n", "environments/prod/x": ""},
			`etl/Chart.yaml:1:7: error: "../../x" cannot be the name of a chart [environment-field-wrong]` + "\n"},
		"a file in place of the folder of the chart": {files{"environments/prod/etl": ""},
			"etl/secrets.yaml:1:1: error: environments/prod/etl is a file, and should be a folder [environment-file-unreadable]\n" +
				"etl/values.yaml:1:1: error: environments/prod/etl is a file, and should be a folder [environment-file-unreadable]\n"},
		"a map of the environment before": {files{"environments/qa/values.yaml": "a:\n  b: 1\n  c: {d: 1, e: 2}\nf: 1\ng: 1\nh: {}\n",
			"environments/prod/environment.yaml": "promotedFrom: qa\n", "environments/prod/values.yaml": "a: {b: 2}\ng: null\n", "etl/values.yaml": "f: \"\"\n"},
			`environments/qa/values.yaml:3:3: warning: "a.c" is set in environment "qa" and missing in "prod", which is promoted from it [environment-value-missing]` + "\n" +
				`environments/qa/values.yaml:4:1: warning: "f" is set in environment "qa" and missing in "prod", which is promoted from it [environment-value-missing]` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			test.files.write(t)
			_, v := values(t, "prod")
			got := strings.ReplaceAll(lines(v.Findings), "environments/prod/", "")
			got = strings.ReplaceAll(got, ": etl is a file", ": environments/prod/etl is a file")
			if name == "a setting of environment.yaml is not what it should be" {
				first, rest, _ := strings.Cut(got, "\n")
				got = first[:min(len(first), len(`environment.yaml:1:12: error: namespace "Prod" `))] + "\n" + rest
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestSchema(t *testing.T) {
	for name, test := range map[string]struct{ schema, values, want string }{
		"nothing wrong":        {`{"properties": {"a": {"type": "integer"}}}`, "a: 1\n", ""},
		"required at the root": {`{"required": ["a"]}`, "b: 1\n", `values.yaml:1:1: "a" is required by the schema, and is not set`},
		"required in a map":    {`{"properties": {"b": {"required": ["a"]}}}`, "b: {c: 1}\n", `values.yaml:1:1: "a" is required by the schema in b, and is not set`},
		"in an item of a list": {`{"properties": {"l": {"items": {"type": ["string", "null"]}}}}`, "l:\n- x\n- 2\n",
			"values.yaml:3:3: l[1] must be a string or null, not the integer 2"},
		"near a key behind a reference": {`{"$ref": "#/definitions/r~1t", "definitions": {"r/t": {"properties": {"image": {}}, "additionalProperties": false}}}`, "imagee: 1\n",
			`values.yaml:1:1: unknown key "imagee"; did you mean "image"?; the schema knows image`},
		"a key with dots": {`{"properties": {"a.b": {"properties": {"c": {"type": "string"}}}}}`, "a.b: {c: 1}\n", `values.yaml:1:10: ["a.b"].c must be a string, not the integer 1`},
		"a number out of bounds": {`{"properties": {"num": {"maximum": 3}, "m": {"minimum": 3}}}`, "num: 4\nm: 1\n",
			"values.yaml:1:6: num must be 3 or less\nvalues.yaml:2:4: m must be 3 or more"},
		"an alternative":        {`{"properties": {"num": {"anyOf": [{"type": "string"}, {"type": "boolean"}]}}}`, "num: 4\n", "values.yaml:1:6: num must be a string, not the integer 4"},
		"a schema of 2020-12":   {`{"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": {"a": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/a"}}}`, "a: 1\n", "values.yaml:1:4: a must be a string, not the integer 1"},
		"a schema with a name":  {`{"$id": "https://example.com/s.json", "properties": {"a": {"$ref": "https://example.com/s.json#/definitions/a"}}, "definitions": {"a": {"type": "string"}}}`, "a: 1\n", "values.yaml:1:4: a must be a string, not the integer 1"},
		"a recursive schema":    {`{"properties": {"in": {"$ref": "#"}, "v": {"type": "integer"}}}`, "in: {in: {v: x}}\n", `values.yaml:1:14: in.in.v must be an integer, not the string "x"`},
		"a schema of the net":   {`{"properties": {"a": {"$ref": "http://127.0.0.1:1/x.json"}}}`, "", `etl/values.schema.json:1:31: "http://127.0.0.1:1/x.json" is not followed: only references within the file are, like #/definitions/name`},
		"a schema of a file":    {`{"$ref": "file:///etc/passwd"}`, "", `etl/values.schema.json:1:10: "file:///etc/passwd" is not followed: only references within the file are, like #/definitions/name`},
		"a reference to nobody": {`{"$ref": "#/definitions/a"}`, "", `etl/values.schema.json:1:10: "#/definitions/a" is not in this file`},
		"without an end":        {`{"allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": {"anyOf": [{"$ref": "#"}]}}}`, "", `etl/values.schema.json:1:2: this schema refers to itself for the same value, which never ends`},
		"no type":               {`{"properties": {"a": {"type": "int"}}}`, "", `etl/values.schema.json:1:31: "int" is no type of JSON Schema; they are array, boolean, integer, null, number, object, string`},
		"no pattern":            {`{"properties": {"a": {"pattern": "("}}}`, "", "etl/values.schema.json:1:34: pattern \"(\" is no regular expression of Go: missing closing ): `(`"},
		"no schema":             {`{"properties": 3}`, "", "etl/values.schema.json:1:1: this is no JSON Schema: properties must be of type object"},
		"no JSON":               {`{"properties": }`, "", "etl/values.schema.json:1:16: expected a value, found \"}\""},
		"a name like a keyword": {`{"properties": {"$ref": {"type": "string"}, "id": {"type": "string"}, "enum": {"properties": {"$id": {"type": "string"}}}}, "additionalProperties": false}`, "id: x\n$ref: r\nenum: {$id: z}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			files{"etl/values.schema.json": test.schema, "environments/prod/values.yaml": test.values}.write(t)
			_, v := values(t, "prod")
			var got []string
			for _, f := range v.Findings {
				at := f.Span.File.Position(f.Span.Start)
				got = append(got, strings.TrimPrefix(f.Span.File.Name, "environments/prod/")+":"+strconv.Itoa(at.Line)+":"+strconv.Itoa(at.Column)+": "+f.Message)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A placeholder has the type of what was encrypted, and no other property of it.
func TestPlaceholders(t *testing.T) {
	schema := `{"properties": {
		"s": {"type": "string", "minLength": 9, "pattern": "^x", "enum": ["xxxxxxxxx"]},
		"i": {"type": "integer", "minimum": 7}, "b": {"const": true, "type": "boolean"},
		"c": {"oneOf": [{"properties": {"k": {"const": "a"}}}, {"properties": {"k": {"const": "b"}}}]},
		"if": {"if": {"properties": {"k": {"const": "a"}}}, "then": {}, "else": {"required": ["z"]}},
		"w": {"type": "string"}, "f": {"type": "integer"}}}`
	secrets := "s: " + enc("str") + "\ni: " + enc("int") + "\nb: " + enc("bool") + "\nc: {k: \"" + enc("str") + "\"}\nif: {k: \"" + enc("str") + "\"}\n"
	files{"etl/values.schema.json": schema, "environments/prod/secrets.yaml": secrets + "w: " + enc("int") + "\nf: " + enc("float") + "\n" + sops}.write(t)
	_, v := values(t, "prod")
	want := "environments/prod/secrets.yaml:6:1: error: w must be a string, not an encrypted integer [values-type-wrong]\n"
	if diff := cmp.Diff(want, lines(v.Findings)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A choice inside of a choice, thirty times, would take 2^30 steps.
func TestIntricateSchemaEnds(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"$ref": "#/definitions/d0", "definitions": {`)
	for i := range 30 {
		next := `{"$ref": "#/definitions/d` + strconv.Itoa(i+1) + `"}`
		b.WriteString(`"d` + strconv.Itoa(i) + `": {"allOf": [` + next + `, ` + next + `]}, `)
	}
	b.WriteString(`"d30": {"type": "object"}}}`)
	files{"etl/values.schema.json": b.String(), "environments/prod/values.yaml": "a: 1\n"}.write(t)
	_, v := values(t, "prod")
	if got := lines(v.Findings); !strings.Contains(got, "more than 10000 schemas") {
		t.Errorf("got %s", got)
	}
}

func TestSameAgain(t *testing.T) {
	files{
		"etl/values.yaml": "b: {x: 1, a: 2}\na: [1, {z: 1, y: 2}]\n", "etl/values.schema.json": `{"additionalProperties": false}`,
		"environments/dev/values.yaml": "q: 1\nr: 1\n", "environments/prod/environment.yaml": "promotedFrom: dev\nx: 1\n",
		"environments/prod/values.yaml": "n: 1\nm: 2\nb: {c: 1}\n", "environments/prod/secrets.yaml": "s: 1\n",
	}.write(t)
	set, first := values(t, "prod")
	for range 10 {
		_, again := values(t, "prod")
		same, err := set.Values(set.Find("prod"))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []*environment.Values{again, same} {
			if diff := cmp.Diff(yaml(t, first)+lines(first.Findings), yaml(t, v)+lines(v.Findings)); diff != "" {
				t.Fatal(diff)
			}
		}
	}
}

// everything is all that can be printed about an environment.
func everything(t testing.TB, set *environment.Set, v *environment.Values) string {
	t.Helper()
	var b bytes.Buffer
	for _, f := range report.Formats() {
		r := report.Report{Findings: v.Findings, Files: v.Files, Rules: environment.Rules()}
		if err := report.Write(&b, report.Format(f), r, report.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	b.WriteString(yaml(t, v))
	if v.Root != nil {
		if err := set.WriteJSON(&b, v); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

const strict = `{"properties": {"a": {"type": "object", "properties": {"b": {"type": "string", "pattern": "^q", "maxLength": 2}, "n": {"type": "integer", "maximum": 1}, "l": {"uniqueItems": true, "items": {"enum": ["CANARI"]}}}, "additionalProperties": false}, "c": {"const": "CANARI"}, "d": {"anyOf": [{"format": "ipv4", "type": "string"}]}}, "additionalProperties": false}`

// No text of a file of secrets is printed, but its keys.
func TestCanary(t *testing.T) {
	for _, secrets := range []string{
		"CANARY", "- CANARY\n", "a: CANARY\n", "a: {b: CANARY, n: CANARY, l: [CANARY, CANARY]}\n", "c: CANARY # CANARY\n", "# CANARY\nc: 1\n",
		"c: |\n  CANARY\n  CANARY\n", "c: >-\n  x CANARY\nd: \"CANARY\n  CANARY\"\n", "c: *CANARY\n", "c: &CANARY x\nd: *CANARY\n", "c: !CANARY x\n",
		"a: 1\nCANARY\n", "a: 1\n  b: [CANARY\n", "c: [CANARY, {CANARY\n", "c: 'CANARY\n", "c: \"CANARY \\q\"\n", "c: CANARY: x\n", "c: - CANARY\n",
		"\tc: CANARY\n", "c: %CANARY\n", "c: @CANARY\n", "c: `CANARY\n", "c: {{ CANARY }}\n", "c: CANARY\n---\nd: CANARY\n", "c: 1\n--- CANARY\n", "c: \xffCANARY\n", "{\"c\": \"CANARY\"", "{\"c\": \"CANARY\",}",
		"c: CANARY\nc: CANARY\n", "c: &a CANARY\n? *a\n: x\n", "c: CANARY é€😀 CANARY\n", "c: " + enc("str") + "\nd: CANARY\n" + sops, "c: ENC[CANARY\nsops: {mac: CANARY}\n",
		"d: 1.CANARY\na: {b: 1CANARY}\nx: [[CANARY]]\n", "<<: CANARY\n", "a: {<<: [CANARY]}\n", "d: !!int CANARY\n", "d: !!binary CANARY\n", "%YAML CANARY\n---\nc: CANARY\n",
	} {
		f := files{"etl/values.schema.json": strict, "environments/prod/secrets.yaml": secrets,
			"environments/next/environment.yaml": "promotedFrom: prod\n", "environments/next/etl/values.yaml": "a: {}\n"}
		f.write(t)
		for _, env := range []string{"prod", "next"} {
			set, v := values(t, env)
			for line := range strings.Lines(everything(t, set, v)) {
				if strings.Contains(line, "CANARY") {
					t.Errorf("of %q in %s, this is printed: %s", secrets, env, line)
				}
			}
		}
	}
}

func FuzzSecrets(f *testing.F) {
	f.Add("a: {b: %, n: %}\n")
	f.Add("c: |\n  %\nd: *%\n")
	f.Add("c: [%, {%\n")
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ReplaceAll(text, "%", "zqCANARYqz")
		files{"etl/values.schema.json": strict, "environments/prod/secrets.yaml": text}.write(t)
		set, v := values(t, "prod")
		if v.Root != nil {
			keys := false
			v.Root.Leaves(func(l *environment.Value) { keys = keys || strings.Contains(l.Path(), "CANARY") })
			if keys {
				return
			}
		}
		for _, finding := range v.Findings {
			if strings.Contains(finding.Path, "CANARY") {
				return
			}
		}
		if got := everything(t, set, v); strings.Contains(got, "CANARY") {
			t.Errorf("of %q this is printed:\n%s", text, got)
		}
	})
}

func TestManyAlike(t *testing.T) {
	var b strings.Builder
	for i := range 1500 {
		b.WriteString("k" + strconv.Itoa(i) + ": 1\n")
	}
	files{"etl/values.schema.json": `{"additionalProperties": false}`, "environments/prod/values.yaml": b.String() + "k1: 2\n"}.write(t)
	_, v := values(t, "prod")
	if len(v.Findings) != 1001 || !strings.Contains(lines(v.Findings), "this and 500 more like the ones above") {
		t.Errorf("%d findings, the last two %s", len(v.Findings), lines(v.Findings[len(v.Findings)-2:]))
	}
}
