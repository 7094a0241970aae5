package command

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/controller"
	"github.com/tiphys-dev/tiphys/webhook/limits"
	"github.com/tiphys-dev/tiphys/webhook/server"
	"github.com/tiphys-dev/tiphys/webhook/world"
)

// cluster has the server go by what is in the cluster.
func (p *parts) cluster(f *options, s webhook.State, config *rest.Config, log *slog.Logger) error {
	controller.LogLibraries(log)
	w, err := world.New(config, world.Options{Off: f.unwatched, Log: log})
	if err != nil {
		return fmt.Errorf("--unwatched: %w", err)
	}
	o := controller.Options{Config: config, Namespace: f.namespace, World: w, State: s, Audit: f.audit, Log: log}
	if f.limitRuns {
		if o.Limits, err = limits.New(config, f.namespace); err != nil {
			return err
		}
	}
	c, err := controller.New(o)
	if err != nil {
		return err
	}
	p.State = c.State
	p.Registry = prometheus.NewRegistry()
	p.Registry.MustRegister(c.Collector())
	p.Facts.Policies = func() []server.Policy {
		var all []server.Policy
		for name, compiled := range c.Compiled() {
			all = append(all, server.Policy{Name: name, Compiled: compiled})
		}
		return all
	}
	p.Checks = []server.Check{{Name: "policies", Err: c.Ready}, {Name: "caches", Err: w.Ready}}
	p.Facts.Caches = func() []server.Cache {
		var all []server.Cache
		for _, h := range w.Health() {
			if !h.Off {
				all = append(all, server.Cache{Kind: h.Kind, Synced: h.Synced, Age: h.Age})
			}
		}
		return all
	}
	p.run = append(p.run, c.Run, func(ctx context.Context) error { w.Run(ctx); return nil })
	return nil
}
