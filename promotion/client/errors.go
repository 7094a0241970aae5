package client

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	authorization "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/packaging/release"
)

var (
	// ErrNotFound is in errors about a promotion or environment that is not there.
	ErrNotFound = errors.New("not found")
	// ErrNotInstalled is in errors about a cluster that does not have our kinds.
	ErrNotInstalled = errors.New("kinds not installed")
)

// said is an error in words of ours.
type said struct {
	text string
	err  error
}

func (s *said) Error() string { return s.text }

func (s *said) Unwrap() error { return s.err }

// refuse says that the cluster was reached, and does not do it.
func refuse(err error, format string, args ...any) error {
	return &release.Refused{Err: &said{fmt.Sprintf(format, args...), err}}
}

func unknown(format string, args ...any) error {
	return &release.Refused{Err: &said{fmt.Sprintf(format, args...), ErrNotFound}}
}

var (
	byRBAC      = regexp.MustCompile(`User "([^"]*)" cannot (\S+) resource "([^"]+)"(?: in API group "([^"]*)")?(?: in the namespace "([^"]+)")?`)
	byAdmission = regexp.MustCompile(`(?s)denied (?:the )?request: (.*)`)
)

// explain says in words what can be done about an error.
func (c *Client) explain(what string, err error) error {
	switch text := ""; {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse):
		return refuse(ErrNotInstalled, "the cluster does not know promotions: the kinds of %s are not installed there, which the chart of tiphys brings: helm upgrade --install tiphys charts/tiphys --namespace tiphys --create-namespace --set controller.enabled=true",
			v1alpha1.GroupVersion)
	case apierrors.IsForbidden(err) && byRBAC.MatchString(err.Error()):
		m := byRBAC.FindStringSubmatch(err.Error())
		return refuse(err, "%s: you are %q: that needs the verb %q on %s", what, m[1], m[2], onWhat(m[3], m[4], m[5], ""))
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsConflict(err), apierrors.IsNotFound(err):
		text = err.Error()
		if m := byAdmission.FindStringSubmatch(text); m != nil {
			text = m[1]
		}
		return refuse(err, "%s: %s", what, oneLine(text))
	default:
		text = what + ": " + oneLine(err.Error())
		if hint := c.access.Hint(err, text); hint != "" {
			text += "; " + hint
		}
		return &said{text, err}
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// onWhat names what a rule of RBAC is about.
func onWhat(resource, group, namespace, name string) string {
	text := resource
	if group != "" {
		text += " of " + group
	}
	if name != "" {
		text += fmt.Sprintf(" (named %q)", name)
	}
	if namespace != "" {
		return text + fmt.Sprintf(" in namespace %q", namespace)
	}
	return text + " in all namespaces"
}

// missing explains an error about one promotion.
func (c *Client) missing(ctx context.Context, err error, name string) error {
	if !apierrors.IsNotFound(err) || apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) {
		return c.explain(fmt.Sprintf("get promotion %q", name), err)
	}
	all, failed := c.Promotions(ctx, false)
	if failed != nil {
		all = nil // whoever may not list gets no hint
	}
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	hint := near.Hint(name, names)
	switch {
	case hint != "":
	case failed != nil:
		hint = "; is it the right namespace?"
	case len(names) == 0:
		hint = "; there is none there, is it the right namespace?"
	default:
		hint = "; there are " + strings.Join(names[:min(len(names), 10)], ", ")
	}
	return unknown("there is no promotion %q in namespace %q%s", name, c.access.Namespace, hint)
}

// denied explains why a change of an environment was refused. RBAC knows the
// verbs approve and promote of environments, but has no say in the request
// itself: where what refused it does not name a verb, RBAC is asked.
func (c *Client) denied(ctx context.Context, what string, err error, verb, promotion, environment string) error {
	if !apierrors.IsForbidden(err) && !apierrors.IsInvalid(err) || byRBAC.MatchString(err.Error()) || strings.Contains(err.Error(), " verb ") {
		return c.explain(what, err)
	}
	may, failed := c.may(ctx, verb, promotion, environment)
	if failed != nil || may {
		return c.explain(what, err)
	}
	who := "you may not"
	if by, failed := c.Whoami(ctx); failed == nil && by.User != "" {
		who = fmt.Sprintf("you are %q", by.User)
	}
	return refuse(err, "%s: %s: that needs the verb %q on %s", what, who, verb,
		onWhat("promotions/"+environment, v1alpha1.GroupVersion.Group, c.access.Namespace, promotion))
}

// may asks RBAC for one of our own verbs.
func (c *Client) may(ctx context.Context, verb, promotion, environment string) (bool, error) {
	review := &authorization.SelfSubjectAccessReview{Spec: authorization.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorization.ResourceAttributes{
		Namespace: c.access.Namespace, Verb: verb, Group: v1alpha1.GroupVersion.Group, Version: v1alpha1.GroupVersion.Version,
		Resource: "promotions", Subresource: environment, Name: promotion,
	}}}
	got, err := c.others.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return got.Status.Allowed, nil
}
