package command

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/tiphys-dev/tiphys/internal/listen"
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
	}{
		{"metrics", f.metrics, func() (http.Handler, error) { return facts(c), nil }},
		{"hook", f.hook, func() (http.Handler, error) { return hooks, nil }},
		{"page", f.page, func() (http.Handler, error) { return f.board(ctx, config, c, log) }},
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
		all = append(all, func(ctx context.Context) error { return listen.Serve(ctx, l, h) })
	}
	return all, nil
}

// board is the page of all promotions.
func (f *flags) board(ctx context.Context, config *rest.Config, c *controller.Controller, log *slog.Logger) (http.Handler, error) {
	from, err := page.FromCluster(ctx, config, c.Cache(), c.Package)
	if err != nil {
		return nil, err
	}
	key, err := readKey(f.sessionKey)
	if err != nil {
		return nil, err
	}
	return page.New(page.Options{Source: from, SessionKey: key, Authenticate: from.Authenticate, Authorize: from.Authorize, ArgoURL: f.argoURL, Done: ctx.Done(), Log: logr.FromSlogHandler(log.Handler())})
}

// leastKey is how many bytes a file must have to be a key.
const leastKey = 32

// readKey makes a key of what a file has; nil without one.
func readKey(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the session key: %w", err)
	}
	if text = bytes.TrimSpace(text); len(text) < leastKey {
		return nil, fmt.Errorf("read the session key: %s has %d bytes: it must have %d", name, len(text), leastKey)
	}
	key := sha256.Sum256(text)
	return key[:], nil
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
