package webhook

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
)

// What the kind Approval takes of groups.
const (
	mostGroups  = 256
	groupLength = 1024
)

// approval reports whether the request is about an Approval.
func (a *asked) approval() bool { return a.Group == "tiphys.dev" && a.Kind == "Approval" }

// approve denies an Approval that is not by who asks, or that decides nothing.
// Whether he may decide is not known here: the API server is asked for that by
// its own policies.
func (a *asked) approve(r *Response) {
	if a.Operation != "CREATE" {
		r.deny(http.StatusForbidden, "Forbidden", "spec: an approval never changes: delete it, and decide again")
		return
	}
	spec := a.document.Root.Get("spec")
	if r.Causes = undecided(spec); len(r.Causes) > 0 {
		var all []string
		for _, c := range r.Causes {
			all = append(all, c.Field+": "+c.Message)
		}
		r.deny(http.StatusUnprocessableEntity, "Invalid", strings.Join(all, "; "))
		return
	}
	by := spec.Get("by")
	if user := by.Get("user"); user.Text() != a.User.Name || a.User.Name == "" {
		r.deny(http.StatusForbidden, "Forbidden", fmt.Sprintf("spec.by.user is %q, but %q asks: an approval tells who decides, so leave by out, or say who you are", clip(user.Text(), messageLength), a.User.Name))
		return
	}
	for i, g := range by.Get("groups").Items() {
		if g.Kind != manifest.String || !slices.Contains(a.User.Groups, g.Value) {
			r.deny(http.StatusForbidden, "Forbidden", fmt.Sprintf("spec.by.groups[%d] is %q, but %q is not in that group: leave it out", i, clip(g.Text(), messageLength), a.User.Name))
			return
		}
	}
}

// undecided tells what an Approval does not say.
func undecided(spec *manifest.Node) (all []Cause) {
	for _, one := range []struct{ field, what string }{
		{"promotion", "name the Promotion"}, {"candidate", "name the Candidate"}, {"environment", "name the environment of the Promotion"},
	} {
		if n := spec.Get(one.field); n == nil || n.Kind != manifest.String || n.Value == "" {
			all = append(all, Cause{Reason: "FieldValueRequired", Field: "spec." + one.field, Message: one.what + " that is decided on"})
		}
	}
	switch d := spec.Get("decision"); {
	case d.Text() == "":
		all = append(all, Cause{Reason: "FieldValueRequired", Field: "spec.decision", Message: "say approve or reject"})
	case d.Text() != "approve" && d.Text() != "reject":
		all = append(all, Cause{Reason: "FieldValueNotSupported", Field: "spec.decision", Message: fmt.Sprintf("%q is no decision: say approve or reject", clip(d.Text(), messageLength))})
	}
	return all
}

// stamp writes who asks into an Approval that does not say who it is by. What
// it says is left as it is, and judged.
func (a *asked) stamp(r *Response) {
	spec := a.document.Root.Get("spec")
	by := spec.Get("by")
	if !spec.Set() || spec.Kind != manifest.Map || a.User.Name == "" || by.Set() && by.Kind != manifest.Map || by.Get("user").Text() != "" {
		return
	}
	groups := make([]any, 0, len(a.User.Groups))
	for _, g := range a.User.Groups {
		if len(groups) < mostGroups && len(g) <= groupLength {
			groups = append(groups, g)
		}
	}
	user := patch.Node(a.User.Name)
	switch {
	case !by.Set():
		r.Patch = patch.JSON([]patch.Operation{{Op: "add", Path: "/spec/by", Value: patch.Node(map[string]any{"user": a.User.Name, "groups": groups})}})
	case by.Get("groups").Set():
		r.Patch = patch.JSON([]patch.Operation{{Op: "add", Path: "/spec/by/user", Value: user}})
	default:
		r.Patch = patch.JSON([]patch.Operation{{Op: "add", Path: "/spec/by/user", Value: user}, {Op: "add", Path: "/spec/by/groups", Value: patch.Node(groups)}})
	}
}
