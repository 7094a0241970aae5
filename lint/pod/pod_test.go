package pod_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/pod"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

const text = `
kind: Workflow
spec:
  securityContext: {runAsUser: 1, fsGroup: 2}
  podSpecPatch: '{"containers": [{"name": "main", "resources": {"limits": {"cpu": 3, "memory": 3}}}]}'
  templateDefaults:
    container: {image: defaults, tty: true}
  templates:
  - name: main
    securityContext: {runAsUser: 5}
    podSpecPatch: |
      containers:
      - name: main
        resources: {limits: {memory: "{{inputs.parameters.m}}"}}
    container:
      image: own
      resources: {limits: {cpu: 1, memory: 1, disk: 1}}
  - name: open
    podSpecPatch: '{"containers": {{inputs.parameters.c}}}'
    script: {image: x}
`

func workflowOf(t *testing.T, text string) *workflow.Workflow {
	t.Helper()
	return workflow.From(manifest.Parse(source.NewFile("in.yaml", []byte(text)))[0].Objects()[0])[0]
}

func TestTheStrongestLayerWins(t *testing.T) {
	w := workflowOf(t, text)
	p := pod.Of(w.Templates[0])
	for c := range p.Containers() {
		for path, got := range map[string]*manifest.Node{
			"own":                     c.At("image"),
			"true":                    c.At("tty"),
			"3":                       c.At("resources", "limits", "cpu"),
			"{{inputs.parameters.m}}": c.At("resources", "limits", "memory"),
			"1":                       c.At("resources", "limits", "disk"),
			"5":                       p.Security("runAsUser"),
			"":                        p.Security("fsGroup"), // the template's takes the place of the workflow's
		} {
			if got.Text() != path {
				t.Errorf("got %q, want %q", got, path)
			}
		}
		if n := len(c.Fields("resources", "limits")); n != 3 {
			t.Errorf("%d limits, want 3", n)
		}
		at, span := p.Place(c.At("resources", "limits", "memory"))
		if at.Path() != "spec.templates[0].podSpecPatch" || string(span.Text()) != `"{{inputs.parameters.m}}"` {
			t.Errorf("the limit stands at %s: %s", at.Path(), span.Text())
		}
	}
	if p.Open {
		t.Error("tags in strings leave a patch readable")
	}
	if p := pod.Of(w.Templates[1]); !p.Open {
		t.Error("a tag in place of an object may bring anything")
	}
}
