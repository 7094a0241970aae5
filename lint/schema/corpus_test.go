package schema_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint/schema"
)

const corpus = "../../../shared/corpus"

// known are fields of the corpus that really are wrong, with file and reason:
// Argo Events reads these files without them.
var known = map[string]string{
	"spec.stripe.example.namespace":                       "event-sources/stripe.yaml: Argo Events dropped the field, the Secret is that of the EventSource's namespace",
	"spec.triggers[0].template.openwhisk":                 "sensors/trigger-openwhisk.yaml: the field is openWhisk, and names are case-sensitive",
	"spec.triggers[0].template.atLeastOnce":               "sensors/trigger-with-atleast-once-semantics.yaml: the field is one of the trigger",
	"spec.triggers[0].template.policy":                    "sensors/trigger-with-policy.yaml: the field is one of the trigger",
	"spec.triggers[0].template.k8s.source.url.verifycert": "sensors/url-sensor.yaml: the field is verifyCert",
}

// corpusObjects calls f for each object of the corpus whose kind is known.
func corpusObjects(t testing.TB, f func(file, kind string, object []byte)) {
	t.Helper()
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the corpus of known-good manifests is not there: ", corpus)
	}
	err := filepath.WalkDir(corpus, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") && !strings.HasSuffix(path, ".json") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, doc := range documents(b) {
			var head struct{ APIVersion, Kind string }
			if err := json.Unmarshal(doc, &head); err != nil {
				return err
			}
			if strings.HasPrefix(head.APIVersion, "argoproj.io/") && schema.Known(head.Kind) {
				f(strings.TrimPrefix(path, corpus+"/"), head.Kind, doc)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCorpusHasNoProblems(t *testing.T) {
	n := 0
	corpusObjects(t, func(file, kind string, b []byte) {
		n++
		schema.Check(node(t, b), kind, func(p schema.Problem) {
			if why := known[p.Node.Path()]; !strings.HasPrefix(why, strings.TrimPrefix(file, "argo-events-examples/")+":") || !p.Ignored {
				t.Errorf("%s: %s: %s", file, p.Node.Path(), p.Message)
			}
		})
	})
	if n < 200 {
		t.Errorf("only %d objects in the corpus", n)
	}
}
