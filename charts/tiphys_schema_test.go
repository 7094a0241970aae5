package charts

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

// The schema refuses what cannot be.
func TestProductSchema(t *testing.T) {
	for _, bad := range []string{"watch.secret=true", "replicas=0", "validating.failurePolicy=fail", "argo.controllers={argo}", "audit.interval=ten", "audit.interval=5", "certificates.mode=none", "clientCA.secret=A_b",
		"controller.namespaces={A_b}", "controller.replicas=0", "controller.argoURL=argo", "controller.image.digest=x", "controller.tmpSize=much", "size=medium", "resources.limit.memory=1Gi", "test.namespace=A_b",
		"networkPolicy.egress.hook[0].a=b", "certificates.issuerRef.nam=a", "namespaces.selector.matchLabel.a=b", "image.pullSecrets[0].nme=a"} {
		if _, err := template(t, testbin.Helm4(t), "tiphys", "", "--set", bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// free are the maps whose keys are the user's, or those of Kubernetes.
var free = []string{
	"affinity", "controller.affinity", "nodeSelector", "podLabels", "podAnnotations", "controller.podLabels", "controller.podAnnotations",
	"controller.serviceAccountAnnotations", "serviceAccount.annotations", "metrics.labels", "namespaces.selector.matchLabels", "global",
	"namespaces.selector.matchExpressions[]", "resources.requests", "resources.limits", "controller.resources.requests", "controller.resources.limits",
	"tolerations[]", "topologySpreadConstraints[]", "controller.topologySpreadConstraints[]", "networkPolicy.metricsFrom[]",
	"networkPolicy.egress.webhook[]", "networkPolicy.egress.controller[]",
}

// A schema is what the test reads of one.
type schema struct {
	Type       any
	Properties map[string]*schema
	Items      *schema
	Additional any `json:"additionalProperties"`
}

// Every object of the schema knows its keys, but for those that are free on
// purpose.
func TestProductSchemaIsClosed(t *testing.T) {
	text, err := os.ReadFile("tiphys/values.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	top := &schema{}
	if err := json.Unmarshal(text, top); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var walk func(string, *schema)
	walk = func(path string, s *schema) {
		if s.Type == "object" && s.Additional != false {
			seen[path] = true
		}
		if s.Items != nil {
			walk(path+"[]", s.Items)
		}
		for key, of := range s.Properties {
			walk(strings.TrimPrefix(path+"."+key, "."), of)
		}
	}
	walk("", top)
	for path := range seen {
		if !slices.Contains(free, path) {
			t.Errorf("the schema takes any key in %q", path)
		}
	}
	for _, path := range free {
		if !seen[path] {
			t.Errorf("%q is no map of any keys", path)
		}
	}
}

// A key of values.yaml that is misspelt is refused by both versions of Helm,
// wherever it is; as it is written there, it is taken.
func TestProductMisspelt(t *testing.T) {
	text, err := os.ReadFile("tiphys/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	wrong := misspelt(values)
	text, err = yaml.Marshal(wrong)
	if err != nil {
		t.Fatal(err)
	}
	for name, helm := range helms {
		_, err := template(t, helm(t), "tiphys", string(text))
		if err == nil {
			t.Fatalf("%s takes them all", name)
		}
		told := map[string][]string{}
		for _, line := range regexp.MustCompile(`at '(.*)': additional properties (.*) not allowed`).FindAllStringSubmatch(err.Error(), -1) {
			told[line[1]] = strings.Split(strings.Trim(line[2], "'"), "', '")
		}
		count := 0
		for at, keys := range keysOf("", values) {
			for _, key := range keys {
				if count++; !slices.Contains(told[at], "s"+key) {
					t.Errorf("%s takes s%s instead of %s in %q: it refuses %v there", name, key, key, at, told[at])
				}
			}
		}
		if count < 90 {
			t.Errorf("only %d values were tried", count)
		}
	}
}

// keysOf are the keys of each object of values.
func keysOf(at string, o map[string]any) map[string][]string {
	all := map[string][]string{at: slices.Sorted(maps.Keys(o))}
	for key, v := range o {
		if in, ok := v.(map[string]any); ok && len(in) > 0 {
			maps.Copy(all, keysOf(at+"/"+key, in))
		}
	}
	return all
}

// misspelt has an s before each key of values, and for what is within, the
// right key beside it.
func misspelt(o map[string]any) map[string]any {
	all := map[string]any{}
	for key, v := range o {
		all["s"+key] = 1
		if in, ok := v.(map[string]any); ok && len(in) > 0 {
			all[key] = misspelt(in)
		}
	}
	return all
}
