// Package imageregistryunlisted finds images from where none should come.
package imageregistryunlisted

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/image"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/pod"
)

var (
	//go:embed image-registry-unlisted.txtar
	page string
	//go:embed parameters.json
	parameters string
)

// Rule is the image-registry-unlisted rule. Without the list of a policy it
// has nothing to say.
var Rule = &lint.Rule{Name: "image-registry-unlisted", Severity: lint.Warning, Topic: "security", Page: page, Parameters: parameters, Run: run}

func run(pass *lint.Pass) {
	registries := pass.Texts("registries")
	if registries == nil {
		return
	}
	for n := range pod.Images(pass.Workflow) {
		if n.Kind != manifest.String || n.Value == "" {
			continue
		}
		known, tag, _ := strings.Cut(n.Value, "{{")
		full, whole := known, tag == "" && !strings.Contains(n.Value, "{{")
		if whole {
			ref, problem := image.Parse(n.Value)
			if problem != nil {
				continue // image-invalid
			}
			full = complete(ref)
		}
		switch {
		case slices.ContainsFunc(registries, func(r string) bool { return below(full, r) }):
		case whole:
			pass.Reportf(n, "image %q is from %s, and images may come only from %s", n, folder(full), strings.Join(registries, ", "))
		default:
			pass.Reportf(n, "where image %q is from is not known before the workflow runs; write the registry in front of the tag: images may come only from %s", n, strings.Join(registries, ", "))
		}
	}
}

// complete is the name of an image with what is left out by habit.
func complete(r image.Ref) string {
	switch {
	case r.Registry != "":
		return r.Registry + "/" + r.Name
	case !strings.Contains(r.Name, "/"):
		return "docker.io/library/" + r.Name
	}
	return "docker.io/" + r.Name
}

// below reports whether an image is in a registry, or a folder of one.
func below(name, registry string) bool {
	return strings.HasPrefix(name, strings.TrimSuffix(registry, "/")+"/")
}

func folder(name string) string { return name[:strings.LastIndexByte(name, '/')] }
