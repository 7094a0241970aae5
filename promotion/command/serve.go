package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/tiphys-dev/tiphys/promotion/controller"
)

// servers listen at once, so that an address that is taken is known before
// anything is done, and serve when they are run.
func (f *flags) servers(c *controller.Controller, log *slog.Logger) (all []func(context.Context) error, err error) {
	hooks := http.NewServeMux()
	hooks.Handle("/hook/", c.Hook())
	for _, s := range []struct {
		name, address string
		handler       http.Handler
	}{
		{"metrics", f.metrics, facts(c)},
		{"hook", f.hook, hooks},
		{"page", f.page, f.Page},
	} {
		if s.address == "" || s.handler == nil {
			continue
		}
		l, err := net.Listen("tcp", s.address)
		if err != nil {
			return nil, fmt.Errorf("listen for %s: %w", s.name, err)
		}
		log.Info("serves", "what", s.name, "address", l.Addr().String())
		all = append(all, serve(l, s.handler))
	}
	return all, nil
}

// drain is how long requests that have begun may take when the process ends.
const drain = 5 * time.Second

func serve(l net.Listener, h http.Handler) func(context.Context) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	return func(ctx context.Context) error {
		stopped := context.AfterFunc(ctx, func() {
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
			defer cancel()
			if s.Shutdown(end) != nil {
				s.Close() // as streams of the page, which never end
			}
		})
		defer stopped()
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}
}

// facts serves what is known of the process.
func facts(c *controller.Controller) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(c.Collector(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(prometheus.Gatherers{registry, metrics.Registry}, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := c.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}
