package docs

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

const tools = "docs/gitops-tools.md"

var manifests = regexp.MustCompile("(?s)<!-- (manifest|lua) -->\n```yaml\n(.*?)```\n")

// What the guide has its readers apply can be read, and what is of our kinds has
// their fields only.
func TestManifests(t *testing.T) {
	found := manifests.FindAllStringSubmatch(read(t, tools), -1)
	if n := strings.Count(read(t, tools), "```yaml\n"); n != len(found) || n < 8 {
		t.Errorf("there are %d blocks of YAML, and %d of them have a marker", n, len(found))
	}
	for _, m := range found {
		for text := range strings.SplitSeq(m[2], "\n---\n") {
			var o struct {
				APIVersion, Kind string
				Metadata         struct{ Name string }
			}
			if err := yaml.Unmarshal([]byte(text), &o); err != nil || o.APIVersion == "" || o.Kind == "" || o.Metadata.Name == "" {
				t.Errorf("%v: apiVersion, kind or name is missing in\n%s", err, text)
			}
			var into any = &map[string]any{}
			switch o.Kind {
			case "Promotion":
				into = &v1alpha1.Promotion{}
			case "WorkflowPolicy":
				into = &v1alpha1.WorkflowPolicy{}
			}
			if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
				t.Errorf("%s %s: %v", o.Kind, o.Metadata.Name, err)
			}
		}
	}
}

// The health checks say what is so. Statuses are as the controller and the webhook
// write them.
func TestHealthChecks(t *testing.T) {
	var config struct{ Data map[string]string }
	for _, m := range manifests.FindAllStringSubmatch(read(t, tools), -1) {
		if m[1] == "lua" {
			if err := yaml.UnmarshalStrict([]byte(m[2]), &struct {
				APIVersion, Kind string
				Metadata         map[string]any
				Data             *map[string]string
			}{Data: &config.Data}); err != nil {
				t.Fatal(err)
			}
		}
	}
	program := filepath.Join(t.TempDir(), "lua")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join(testbin.Root(), "test", "lua")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build lua: %v\n%s", err, out)
	}
	for name, c := range map[string]struct{ kind, object, want string }{
		"a promotion that nobody looked at": {"Promotion", `{metadata: {generation: 1}}`, "Progressing: the controller has not looked at it yet"},
		"one that was changed since":        {"Promotion", `{metadata: {generation: 2}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "True", reason: Settled}]}}`, "Progressing: the controller has not looked at it yet"},
		"one that is settled":               {"Promotion", promoted("True", "Settled", "nothing is to be done", "False"), "Healthy: nothing is to be done"},
		"one that waits at a gate":          {"Promotion", promoted("True", "Held", "prod/approval: 0 of 1 approval", "False"), "Healthy: prod/approval: 0 of 1 approval"},
		"one that is verified":              {"Promotion", promoted("False", "Progressing", "5b165a8 is verified in dev", "False"), "Healthy: 5b165a8 is verified in dev"},
		"one that lacks a key":              {"Promotion", promoted("False", "KeyMissing", "there is no Secret age", "False"), "Degraded: KeyMissing: there is no Secret age"},
		"one that failed":                   {"Promotion", promoted("False", "Failed", "5b165a8 failed in dev", "True"), "Degraded: mend it"},
		"one that is suspended":             {"Promotion", promoted("False", "Suspended", "spec.suspend is set", "False"), "Suspended: spec.suspend is set"},
		"a candidate on its way":            {"Candidate", `{status: {conditions: [{type: Ready, status: "False", message: "dev: deploying"}, {type: Stalled, status: "False"}]}}`, "Progressing: dev: deploying"},
		"a candidate that failed":           {"Candidate", `{status: {conditions: [{type: Ready, status: "False", message: "dev: deploying"}, {type: Stalled, status: "True", message: "dev: no"}]}}`, "Degraded: dev: no"},
		"a candidate that arrived":          {"Candidate", `{status: {conditions: [{type: Ready, status: "True"}, {type: Stalled, status: "False"}]}}`, "Healthy: "},
		"a policy that compiles":            {"WorkflowPolicy", `{metadata: {generation: 1}, status: {observedGeneration: 1, conditions: [{type: Compiled, status: "True"}, {type: Ready, status: "True"}]}}`, "Healthy: "},
		"a policy that does not":            {"WorkflowPolicy", `{metadata: {generation: 1}, status: {observedGeneration: 1, conditions: [{type: Compiled, status: "False", message: "no built-in rule"}, {type: Ready, status: "False"}]}}`, "Degraded: no built-in rule"},
	} {
		t.Run(name, func(t *testing.T) {
			script := config.Data["resource.customizations.health.tiphys.dev_"+c.kind]
			var object any
			if err := yaml.Unmarshal([]byte(c.object), &object); err != nil || script == "" {
				t.Fatalf("%v, and the script is %q", err, script)
			}
			in, err := json.Marshal(map[string]any{"script": script, "object": object})
			if err != nil {
				t.Fatal(err)
			}
			run := exec.Command(program)
			run.Stdin = bytes.NewReader(in)
			out, err := run.Output()
			var got struct{ Status, Message string }
			if err == nil {
				err = json.Unmarshal(out, &got)
			}
			if err != nil || got.Status+": "+got.Message != c.want {
				t.Errorf("it says %+v, and not %q: %v", got, c.want, err)
			}
		})
	}
}

func promoted(ready, reason, message, stalled string) string {
	return `{metadata: {generation: 1}, status: {observedGeneration: 1, conditions: [
		{type: Ready, status: "` + ready + `", reason: ` + reason + `, message: "` + message + `"},
		{type: Reconciling, status: "False", reason: Settled}, {type: Stalled, status: "` + stalled + `", reason: Failed, message: "mend it"}]}}`
}
