package usage_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/scope"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/usage"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

const head = `
kind: Workflow
spec:
  templates:
  - name: main
    inputs: {parameters: [{name: x}]}
`

func TestParameter(t *testing.T) {
	tests := map[string]struct {
		body string
		want bool
	}{
		"nothing uses it":                  {"    container: {args: [x]}", false},
		"a tag":                            {`    container: {args: ["a {{ inputs.parameters.x }}"]}`, true},
		"a key":                            {`    container: {"{{inputs.parameters.x}}": 1}`, true},
		"an expression tag":                {`    container: {args: ["{{=inputs.parameters['x']}}"]}`, true},
		"all inputs at once":               {`    container: {args: ["{{inputs.parameters}}"]}`, true},
		"all inputs in an expression":      {`    container: {args: ["{{=toJson(inputs.parameters)}}"]}`, true},
		"a tag in a tag":                   {`    steps: [[{name: a, when: "{{inputs.parameters.{{item}}}}"}]]`, true},
		"an expression without braces":     {`    retryStrategy: {expression: "inputs.parameters.x == '1'"}`, true},
		"all in one without braces":        {`    retryStrategy: {expression: "len(inputs.parameters) > 1"}`, true},
		"a field of an item only":          {`    retryStrategy: {expression: "inputs.parameters.y == '1'"}`, false},
		"another parameter":                {`    container: {args: ["{{inputs.parameters.xx}}"]}`, false},
		"an artifact of that name":         {`    container: {args: ["{{inputs.artifacts.x.path}}"]}`, false},
		"a tag outside of templates":       {"    suspend: {}\n  podSpecPatch: \"{{inputs.parameters.x}}\"", true},
		"an inline template of a step":     {`    steps: [[{name: a, inline: {container: {args: ["{{inputs.parameters.x}}"]}}}]]`, true},
		"the parameter of the same name":   {`    container: {args: ["{{workflow.parameters.x}}"]}`, false},
		"a tag in another input's default": {`    outputs: {parameters: [{name: o, value: "{{inputs.parameters.x}}"}]}`, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := manifest.Parse(source.NewFile("in.yaml", []byte(head+test.body)))[0]
			w := workflow.From(d.Root)[0]
			u := usage.Of(w, scope.Analyze(w, &resolve.Index{}))
			if got := u.Parameter(w.Template("main"), "x"); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
