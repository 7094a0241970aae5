// Package page serves a read-only web page of promotions: where each candidate
// is, what holds it, and what that is known by.
//
// Whoever looks is who the API server says, and sees the promotions of the
// namespaces in which he may list them; a namespace that he may not see is no
// different from one that is not there. Nothing here can be changed, the page
// needs nothing from elsewhere, and no token is in an address, a page or a log.
package page

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-logr/logr"
	"k8s.io/utils/clock"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// A Source has what the page shows. What it returns is only read, and may be
// shared.
type Source interface {
	// Promotions and Candidates list those of a namespace, or of all for "".
	Promotions(ctx context.Context, namespace string) ([]v1alpha1.Promotion, error)
	Candidates(ctx context.Context, namespace string) ([]v1alpha1.Candidate, error)
	// Package is that of a candidate, its secrets still encrypted.
	Package(ctx context.Context, c *v1alpha1.Candidate) (*bundle.Package, error)
	// Changed returns a channel that gets something after each change; changes
	// that nobody has taken yet count as one. Stop ends that.
	Changed() (changes <-chan struct{}, stop func())
}

// A User is whom the API server takes the bearer of a token for.
type User struct {
	Name, UID string
	Groups    []string
	Extra     map[string][]string
}

// ErrUnknown is the error for a token that the API server does not take.
var ErrUnknown = errors.New("the API server does not know this token, or it is too old")

// Options of New. Source, Authenticate and Authorize must be given.
type Options struct {
	Source Source
	// Authenticate tells whose token it is; the error is ErrUnknown for nobody's,
	// and any other when that cannot be told.
	Authenticate func(ctx context.Context, token string) (User, error)
	// Authorize reports whether the user may list promotions in a namespace, or
	// in all of them for "".
	Authorize func(ctx context.Context, u User, namespace string) (bool, error)
	// ArgoURL is the address of the pages of Argo Workflows, for links to runs;
	// without it there are none.
	ArgoURL string
	// SessionKey has 32 bytes that encrypt the cookies of browsers. Replicas that
	// share them share sessions; without it they are random, and a restart ends
	// all sessions.
	SessionKey []byte
	// Done ends the streams of updates; the contexts of the requests do too.
	Done <-chan struct{}
	// Log has what goes wrong on this side.
	Log logr.Logger
	// Clock is the real one unless given.
	Clock clock.Clock
}

// New returns the page. It answers for all paths from / on.
func New(o Options) (http.Handler, error) {
	return nil, errors.New("not there yet")
}
