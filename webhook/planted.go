package webhook

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// Fields of the status of a Workflow that Argo goes by, once they are there, in
// place of the templates that the spec refers to. Its controller writes them;
// nothing keeps others from doing so first.
const (
	storedSpec      = "storedWorkflowTemplateSpec"
	storedTemplates = "storedTemplates"
)

// planted returns such a field of a Workflow if the request brings it or makes
// it another, else nil.
func (a *asked) planted(field string) *manifest.Node {
	if a.Kind != "Workflow" {
		return nil
	}
	n := a.document.Root.At("status", field)
	if !n.Set() || n.Kind == manifest.Map && len(n.Children) == 0 || a.same(n, a.old.At("status", field)) {
		return nil
	}
	return n
}

// lintStored lints the Workflow as it runs by a stored spec. What that says of
// other fields is said of the object already.
func (a *asked) lintStored(o lint.Options, stored *manifest.Node) lint.Result {
	// It is the whole of the template already, to which it refers no more.
	spec := stored.Detach(func(key string) bool { return key != "workflowTemplateRef" })
	spec.Key = &manifest.Node{Value: "spec", Kind: manifest.String}
	root := a.document.Root.Detach(func(key string) bool { return key != "spec" && key != "status" })
	root.SetChildren(append(root.Children, spec))
	d := *a.document
	d.Root, d.Problems = root, nil
	l := lint.New(o)
	l.AddDocument(&d)
	result := l.Finish()
	result.Findings = ofStored(result.Findings)
	result.Waived = ofStored(result.Waived)
	return result
}

func ofStored(all []lint.Finding) []lint.Finding {
	var out []lint.Finding
	for _, f := range all {
		if rest, ok := strings.CutPrefix(f.Path, "spec"); ok {
			f.Path = "status." + storedSpec + rest
			out = append(out, f)
		}
	}
	return out
}
