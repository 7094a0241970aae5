package policies_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// good are policies that Parse accepts: those that come with tiphys, and ones
// that use every field in every way.
func good(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range policies.Names() {
		all[name] = string(policies.Shipped(name).Bytes)
	}
	text, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range manifest.Parse(source.NewFile("good.yaml", text)) {
		all[d.Root.At("metadata", "name").Text()] = string(text[d.Start:d.End])
	}
	return all
}

// decodes is the error of decoding a policy as a client of the API does.
func decodes(text string) (*v1alpha1.WorkflowPolicy, error) {
	var p v1alpha1.WorkflowPolicy
	return &p, yaml.UnmarshalStrict([]byte(text), &p)
}

// What Parse accepts are objects of the API, and the same when they come back.
func TestGoodPoliciesAreOfTheAPI(t *testing.T) {
	for name, text := range good(t) {
		t.Run(name, func(t *testing.T) {
			first, findings := policies.Parse(source.NewFile("in.yaml", []byte(text)))
			if len(findings) > 0 || len(first) != 1 {
				t.Fatalf("%d policies and\n%s", len(first), linttest.Format(findings))
			}
			p, err := decodes(text)
			if err != nil {
				t.Fatal(err)
			}
			out, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			again, findings := policies.Parse(source.NewFile("in.json", out))
			if len(findings) > 0 || len(again) != 1 {
				t.Fatalf("what the API makes of it is wrong:\n%s\n%s", linttest.Format(findings), out)
			}
			if diff := cmp.Diff(told(first[0]), told(again[0])); diff != "" {
				t.Errorf("it means something else when it comes back (-text +API):\n%s", diff)
			}
		})
	}
}

// told is what a policy means, without its positions.
func told(p *policies.Policy) any {
	type module struct {
		Name, Title, Rego string
		Setting           any
	}
	type waiver struct{ Rule, Reason, Until string }
	var modules []module
	for _, m := range p.Modules {
		modules = append(modules, module{m.Name, m.Title, m.Rego, m.Setting})
	}
	var waivers []waiver
	for _, w := range p.Waivers {
		waivers = append(waivers, waiver{w.Rule, w.Reason, w.Day()})
	}
	return []any{p.Name, p.Match, p.Rules, modules, waivers, p.WaivableRules, p.Ignore, p.Concurrency}
}

// The API server takes them too, and strictly: no field is unknown to it. It
// keeps what they say.
func TestGoodPoliciesAreTakenByTheAPIServer(t *testing.T) {
	api := cluster.Start(t)
	api.InstallCRDs(t)
	client := dynamic.NewForConfigOrDie(api.Config(t)).Resource(schema.GroupVersionResource{
		Group: policies.Group, Version: strings.TrimPrefix(policies.Version, policies.Group+"/"), Resource: "workflowpolicies",
	})
	for name, text := range good(t) {
		var u unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
			t.Fatal(err)
		}
		kept, err := client.Create(t.Context(), &u, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out, err := kept.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		p, findings := policies.FromObject(manifest.ParseJSON(source.NewFile(name, out)).Root)
		if len(findings) > 0 {
			t.Errorf("%s: what the API server keeps is wrong:\n%s", name, linttest.Format(findings))
			continue
		}
		first, _ := policies.Parse(source.NewFile("in.yaml", []byte(text)))
		if diff := cmp.Diff(told(first[0]), told(p)); diff != "" {
			t.Errorf("%s means something else when it comes back (-text +API):\n%s", name, diff)
		}
	}
}

// FuzzParse holds what Parse promises of any text: it ends, every finding has a
// place, a policy with a finding is not returned, and what is returned is an
// object of the API.
func FuzzParse(f *testing.F) {
	for _, text := range good(f) {
		f.Add([]byte(text))
	}
	invalid, err := os.ReadFile("testdata/invalid.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, d := range manifest.Parse(source.NewFile("invalid", invalid)) {
		f.Add(invalid[d.Start:d.End])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := source.NewFile("in.yaml", text)
		all, findings := policies.Parse(file)
		for _, x := range findings {
			if !x.Span.Known() || x.Span.Start < 0 || x.Span.End < x.Span.Start || x.Span.End > len(text) || x.Message == "" {
				t.Errorf("no place or no message: %v", x)
			}
		}
		for _, p := range all {
			if p.Name == "" {
				t.Error("a policy has no name")
			}
		}
		if len(all) != 1 || len(findings) > 0 || len(manifest.Parse(file)) != 1 || all[0].Node.Parent != nil {
			return
		}
		if strings.Contains(string(text), "kind: List") || all[0].Node.Get("status") != nil {
			return
		}
		spec, err := json.Marshal(map[string]any{"spec": valueOf(all[0].Node.Get("spec"))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodes(string(spec)); err != nil {
			t.Errorf("Parse accepts what is no object of the API: %v", err)
		}
	})
}

// valueOf is a node as encoding/json has it.
func valueOf(n *manifest.Node) any {
	var v any
	if n == nil || yaml.Unmarshal(n.File.Bytes[n.Start:n.End], &v) != nil {
		return nil // written so that it cannot be cut out
	}
	return v
}
