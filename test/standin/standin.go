// Package standin does what a cluster without nodes does not: it runs what
// Deployments of the chart ask for, as processes of this machine, and ends Workflows.
//
// An API server for tests has no kubelet, no controller manager and no workflow
// engine. Whoever shows or tests the whole product there needs somebody in their
// place, and says so.
package standin

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/watch"
)

// again is the pause before something that failed is tried once more.
const again = 200 * time.Millisecond

// follow hands each event of a watch to do, and opens the watch again when it
// breaks off, until ctx ends. A watch that is opened begins with all that is there.
func follow(ctx context.Context, open func() (watch.Interface, error), do func(watch.Event)) {
	for ctx.Err() == nil {
		w, err := open()
		if err != nil { // the API server is not there yet, or the kind is not
			pause(ctx)
			continue
		}
		for e := range w.ResultChan() {
			if e.Type != watch.Error {
				do(e)
			}
		}
		w.Stop()
		pause(ctx)
	}
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(again):
	}
}
