package parity

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/webhooktest"
)

// corpus is where the reference data lies beside a checkout.
const corpus = "../../../shared/corpus"

// kinds are those that are sent to the webhook.
var kinds = []string{"Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow", "Sensor"}

// notAdmitted are what a text alone can have, so that no request has it:
//   - rules of the text (textOnly): syntax, keys that stand twice, comments;
//   - an annotation that waives, which counts in a cluster only where a policy
//     lets it;
//   - an apiVersion or kind that no webhook is called for;
//   - a rule that quotes a scalar as it was written (field-type: yes for true);
//   - more findings than a denial has causes.
func notAdmitted(d *manifest.Document, text []byte) string {
	o := d.Root
	switch {
	case o == nil || len(d.Problems) > 0:
		return "it is no object"
	case len(d.Comments) > 0:
		return "it has comments that waive"
	case bytes.Contains(text, []byte("ignore.tiphys.dev")):
		return "it has an annotation that waives"
	case o.Get("apiVersion").Text() != "argoproj.io/v1alpha1" || !slices.Contains(kinds, o.Get("kind").Text()):
		return "it is of no kind that is admitted"
	case o.Get("metadata").Set() && o.Get("metadata").Kind != manifest.Map:
		return "an API server refuses it"
	}
	return ""
}

// A sighting is a finding as all three ways tell it.
type sighting struct{ Rule, Path, Message string }

// The same object has the same findings in a file, in a chart that renders it,
// and at admission.
func TestFileChartAndAdmission(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Chart.yaml"), []byte(chartFile), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := environment.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	compared := map[string]int{}
	everywhere(t, func(name string, d *manifest.Document, text []byte) {
		if why := notAdmitted(d, text); why != "" {
			compared[why]++
			return
		}
		file := inFile(t, text)
		if len(file) > 45 {
			compared["it has more findings than a denial has causes"]++
			return
		}
		compared["compared"]++
		if diff := gocmp.Diff(file, inAdmission(t, d)); diff != "" {
			t.Errorf("%s: findings in a file (-) and at admission (+):\n%s", name, diff)
		}
		if diff := gocmp.Diff(file, inChart(t, set, text)); diff != "" {
			t.Errorf("%s: findings in a file (-) and in a chart (+):\n%s", name, diff)
		}
	})
	t.Logf("documents: %v", compared)
	if compared["compared"] < 400 {
		t.Errorf("only %d documents were compared", compared["compared"])
	}
}

// everywhere calls f for each document of the cases of all rules and of the corpus.
func everywhere(t *testing.T, f func(name string, d *manifest.Document, text []byte)) {
	t.Helper()
	split := func(name string, data []byte) {
		for i, d := range manifest.Parse(source.NewFile("x.yaml", data)) {
			text := data[d.Start:d.End]
			if d.Root != nil && d.Root.Get("apiVersion") == nil && bytes.HasPrefix(text, []byte("kind: ")) {
				// Cases of rules leave it out, requests have it.
				text = append([]byte("apiVersion: argoproj.io/v1alpha1\n"), text...)
				d = manifest.Parse(source.NewFile("x.yaml", text))[0]
			}
			f(fmt.Sprintf("%s/%d", name, i), d, text)
		}
	}
	pages, err := filepath.Glob("../../lint/rules/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		ar, err := txtar.ParseFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range ar.Files {
			if filepath.Ext(file.Name) == ".yaml" {
				split(filepath.Base(page)+"/"+file.Name, file.Data)
			}
		}
	}
	err = filepath.WalkDir(corpus, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)) {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil {
			split(path, data)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}

func inFile(t *testing.T, text []byte) []sighting {
	t.Helper()
	result := lint.Run(lint.Options{Rules: rules.All()}, source.NewFile("x.yaml", text))
	return sightings(result.Findings)
}

func sightings(all []lint.Finding) []sighting {
	var out []sighting
	for _, f := range all {
		if !slices.Contains(textOnly, f.Rule.Name) {
			out = append(out, sighting{f.Rule.Name, f.Path, f.Message})
		}
	}
	return sorted(out)
}

func sorted(all []sighting) []sighting {
	for i := range all {
		if all[i].Rule == "field-type" {
			all[i].Message = ""
		}
		if r := []rune(all[i].Message); len(r) > 1000 { // admission cuts it there
			all[i].Message = string(r[:1000])
		}
	}
	slices.SortFunc(all, func(a, b sighting) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(all)
}

// strict has everything that any rule finds deny, so that a denial tells it.
type strict struct{ terms lint.Terms }

func (s *strict) Terms(*manifest.Node) *lint.Terms { return &s.terms }

var denies, hinting = func() (*strict, []*lint.Rule) {
	s := &strict{lint.Terms{Rules: map[string][]lint.Setting{}}}
	var all []*lint.Rule
	for _, r := range rules.All() {
		r := *r
		if r.Severity != lint.Off {
			s.terms.Rules[r.Name] = []lint.Setting{{Policy: "all", Severity: lint.Error}}
			r.Severity = lint.Info // so that no finding is but a hint, which stays one
		}
		all = append(all, &r)
	}
	return s, all
}()

func inAdmission(t *testing.T, d *manifest.Document) []sighting {
	t.Helper()
	state := &webhook.State{Rules: hinting, Policies: func(context.Context, *webhook.Request) lint.Policies { return denies }}
	// An API server keeps the order of keys, which some findings tell of.
	const placeholder = "an object"
	body := webhooktest.Request{Object: placeholder, Group: "argoproj.io", Version: "v1alpha1", Kind: d.Root.Get("kind").Text()}.Body()
	body = bytes.Replace(body, []byte(quote(placeholder)), []byte(toJSON(d.Root)), 1)
	r, err := webhook.Review(t.Context(), webhook.Validate, body, state)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range r.Failures {
		t.Error(err)
	}
	var out []sighting
	for _, c := range r.Causes {
		if !slices.Contains(textOnly, c.Reason) {
			out = append(out, sighting{c.Reason, c.Field, c.Message})
		}
	}
	return sorted(out)
}

const chartFile = "apiVersion: v2\nname: chart\nversion: 0.1.0\n"

// inChart lints a chart with a template that renders the text.
func inChart(t *testing.T, set *environment.Set, text []byte) []sighting {
	t.Helper()
	template := strings.ReplaceAll(string(text), "{{", "{{`{{`}}")
	chart, err := render.FromFiles("chart", []render.File{
		{Name: "Chart.yaml", Data: []byte(chartFile)},
		{Name: "templates/x.yaml", Data: []byte(template)},
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := deploy.LintChart(t.Context(), chart, set, deploy.Options{Lint: lint.Options{Rules: rules.All()}})
	if err != nil {
		t.Fatal(err)
	}
	return sightings(result.Findings)
}
