package command

import (
	"context"
	"fmt"
	"log/slog"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/certs/files"
	"github.com/tiphys-dev/tiphys/webhook/certs/incluster"
)

// partsOf puts together what the flags ask for. Nothing runs yet.
func partsOf(ctx context.Context, f *options, log *slog.Logger) (*parts, error) {
	p := &parts{}
	var config *rest.Config
	if !f.standalone {
		var err error
		if config, err = clientcmd.BuildConfigFromFlags("", f.kubeconfig); err != nil {
			return nil, fmt.Errorf("find the cluster: %w", err)
		}
	}
	if err := p.certificate(f, config, log); err != nil {
		return nil, err
	}
	if f.clientCA != "" {
		a := &files.Authorities{Path: f.clientCA, Log: log}
		if err := a.Read(); err != nil {
			return nil, err
		}
		p.Clients, p.run = a.Pool, append(p.run, a.Run)
	}
	base := webhook.State{Rules: rules.All(), Argo: f.argo}
	if f.standalone {
		return p, p.standalone(f, base)
	}
	return p, p.cluster(f, base, config, log)
}

func (p *parts) certificate(f *options, config *rest.Config, log *slog.Logger) error {
	if f.certDir != "" {
		d := &files.Directory{Path: f.certDir, Log: log}
		if err := d.Read(); err != nil && f.standalone {
			return err // in a cluster, somebody may yet write it
		}
		p.Certificate, p.run = d.Certificate, append(p.run, d.Run)
		return nil
	}
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	host := f.service + "." + f.namespace + ".svc"
	k := incluster.New(incluster.Options{
		Client: c, Namespace: f.namespace, Secret: f.secret, Validating: f.validating, Mutating: f.mutating,
		Names: []string{host, host + ".cluster.local"}, Lifetimes: f.lifetimes, Log: log,
	})
	p.Certificate, p.Facts.Authority, p.run = k.Certificate, k.Authority, append(p.run, k.Run)
	return nil
}
