package page

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Serve serves the page until the context is done, and then ends its streams
// and lets other requests end.
func Serve(ctx context.Context, l net.Listener, page http.Handler) error {
	s := &http.Server{
		Handler:           page,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       20 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		stopped <- errors.Join(s.Shutdown(last), s.Close())
	})
	err := s.Serve(l)
	if stop() { // it ended by itself
		return err
	}
	return <-stopped
}
