package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/tiphys-dev/tiphys/internal/version"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/promotion/page"
)

// servers listen at once, so that an address that is taken is known before
// anything is done, and serve when they are run.
func (f *flags) servers(ctx context.Context, config *rest.Config, c *controller.Controller, log *slog.Logger) (all []func(context.Context) error, err error) {
	hooks := http.NewServeMux()
	hooks.Handle("/hook/", c.Hook())
	for _, s := range []struct {
		name, address string
		handler       func() (http.Handler, error)
		serve         func(context.Context, net.Listener, http.Handler) error
	}{
		{"metrics", f.metrics, func() (http.Handler, error) { return facts(c), nil }, serve},
		{"hook", f.hook, func() (http.Handler, error) { return hooks, nil }, serve},
		{"page", f.page, func() (http.Handler, error) { return f.board(ctx, config, c, log) }, page.Serve},
	} {
		if s.address == "" {
			continue
		}
		h, err := s.handler()
		if err != nil {
			return nil, fmt.Errorf("make %s: %w", s.name, err)
		}
		l, err := net.Listen("tcp", s.address)
		if err != nil {
			return nil, fmt.Errorf("listen for %s: %w", s.name, err)
		}
		log.Info("serves", "what", s.name, "address", l.Addr().String())
		all = append(all, func(ctx context.Context) error { return s.serve(ctx, l, h) })
	}
	return all, nil
}

// board is the page of all promotions.
func (f *flags) board(ctx context.Context, config *rest.Config, c *controller.Controller, log *slog.Logger) (http.Handler, error) {
	from, err := page.FromCluster(ctx, config, c.Cache(), c.Package)
	if err != nil {
		return nil, err
	}
	return page.New(page.Options{Source: from, Authenticate: from.Authenticate, Authorize: from.Authorize, ArgoURL: f.argoURL, Done: ctx.Done(), Log: logr.FromSlogHandler(log.Handler())})
}

// drain is how long requests that have begun may take when the process ends.
const drain = 5 * time.Second

func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	stopped := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		s.Shutdown(end)
	})
	defer stopped()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// facts serves what is known of the process.
func facts(c *controller.Controller) http.Handler {
	registry := prometheus.NewRegistry()
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tiphys_controller_build_info", Help: "Always 1; its labels tell which build this is.",
		ConstLabels: prometheus.Labels{"version": version.String(), "commit": version.Commit(), "goversion": runtime.Version()},
	}, func() float64 { return 1 })
	// With how much was in use after the last garbage collection: what grows
	// there, grows for good.
	live := collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile("^/gc/heap/live:bytes$")})
	registry.MustRegister(build, c.Collector(), collectors.NewGoCollector(live), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
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
