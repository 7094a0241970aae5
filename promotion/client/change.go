package client

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	authentication "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint/near"
)

// manager is who the API server is told owns the fields that are changed here.
const manager = "tiphys"

// Options of a change.
type Options struct {
	// DryRun asks the API server whether it would do it, and changes nothing.
	DryRun bool
}

func (o Options) dry() []string {
	if o.DryRun {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// Whoami is who the API server says that we are. Where it does not say, the
// Approver is empty.
func (c *Client) Whoami(ctx context.Context) (v1alpha1.Approver, error) {
	got, err := c.others.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authentication.SelfSubjectReview{}, metav1.CreateOptions{})
	switch {
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
		return v1alpha1.Approver{}, nil
	case err != nil:
		return v1alpha1.Approver{}, c.explain("ask who you are", err)
	}
	u := got.Status.UserInfo
	return v1alpha1.Approver{User: u.Username, Groups: u.Groups[:min(len(u.Groups), 256)]}, nil
}

// Decide approves or rejects a candidate. Who it is by is filled in: it is
// whoever the API server takes us for.
func (c *Client) Decide(ctx context.Context, spec v1alpha1.ApprovalSpec, o Options) (*v1alpha1.Approval, error) {
	by, err := c.Whoami(ctx)
	if err != nil {
		return nil, err
	}
	spec.By = by
	a := &v1alpha1.Approval{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Approval"},
		ObjectMeta: metav1.ObjectMeta{Namespace: c.access.Namespace, GenerateName: spec.Candidate + "-" + spec.Environment + "-"},
		Spec:       spec,
	}
	body, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("write an approval: %w", err)
	}
	made := &v1alpha1.Approval{}
	r := c.kinds.Post().Namespace(c.access.Namespace).Resource("approvals").Timeout(requestTimeout).Param("fieldManager", manager)
	for _, d := range o.dry() {
		r.Param("dryRun", d)
	}
	if err := r.SetHeader("Content-Type", "application/json").Body(body).Do(ctx).Into(made); err != nil {
		what := fmt.Sprintf("%s %s for %s", spec.Decision, spec.Candidate, spec.Environment)
		return nil, c.denied(ctx, what, err, "approve", spec.Promotion, spec.Environment)
	}
	return made, nil
}

// Freeze lets nothing into an environment any more. It returns how the
// environment was before.
func (c *Client) Freeze(ctx context.Context, promotion, environment, reason string, o Options) (v1alpha1.Environment, error) {
	return c.change(ctx, "freeze", promotion, environment, "freeze", v1alpha1.Freeze{Reason: reason}, o)
}

// Unfreeze takes a freeze off, if there is one.
func (c *Client) Unfreeze(ctx context.Context, promotion, environment string, o Options) (v1alpha1.Environment, error) {
	return c.change(ctx, "unfreeze", promotion, environment, "freeze", nil, o)
}

// Pin asks for a candidate in an environment, and holds it there.
func (c *Client) Pin(ctx context.Context, promotion, environment string, pin v1alpha1.Pin, o Options) (v1alpha1.Environment, error) {
	return c.change(ctx, "pin", promotion, environment, "pin", pin, o)
}

// Unpin takes a pin off, if there is one.
func (c *Client) Unpin(ctx context.Context, promotion, environment string, o Options) (v1alpha1.Environment, error) {
	return c.change(ctx, "unpin", promotion, environment, "pin", nil, o)
}

// An op is one of a JSON patch.
type op struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// tries bounds how often a change is tried against others who move environments
// about at the same time.
const tries = 5

// change sets one field of an environment, or removes it for nil. The patch
// touches nothing else, and holds only for as long as the environment is where
// it was seen.
func (c *Client) change(ctx context.Context, verb, promotion, environment, field string, value any, o Options) (v1alpha1.Environment, error) {
	what := fmt.Sprintf("%s %s of promotion %q", verb, environment, promotion)
	for try := 1; ; try++ {
		p, err := c.Promotion(ctx, promotion)
		if err != nil {
			return v1alpha1.Environment{}, err
		}
		at := slices.IndexFunc(p.Spec.Environments, func(e v1alpha1.Environment) bool { return e.Name == environment })
		if at < 0 {
			return v1alpha1.Environment{}, UnknownEnvironment(p, environment)
		}
		was := p.Spec.Environments[at]
		path := fmt.Sprintf("/spec/environments/%d/", at)
		patch := []op{
			{"test", "/metadata/uid", p.UID},
			{"test", path + "name", environment},
		}
		set := was.Freeze != nil
		if field == "pin" {
			set = was.Pin != nil
		}
		switch {
		case value != nil:
			patch = append(patch, op{"add", path + field, value})
		case set:
			patch = append(patch, op{"remove", path + field, nil})
		default:
			return was, nil
		}
		err = c.patch(ctx, promotion, patch, o)
		switch {
		case err == nil:
			return was, nil
		case apierrors.IsNotFound(err):
			return was, c.missing(ctx, err, promotion)
		case try < tries && (apierrors.IsConflict(err) || moved(err)):
		default:
			return was, c.denied(ctx, what, err, "promote", promotion, environment)
		}
	}
}

// moved reports whether a patch did not fit any more: the API server tells in
// words only.
func moved(err error) bool {
	text := err.Error()
	return apierrors.IsInvalid(err) && (strings.Contains(text, "the server rejected our request due to an error in our request") || strings.Contains(text, "testing path") ||
		strings.Contains(text, "remove operation does not apply"))
}

func (c *Client) patch(ctx context.Context, promotion string, patch []op, o Options) error {
	body, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("write a patch: %w", err)
	}
	r := c.kinds.Patch(types.JSONPatchType).Namespace(c.access.Namespace).Resource("promotions").Name(promotion).
		Timeout(requestTimeout).Param("fieldManager", manager)
	for _, d := range o.dry() {
		r.Param("dryRun", d)
	}
	return r.Body(body).Do(ctx).Error()
}

// UnknownEnvironment is the error about an environment that a promotion does
// not have.
func UnknownEnvironment(p *v1alpha1.Promotion, name string) error {
	names := make([]string, len(p.Spec.Environments))
	for i := range p.Spec.Environments {
		names[i] = p.Spec.Environments[i].Name
	}
	hint := near.Hint(name, names)
	if hint == "" {
		hint = "; it has " + strings.Join(names, ", ")
	}
	return unknown("promotion %q has no environment %q%s", p.Name, name, hint)
}
