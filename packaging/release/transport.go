package release

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// A leash is what all requests of one operation go through. Helm gives none of
// its own a context, so this is the one way to end them.
type leash struct {
	next http.RoundTripper
	// ctx ends every request, also one that is under way.
	ctx context.Context
	// may is asked before anything is written; nil allows all.
	may func() error
	// dry makes the API server go through the motions only.
	dry bool
}

func (l *leash) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := context.Cause(l.ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	stop := context.AfterFunc(l.ctx, func() { cancel(context.Cause(l.ctx)) })
	end := func() { stop(); cancel(nil) }
	r = r.Clone(ctx)
	if writes(r.Method) {
		if l.may != nil {
			if err := l.may(); err != nil {
				end()
				return nil, err
			}
		}
		if l.dry {
			q := r.URL.Query()
			q.Set("dryRun", "All")
			r.URL.RawQuery = q.Encode()
		}
	}
	response, err := l.next.RoundTrip(r)
	if err != nil {
		if cause := context.Cause(l.ctx); cause != nil {
			err = cause
		}
		end()
		return nil, err
	}
	response.Body = &leashed{ReadCloser: response.Body, end: end}
	return response, nil
}

// WrappedRoundTripper lets client-go find the transport below.
func (l *leash) WrappedRoundTripper() http.RoundTripper { return l.next }

func writes(method string) bool {
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return true
	}
	return false
}

// A leashed body lets go of its context when it is closed.
type leashed struct {
	io.ReadCloser
	end  func()
	once sync.Once
}

func (b *leashed) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(b.end)
	return err
}
