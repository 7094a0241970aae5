package scope

import (
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
)

// A Foreign is a variable that a template of a library uses and that has no
// value in the workflow that refers to it: Argo looks at the template of a
// WorkflowTemplate with what its caller has, not with what the library has.
type Foreign struct {
	Site
	// Node is the reference: the template of a templateRef, or the name of
	// workflowTemplateRef.
	Node *manifest.Node
	// Template says whose variable it is: template "echo" of WorkflowTemplate "lib".
	Template string
	Name     string // workflow.parameters.region
	Reason   string
}

// mostForeign bounds what is said of the libraries of one workflow.
const mostForeign = 50

// foreign looks at the templates of libraries that the workflow leads to. Each
// is looked at once, where the first reference leads to it.
func (a *analyzer) foreign() {
	seen := map[*resolve.Template]bool{}
	if ref := a.w.Ref; ref != nil {
		if lib, state := a.library(ref.Name.Text(), ref.Cluster); state == resolve.Known {
			for _, t := range lib.Templates {
				a.follow(lib, t, Site{Part: Spec}, ref.Name, seen)
			}
		}
	}
	for _, t := range a.w.All {
		for _, c := range t.Calls {
			if c.Ref == nil || c.Inline != nil || dynamic(c.Ref) {
				continue
			}
			if lib, state := a.library(c.Ref.Name.Text(), c.Ref.Cluster); state == resolve.Known {
				a.follow(lib, lib.Template(c.Ref.Template.Text()), Site{Part: CallOf, Template: t, Call: c}, c.Ref.Template, seen)
			}
		}
	}
}

func (a *analyzer) library(name string, cluster bool) (*resolve.Library, resolve.State) {
	return a.index.Library(a.w.Namespace.Text(), name, cluster)
}

// follow looks at a template of a library and at all that it calls.
func (a *analyzer) follow(lib *resolve.Library, t *resolve.Template, s Site, at *manifest.Node, seen map[*resolve.Template]bool) {
	a.each(lib, t, func(lib *resolve.Library, t *resolve.Template, _ bool) {
		for _, name := range t.Globals {
			ans := a.global(name, s)
			if name == "priority" && !a.w.Spec.Get("priority").Set() {
				ans = missing("has a value only where spec.priority of the workflow itself is set")
			}
			if ans.State != Missing || len(a.out.Foreign) == mostForeign {
				continue
			}
			a.out.Foreign = append(a.out.Foreign, Foreign{
				Site: s, Node: at, Name: "workflow." + name, Reason: ans.Reason,
				Template: fmt.Sprintf("template %q of %s %q", t.Name, lib.Kind, lib.Name),
			})
		}
	}, seen)
}

// each calls f for a template of a library and for every one that it leads to,
// but for those seen. It reports whether all of them are given.
func (a *analyzer) each(lib *resolve.Library, t *resolve.Template, f func(lib *resolve.Library, t *resolve.Template, first bool), seen map[*resolve.Template]bool) (all bool) {
	type step struct {
		lib *resolve.Library
		t   *resolve.Template
	}
	all = true
	first := true
	for todo := []step{{lib, t}}; len(todo) > 0; first = false {
		now := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if now.t == nil || seen[now.t] {
			continue
		}
		seen[now.t] = true
		f(now.lib, now.t, first)
		for _, c := range now.t.Calls {
			switch {
			case strings.Contains(c.Library, "{{") || c.Template == "":
				all = false
			case c.Library == "":
				todo = append(todo, step{now.lib, now.lib.Template(c.Template)})
			default:
				if lib, state := a.library(c.Library, c.Cluster); state == resolve.Known {
					todo = append(todo, step{lib, lib.Template(c.Template)})
				} else {
					all = false
				}
			}
		}
	}
	return all
}
