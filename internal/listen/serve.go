// Package listen serves HTTP until it is told to end.
package listen

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// drain is how long requests that have begun may take when the server ends.
const drain = 5 * time.Second

// Serve serves until ctx is done, and then lets requests that have begun end.
// Their contexts do not end with ctx: a handler of streams has to heed it.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		ended <- errors.Join(s.Shutdown(last), s.Close())
	})
	err := s.Serve(l)
	if stop() { // it ended by itself
		return err
	}
	return <-ended
}
