package admission

import (
	"testing"
)

func TestAdmission(t *testing.T) {
	n := install(t, 2, "watch.secrets=true")
	n.space(t, "etl")
	out, err := n.kubectl(t, "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w, namespace: etl}\nspec: {entrypoint: a, templates: [{name: a, dag: {tasks: [{name: x, template: b, depends: y}, {name: y, template: b, depends: x}]}}, {name: b, container: {image: a:1}}]}", "apply", "-f", "-")
	t.Log(out, err)
}
