package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// A run is what linting the inputs came to.
type run struct {
	lint.Result
	// names are the inputs that were read, sorted.
	names []string
	// troubles are those that could not be, and why.
	troubles []string

	// texts stand in for what the inputs of these names hold.
	texts map[string][]byte
	// unfixed is set when there is something to mend that was only shown.
	unfixed bool

	mu sync.Mutex // for the two above and Failures, while workers run
}

// lintAll reads and lints the inputs with as many workers as there are
// processors. Its only error is that of ctx, and then it does not wait: a
// worker may hang in a read.
func lintAll(ctx context.Context, s Streams, all []input, texts map[string][]byte, o lint.Options) (*run, error) {
	progress := startProgress(s.Err, len(all))
	defer progress.stop()

	done := make(chan *run, 1)
	go func() { done <- lintWorkers(ctx, s, all, texts, o, progress) }()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		return r, nil
	}
}

func lintWorkers(ctx context.Context, s Streams, all []input, texts map[string][]byte, o lint.Options, p *progress) *run {
	r := &run{texts: texts}
	linter := lint.New(o)
	next := make(chan input)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(all)) {
		workers.Go(func() {
			for in := range next {
				if ctx.Err() == nil {
					r.one(ctx, s, in, linter)
				}
				p.done.Add(1)
			}
		})
	}
	for _, in := range all {
		next <- in
	}
	close(next)
	workers.Wait()
	if ctx.Err() != nil {
		return r
	}
	r.finish(linter)
	slices.Sort(r.names)
	return r
}

// one reads and lints one input.
func (r *run) one(ctx context.Context, s Streams, in input, l *lint.Linter) {
	text, given := r.texts[in.name]
	var err error
	if !given {
		text, err = read(ctx, in, s)
	}
	if err != nil {
		r.locked(func() { r.troubles = append(r.troubles, trouble(in.name, err)) })
		return
	}
	defer r.rescue("lint " + in.name)
	r.locked(func() { r.names = append(r.names, in.name) })
	l.Add(source.NewFile(in.name, text))
}

func (r *run) finish(l *lint.Linter) {
	broke := r.Failures
	defer r.rescue("lint all files together")
	r.Result = l.Finish()
	r.Failures = append(broke, r.Failures...)
}

// rescue turns a panic into a failure that names what we were at.
func (r *run) rescue(what string) {
	if e := recover(); e != nil {
		r.locked(func() { r.Failures = append(r.Failures, fmt.Errorf("%s: %v\n%s", what, e, debug.Stack())) })
	}
}

func (r *run) locked(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
}
