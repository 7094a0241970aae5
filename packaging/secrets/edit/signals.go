package edit

import (
	"context"
	"os"
	"os/signal"
)

// signals ends a context when one of the signals comes that end an edit.
type signals struct{ c chan os.Signal }

func listen(ctx context.Context) (*signals, context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	s := &signals{make(chan os.Signal, 1)}
	signal.Notify(s.c, ending...)
	go func() {
		select {
		case <-s.c:
			cancel()
		case <-ctx.Done():
		}
	}()
	return s, ctx, func() {
		signal.Stop(s.c)
		cancel()
	}
}

// leave leaves interrupts to the editor: on a terminal both get them, and there
// Ctrl-C is a key of the editor. What it returns listens again.
func (s *signals) leave() (again func()) {
	signal.Ignore(os.Interrupt)
	return func() { signal.Notify(s.c, os.Interrupt) }
}
