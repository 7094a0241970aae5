package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// The kind of review that is spoken here.
const (
	apiVersion = "admission.k8s.io/v1"
	reviewKind = "AdmissionReview"
)

// An asked is a request with the objects it is about.
type asked struct {
	Request
	// document has the object as its root; Root is nil where there is none.
	document *manifest.Document
	old      *manifest.Node
	// limit is why the body could not be read to its end, though it is JSON.
	limit string
}

// read reads an AdmissionReview. The error is a *CallError.
func read(body []byte) (*asked, error) {
	if tooMany(body) {
		if r := bare(body); r.UID != "" {
			return &asked{Request: r, document: &manifest.Document{}, limit: fmt.Sprintf("more than %d values, with what it was before: move data into artifacts or ConfigMaps", mostValues)}, nil
		}
		return nil, refuse("the body has more than %d values and is no %s", mostValues, reviewKind)
	}
	file := source.NewFile("request.json", body)
	d := manifest.ParseObject(file)
	if d.Root == nil {
		return unreadable(d, body)
	}
	root := d.Root
	if root.Kind != manifest.Map {
		return nil, refuse("the body is a JSON %s: an %s of %s is expected", root.Kind, reviewKind, apiVersion)
	}
	if k, v := root.Get("kind").Text(), root.Get("apiVersion").Text(); k != reviewKind || v != apiVersion {
		return nil, refuse("the body is %q of %q: only an %s of %s is understood, so admissionReviewVersions of the webhook must be [v1]", k, v, reviewKind, apiVersion)
	}
	request := root.Get("request")
	if request == nil || request.Kind != manifest.Map {
		return nil, refuse("the %s has no request", reviewKind)
	}
	if request.Get("uid").Text() == "" {
		return nil, refuse("the request has no uid")
	}
	object := request.Get("object")
	for _, p := range d.Problems {
		if p.Node == nil || object == nil || p.Node == object || !p.Node.Under(object) {
			// Two readers of this body might not see the same object in it.
			return nil, refuse("%s", p.Message)
		}
	}
	a := &asked{Request: requestOf(request), old: detach(request.Get("oldObject"))}
	a.document = &manifest.Document{File: file, Problems: d.Problems, Root: detach(object), Start: d.Start, End: d.End}
	return a, nil
}

// refuse is the answer to a body that is no review: HTTP 400.
func refuse(format string, args ...any) error {
	return &CallError{Status: http.StatusBadRequest, Err: fmt.Errorf(format, args...)}
}

// unreadable tells text that is no JSON from JSON that is beyond our bounds:
// that an object is nested too deep is no failure of the call.
func unreadable(d *manifest.Document, body []byte) (*asked, error) {
	if len(d.Problems) == 0 {
		return nil, refuse("the body is empty: an %s of %s is expected", reviewKind, apiVersion)
	}
	p := d.Problems[0]
	if p.Kind == manifest.Limit {
		if r := bare(body); r.UID != "" {
			return &asked{Request: r, document: &manifest.Document{}, limit: p.Message}, nil
		}
	}
	at := d.File.Position(p.Span.Start)
	return nil, refuse("the body is no JSON: line %d, column %d: %s", at.Line, at.Column, p.Message)
}

// mostValues is how many values a body may have, and keys. Each takes some 300 bytes while
// it is reviewed, so that a few megabytes of commas would take all there is; what
// Argo runs at most, 1 MB, has about half of them.
const mostValues = 250_000

// tooMany reports whether a body has more values than that, without reading them.
func tooMany(body []byte) bool {
	if len(body) < 2*mostValues { // a value and its comma
		return false
	}
	n := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case ',', ':', '[', '{':
			n++
		case '"':
			for i++; i < len(body) && body[i] != '"'; i++ {
				if body[i] == '\\' {
					i++
				}
			}
		}
	}
	return n > mostValues
}

// bare reads what is asked, but no objects: the way for a body that is too
// much for our own parser, though it is JSON.
func bare(body []byte) Request {
	var v struct {
		Request struct {
			UID, Operation, SubResource, Namespace, Name string

			Kind     struct{ Group, Version, Kind string }
			Resource struct{ Resource string }
			UserInfo struct{ Username string }
			DryRun   bool
		}
	}
	if json.Unmarshal(body, &v) != nil {
		return Request{}
	}
	r := &v.Request
	return Request{
		UID: r.UID, Operation: r.Operation, Group: r.Kind.Group, Version: r.Kind.Version, Kind: r.Kind.Kind,
		Resource: r.Resource.Resource, SubResource: r.SubResource, Namespace: r.Namespace, Name: r.Name,
		User: User{Name: r.UserInfo.Username}, DryRun: r.DryRun,
	}
}

// detach makes a value the root of a tree of its own, nil for null.
func detach(n *manifest.Node) *manifest.Node {
	if !n.Set() {
		return nil
	}
	n.Parent, n.Key = nil, nil
	return n
}

func requestOf(n *manifest.Node) Request {
	kind, resource, user := n.Get("kind"), n.Get("resource"), n.Get("userInfo")
	r := Request{
		UID: n.Get("uid").Text(), Operation: n.Get("operation").Text(),
		Group: kind.Get("group").Text(), Version: kind.Get("version").Text(), Kind: kind.Get("kind").Text(),
		Resource: resource.Get("resource").Text(), SubResource: n.Get("subResource").Text(),
		Namespace: n.Get("namespace").Text(), Name: n.Get("name").Text(), DryRun: n.Get("dryRun").True(),
		User: User{Name: user.Get("username").Text(), UID: user.Get("uid").Text(), Groups: texts(user.Get("groups"))},
	}
	for _, f := range user.Get("extra").Fields() {
		if r.User.Extra == nil {
			r.User.Extra = map[string][]string{}
		}
		r.User.Extra[f.Key.Value] = texts(f)
	}
	if m := n.At("object", "metadata"); r.Name == "" { // the API server has yet to name it
		if r.Name = m.Get("name").Text(); r.Name == "" {
			r.Name = m.Get("generateName").Text()
		}
	}
	return r
}

func texts(n *manifest.Node) []string {
	var all []string
	for _, i := range n.Items() {
		all = append(all, i.Text())
	}
	return all
}

var errNoObject = errors.New("the request has no object")
