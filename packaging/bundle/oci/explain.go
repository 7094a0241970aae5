package oci

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// ErrNotFound says that a registry has no such tag, digest or repository.
var ErrNotFound = errors.New("not found")

// notFound keeps the sentence and is an ErrNotFound.
type notFound struct{ message string }

func (e *notFound) Error() string        { return e.message }
func (e *notFound) Is(target error) bool { return target == ErrNotFound }

// explain words what went wrong with a registry, with what to do about it.
func (r *repository) explain(ctx context.Context, err error) error {
	var answer *errcode.ErrorResponse
	host := r.ref.Registry
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errdef.ErrNotFound):
		return r.missing(ctx)
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return r.unauthorized()
	case errors.As(err, &answer):
		switch answer.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			return r.unauthorized()
		case http.StatusNotFound:
			return r.missing(ctx)
		case http.StatusBadRequest:
			if len(answer.Errors) == 0 && r.PlainHTTP {
				return fmt.Errorf("registry %s does not understand plain HTTP: leave out %s", host, r.plainHTTP())
			}
		}
		detail := http.StatusText(answer.StatusCode)
		if len(answer.Errors) > 0 {
			detail = answer.Errors.Error()
		}
		return fmt.Errorf("registry %s answers %d to %s: %s", host, answer.StatusCode, answer.Method, detail)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // what it was about is said already
		if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
			return fmt.Errorf("registry %s speaks plain HTTP: say %s, if that is meant", host, r.plainHTTP())
		}
		return fmt.Errorf("reach registry %s: %w", host, err)
	}
	return fmt.Errorf("registry %s: %w", host, err)
}

// plainHTTP is how whoever reads the message asks for plain HTTP.
func (r *repository) plainHTTP() string {
	if r.given {
		return "plainHTTP"
	}
	return "--plain-http"
}

func (r *repository) unauthorized() error {
	host := r.ref.Registry
	switch {
	case r.given && r.known:
		return fmt.Errorf("registry %s does not let the credentials that it is given use %s: they must be those of somebody who may", host, r.ref.Repository)
	case r.given:
		return fmt.Errorf("registry %s wants credentials for %s, and is given none", host, r.ref.Repository)
	case r.known:
		return fmt.Errorf("registry %s does not let these credentials use %s: log in as somebody who may, with: docker login %s", host, r.ref.Repository, host)
	}
	return fmt.Errorf("registry %s wants credentials for %s, and there are none: log in with: docker login %s (or helm registry login %s)", host, r.ref.Repository, host, host)
}

// missing says what there is instead.
func (r *repository) missing(ctx context.Context) error {
	all, err := r.tags(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return &notFound{fmt.Sprintf("registry %s has no repository %q", r.ref.Registry, r.ref.Repository)}
	case r.ref.Digest != "":
		return &notFound{"there is no manifest with this digest; the digest of a package is another one, and no registry finds by it"}
	case len(all) == 0:
		return &notFound{"the repository has no tags"}
	default:
		return &notFound{fmt.Sprintf("there is no tag %q%s; %s", r.ref.Tag, near.Hint(r.ref.Tag, all), theTags(all))}
	}
}

// theTags lists tags, the last ones when there are many: they are mostly the
// newest.
func theTags(all []string) string {
	const most = 10
	if len(all) <= most {
		return "the tags are " + strings.Join(all, ", ")
	}
	return fmt.Sprintf("the last of its %d tags are %s", len(all), strings.Join(all[len(all)-most:], ", "))
}
