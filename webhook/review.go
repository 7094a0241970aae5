package webhook

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/policies/mutate"
)

// Review answers the AdmissionReview in body. The error is a *CallError; with
// it, the answer still tells whose the request is and what broke. It keeps parts
// of body, which must not be changed while the answer is in use.
func Review(ctx context.Context, endpoint Endpoint, body []byte, s *State) (r Response, err error) {
	a := &asked{}
	defer func() {
		if e := recover(); e != nil {
			r, err = a.broken(endpoint, fmt.Errorf("%v\n%s", e, debug.Stack()))
		}
	}()
	read, err := read(body)
	if err != nil {
		return Response{}, err
	}
	a = read
	return a.review(ctx, endpoint, s)
}

func (a *asked) review(ctx context.Context, endpoint Endpoint, s *State) (Response, error) {
	var err error
	r := Response{Request: a.Request, Allowed: true}
	if r.Skipped = a.skip(endpoint); r.Skipped != "" {
		return r, nil
	}
	if a.limit != "" {
		if endpoint != Mutate { // what is not validated is not mutated either
			r.deny(http.StatusUnprocessableEntity, "Invalid", "the object cannot be read: "+a.limit)
		}
		return r, nil
	}
	if a.document.Root == nil {
		return r, &CallError{Status: http.StatusBadRequest, Err: errNoObject}
	}
	if !a.consistent(&r) {
		return r, nil
	}
	if s.Namespace != nil && a.Namespace != "" {
		a.NamespaceLabels, a.NamespaceKnown = s.Namespace(a.Namespace)
		r.Request = a.Request
	}
	switch endpoint {
	case Validate:
		if a.validate(ctx, s, &r); r.Allowed && a.starts() && len(r.Failures) == 0 {
			// Only now: what is denied anyway must not take a slot.
			err = a.start(ctx, s, &r)
		}
	case Mutate:
		a.mutate(ctx, s, &r)
	case Runs:
		err = a.start(ctx, s, &r)
	}
	if err == nil && len(r.Failures) > 0 {
		return a.broken(endpoint, r.Failures...)
	}
	if err == nil && ctx.Err() != nil {
		err = &CallError{Status: http.StatusGatewayTimeout, Err: fmt.Errorf("review the object: %w", context.Cause(ctx))}
	}
	return r, err
}

// consistent denies an object that is not what the request says it is.
func (a *asked) consistent(r *Response) bool {
	o := a.document.Root
	switch kind, want := o.Get("kind").Text(), a.Kind; {
	case !o.Get("metadata").Set() && kind == "":
		r.deny(http.StatusUnprocessableEntity, "Invalid", "the object is empty: a "+want+" with apiVersion, kind, metadata and spec is expected")
	case kind != want:
		r.deny(http.StatusUnprocessableEntity, "Invalid", fmt.Sprintf("the object says that its kind is %q, the request that it is %q", kind, want))
	case o.Get("apiVersion").Text() != a.Group+"/"+a.Version:
		r.deny(http.StatusUnprocessableEntity, "Invalid", fmt.Sprintf("the object says that its apiVersion is %q, the request that it is %q", o.Get("apiVersion").Text(), a.Group+"/"+a.Version))
	default:
		return true
	}
	return false
}

// broken is the answer where a mistake of ours stands in the way of one. An
// object that nobody could judge is denied; one that was not mutated is still
// to be judged.
func (a *asked) broken(endpoint Endpoint, failures ...error) (Response, error) {
	r := Response{Request: a.Request, Failures: failures}
	message := "this is a mistake of tiphys, not of the object; its log tells more under request " + cmp.Or(a.UID, "\"\"")
	if endpoint == Mutate || a.UID == "" {
		return r, &CallError{Status: http.StatusInternalServerError, Err: fmt.Errorf("%s the object: %s", endpoint, message)}
	}
	r.deny(http.StatusInternalServerError, "InternalError", "the object cannot be judged: "+message)
	return r, nil
}

func (r *Response) deny(code int, reason, message string) {
	r.Allowed, r.Code, r.Reason, r.Message = false, code, reason, message
}

func (a *asked) validate(ctx context.Context, s *State, r *Response) {
	if a.policy() {
		if s.Policy != nil {
			r.judgePolicy(s.Policy(a.document.Root))
		}
		return
	}
	if a.approval() {
		a.approve(r)
		return
	}
	if n := a.planted(storedTemplates); n != nil {
		r.deny(http.StatusForbidden, "Forbidden", n.Path()+": Argo would run these templates in place of those that spec refers to, and nobody has checked them: leave them out")
		return
	}
	o := a.options(ctx, s)
	l := lint.New(o)
	l.AddDocument(a.document)
	result := l.Finish()
	a.forgive(o, result.Findings)
	if n := a.planted(storedSpec); n != nil {
		stored := a.lintStored(o, n)
		result.Findings = append(result.Findings, stored.Findings...)
		result.Waived = append(result.Waived, stored.Waived...)
		result.Failures = append(result.Failures, stored.Failures...)
	}
	r.Failures = result.Failures
	r.judge(result.Findings, result.Waived)
}

// options are those of linting the object for a request.
func (a *asked) options(ctx context.Context, s *State) lint.Options {
	o := lint.Options{Rules: s.Rules, Argo: s.Argo, World: s.World}
	if w, ok := s.World.(Bounded); ok {
		o.World = w.Within(ctx)
	}
	o.World = resolve.Confined(o.World, a.Namespace)
	if s.Policies != nil {
		o.Policies = s.Policies(ctx, &a.Request)
	}
	if o.Policies == nil {
		o.Policies = none{}
	}
	return o
}

// none is what holds where there are no policies: what the rules say. Nobody lets
// an object waive that.
type none struct{}

// Terms implements lint.Policies.
func (none) Terms(*manifest.Node) *lint.Terms { return nil }

// mutate makes the safe fixes, the defaults of policies among them, and notes
// in an annotation what policies have written.
//
// A run that exists keeps the spec that it was started with. Who applies its
// manifest again sends that without what was written into it: if it comes out
// as it was, it is written again, and if not, nothing is.
func (a *asked) mutate(ctx context.Context, s *State, r *Response) {
	if a.approval() {
		a.stamp(r)
		return
	}
	again := !mutate.Applies(a.Operation, a.Kind)
	a.Defaults = true
	if again {
		a.Operation = "CREATE"
	}
	result, err := mutate.Apply(a.options(ctx, s), a.document)
	if err == nil && again && (a.old == nil || !patch.Equal(result.After.Get("spec"), a.old.Get("spec"))) {
		return
	}
	if err == nil {
		err = result.Annotate()
	}
	if err != nil {
		r.Failures = []error{err}
		return
	}
	if steps := result.Patch(); len(steps) > 0 {
		r.Patch = patch.JSON(steps)
		r.annotate("mutated", result.Done)
	}
}

// starts reports whether the object is a new run. The endpoint Runs is for those
// that are not validated.
func (a *asked) starts() bool { return a.Operation == "CREATE" && a.Kind == "Workflow" }

func (a *asked) start(ctx context.Context, s *State, r *Response) error {
	if s.Runs == nil {
		return nil
	}
	all, err := s.Runs(ctx, &a.Request, a.document.Root)
	if err != nil {
		return &CallError{Status: http.StatusServiceUnavailable, Err: fmt.Errorf("count the runs: %w", err)}
	}
	if len(all) > 0 {
		r.refuse(all)
	}
	return nil
}
