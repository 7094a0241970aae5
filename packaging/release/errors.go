package release

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/tiphys-dev/tiphys/lint/near"
)

var (
	// ErrNotFound is in errors about a release that is not there.
	ErrNotFound = errors.New("release not found")
	// ErrChanged is in the error when a release is not any more what was prepared
	// for. Nothing was done.
	ErrChanged = errors.New("release changed meanwhile")
	// ErrAlready is in the error when Options.Once is set, and it was done before.
	ErrAlready = errors.New("the release is what it should be already")
)

// A Refused error says why something is not done, or why the cluster would not
// do it: it is about what was asked for, so trying the same again is no use.
// Any other error is about a cluster that cannot be reached or used.
type Refused struct{ Err error }

func (r *Refused) Error() string { return r.Err.Error() }

func (r *Refused) Unwrap() error { return r.Err }

func refuse(format string, args ...any) error { return &Refused{fmt.Errorf(format, args...)} }

func unknownRelease(name, namespace string, known map[string]bool) error {
	names := slices.Sorted(maps.Keys(known))
	hint := near.Hint(name, names)
	switch {
	case hint != "":
	case len(names) == 0:
		hint = "; there is none there, is it the right namespace?"
	default:
		hint = "; there are " + strings.Join(names[:min(len(names), 10)], ", ")
	}
	return &Refused{&said{fmt.Sprintf("there is no release %q in namespace %q%s", name, namespace, hint), ErrNotFound}}
}

// said is an error in words of ours.
type said struct {
	text string
	err  error
}

func (s *said) Error() string { return s.text }

func (s *said) Unwrap() error { return s.err }

// explain says in words what can be done about an error of the cluster, and
// masks what must not be printed: an API server may quote what it refuses.
func (c *Client) explain(err error, never *never) error {
	if err == nil {
		return nil
	}
	c.words.advise(err)
	text := never.mask(plainly(err.Error()))
	if hint := c.hint(err, text); hint != "" {
		text += "; " + hint
	}
	return &said{text, asRefused(err)}
}

// plainly makes one line of what Helm and its libraries say in several, and
// takes out what is no news.
func plainly(text string) string {
	text = several.ReplaceAllString(strings.Join(strings.Fields(text), " "), "")
	text = mapping.ReplaceAllString(text, `object "$1": $2`)
	return strings.ReplaceAll(text, " ensure CRDs are installed first", "")
}

// asRefused marks what the API server says about what was asked for.
func asRefused(err error) error {
	var refused *Refused
	text := err.Error()
	switch {
	case errors.As(err, &refused), errors.Is(err, context.Canceled), errors.Is(err, errLost):
		return err
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsForbidden(err), strings.Contains(text, forbidden),
		noKind.MatchString(text), namespaceMissing.MatchString(text):
		return &Refused{err}
	}
	return err
}

// byHelm marks what Helm's actions end with: it is about the chart and its
// objects, unless the cluster was out of reach. Helm makes text of many errors.
func byHelm(err error) error {
	if err == nil || unreachable(err) {
		return err
	}
	return &Refused{err}
}

func unreachable(err error) bool {
	var network net.Error
	if errors.As(err, &network) || interrupted(err) || errors.Is(err, errLost) || busy(err) {
		return true
	}
	// Why an admission webhook denies something is in its own words, whatever
	// those are.
	return !strings.Contains(err.Error(), denied) && says(err, passingTexts)
}

// Crowded reports whether a refusal is about what else is in the cluster, as a
// quota that is used up: the very same may go through later.
func Crowded(err error) bool {
	return !strings.Contains(err.Error(), denied) && says(err, crowdedTexts)
}

func says(err error, texts []string) bool {
	text := err.Error()
	return slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(text, s) })
}

// busy reports whether an API server says that it could not do its work, which
// is nothing about what was asked for.
func busy(err error) bool {
	for _, is := range []func(error) bool{
		apierrors.IsUnauthorized, apierrors.IsServerTimeout, apierrors.IsTimeout, apierrors.IsTooManyRequests,
		apierrors.IsServiceUnavailable, apierrors.IsInternalError, apierrors.IsConflict,
	} {
		if is(err) {
			return true
		}
	}
	return false
}

// passingTexts tell the same of errors that Helm has made text of.
var passingTexts = []string{
	"dial tcp", "i/o timeout", "context canceled", "context deadline exceeded", "Client.Timeout exceeded", "connection reset", "connection refused",
	"connection lost", "TLS handshake timeout", ": EOF", "unexpected EOF", "etcdserver: ", "too many requests", "Too many requests",
	"Internal error occurred: ", "the server is currently unable", "the server was unable to return a response in the time allotted",
	"the object has been modified", errLost.Error(),
}

// crowdedTexts are those of the quotas and of the life of namespaces.
var crowdedTexts = []string{" is forbidden: exceeded quota: ", "status unknown for quota", "because it is being terminated"}

// denied is what an API server says when an admission webhook or policy said no;
// when a webhook could not be asked, it says something else.
const denied = " denied the request: "

// forbidden is what a refusal by RBAC says, also after Helm has made text of it.
const forbidden = " is forbidden: User "

var (
	several          = regexp.MustCompile(`\d+ errors? occurred: \* `)
	mapping          = regexp.MustCompile(`resource mapping not found for name: "([^"]*)" namespace: "[^"]*" from "": (no matches for kind "[^"]+" in version "[^"]+")`)
	noKind           = regexp.MustCompile(`no matches for kind "([^"]+)" in version "([^"]+)"`)
	namespaceMissing = regexp.MustCompile(`namespaces "([^"]+)" not found`)
)

// hint says what to do about an error. Helm hands some on as text only.
func (c *Client) hint(err error, text string) string {
	if m := noKind.FindStringSubmatch(text); m != nil {
		return whoBrings(m[1], m[2])
	}
	if m := namespaceMissing.FindStringSubmatch(text); m != nil {
		if m[1] == c.namespace {
			return c.words.missing(m[1])
		}
		return fmt.Sprintf("there is no namespace %q: make it first, as the chart puts an object there", m[1])
	}
	if !apierrors.IsUnauthorized(err) && strings.Contains(text, forbidden) { // an admission webhook forbids, too, and no right helps
		return "deploying needs get, list, create, update, patch and delete on secrets and on leases of coordination.k8s.io in the namespace, and the same on the kinds of the chart"
	}
	a := Access{Config: c.config, Context: c.context}
	return a.Hint(err, text)
}

func whoBrings(kind, version string) string {
	switch group, _, _ := strings.Cut(version, "/"); {
	case group == "argoproj.io" && version != group+"/v1alpha1":
		return fmt.Sprintf("Argo has %s in version argoproj.io/v1alpha1", kind)
	case group == "argoproj.io" && slices.Contains([]string{"Sensor", "EventSource", "EventBus"}, kind):
		return "Argo Events is not installed in that cluster: its custom resource definitions are missing"
	case group == "argoproj.io":
		return "Argo Workflows is not installed in that cluster: its custom resource definitions are missing"
	}
	return fmt.Sprintf("the cluster does not know %s of %s: what brings it is not installed, or the version is too old or new", kind, version)
}
