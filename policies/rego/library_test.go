package rego_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies/rego"
)

// evaluate returns what the rules of a text say of an object, sorted.
func evaluate(t *testing.T, text string, in *rego.Input) (string, error) {
	t.Helper()
	results, err := compile(t, "package p\nimport data.tiphys.lib\n"+text).Eval(context.Background(), in)
	var lines []string
	for _, r := range results {
		lines = append(lines, r.Message)
	}
	return strings.Join(lines, "\n"), err
}

func TestLibrary(t *testing.T) {
	for what, c := range map[string]struct{ text, want string }{
		"labels":                      {`deny contains lib.labels.team`, "data"},
		"no annotations":              {`deny contains json.marshal(lib.annotations)`, "{}"},
		"templates":                   {`deny contains concat(" ", [t.name, t.type, t.path]) if some t in lib.templates`, "main dag spec.templates[0]\nwork container spec.templates[1]"},
		"pods":                        {`deny contains t.name if some t in lib.pods`, "work"},
		"an image with a port":        {`deny contains concat(" ", [c.image.registry, c.image.name, c.image.tag]) if some c in lib.containers`, "registry.example.com:5000 team/etl 1.4"},
		"where the image is":          {`deny contains c.image.path if some c in lib.containers`, "spec.templates[1].container.image"},
		"lists are merged by name":    {`deny contains e.name if some e in lib.containers[0].spec.env`, "A\nB"},
		"an image of the hub":         {`deny contains concat(" ", [i.registry, i.name, i.tag, i.digest]) if i := lib.image("alpine")`, "docker.io library/alpine"},
		"a tag is no port":            {`deny contains sprintf("%q", [lib.image("localhost:5000/x").tag])`, `""`},
		"an image that is none":       {`deny contains concat("", [i.registry, i.problem]) if i := lib.image("https://x")`, `it begins with "https://", and an image is no URL: leave that out`},
		"quantities":                  {`deny contains sprintf("%v %v %v", [lib.quantity("500m"), lib.quantity("1.5Gi"), lib.quantity(2)])`, "0.5 1610612736 2"},
		"durations":                   {`deny contains sprintf("%v %v %v", [lib.duration("1h30m"), lib.duration("90"), lib.duration(90)])`, "5400 90 90"},
		"secrets nobody told of":      {`deny contains concat(" ", [s.name, s.key, s.state, s.path]) if some s in lib.secrets`, "db password Unknown spec.templates[1].container.env[0].valueFrom.secretKeyRef.name"},
		"the critical path":           {`deny contains concat(">", g.critical_path) if some g in lib.graphs`, "a>b>d"},
		"edges":                       {`deny contains concat(">", e) if { some g in lib.graphs; some e in g.edges }`, "a>b\na>c\nb>d\nc>d"},
		"fan-out":                     {`deny contains sprintf("%d %d", [g.width, g.pods]) if some g in lib.graphs`, "2 6"},
		"items of a loop":             {`deny contains sprintf("%s %d", [t.name, t.items]) if some t in lib.graphs[0].tasks`, "a 1\nb 1\nc 3\nd 1"},
		"a parameter that is not set": {`deny contains lib.parameter("x", "other")`, "other"},
		"tags are dynamic":            {`deny contains "yes" if lib.dynamic("a{{b}}")`, "yes"},
		"other values are not":        {`deny contains "yes" if lib.dynamic(3)`, ""},
		"a place is a whole word": {`deny contains place if {
	some place in ["registry.example.com:5000", "registry.example.com:5000/team/", "registry.example.com", "registry.example.com:5000/te", "registry.example.com:5000/team/etl"]
	lib.within(lib.containers[0].image, [place])
}`, "registry.example.com:5000\nregistry.example.com:5000/team/\nregistry.example.com:5000/team/etl"},
	} {
		t.Run(what, func(t *testing.T) {
			got, err := evaluate(t, c.text, &rego.Input{Object: object(t, small)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// index knows the objects of a text, and nothing else exists.
func index(t *testing.T, text string) *resolve.Index {
	t.Helper()
	var b resolve.Builder
	for _, d := range manifest.Parse(source.NewFile("known.yaml", []byte(text))) {
		for _, o := range d.Objects() {
			b.Add(o, nil)
		}
	}
	return b.Index(true)
}

func TestReferences(t *testing.T) {
	const rule = `deny contains concat(" ", [s.name, s.key, s.state]) if some s in lib.secrets`
	for what, c := range map[string]struct{ known, want string }{
		"a secret with the key":    {"apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: dev}\ndata: {password: eA==}\n", "db password Known"},
		"a secret without the key": {"apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: dev}\ndata: {user: eA==}\n", "db password Absent"},
		"no secret":                {"apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: prod}\n", "db password Absent"},
	} {
		t.Run(what, func(t *testing.T) {
			got, err := evaluate(t, rule, &rego.Input{Object: object(t, small), Index: index(t, c.known)})
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
