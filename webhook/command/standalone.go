package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/controller"
	"github.com/tiphys-dev/tiphys/webhook/server"
)

// standalone has the server go by files.
func (p *parts) standalone(f *options, s webhook.State) error {
	s.Policy = func(n *manifest.Node) []lint.Finding {
		_, problems := policies.FromObject(n)
		return problems
	}
	p.State = func() *webhook.State { return &s }
	if len(f.policies) == 0 {
		return nil
	}
	var all []*policies.Policy
	var wrong []string
	for _, name := range f.policies {
		file, err := open(name)
		if err != nil {
			return err
		}
		read, problems := policies.Parse(file)
		for _, problem := range problems {
			wrong = append(wrong, problem.String())
		}
		all = append(all, read...)
	}
	if len(wrong) > 0 {
		return errors.New("read the policies: " + strings.Join(wrong, "; "))
	}
	set := policies.NewSet(all, policies.Options{})
	s.Policies = func(ctx context.Context, r *webhook.Request) lint.Policies {
		q := controller.RequestOf(ctx, r)
		q.Now = time.Now()
		return set.For(q)
	}
	p.Facts.Policies = func() []server.Policy {
		var states []server.Policy
		for _, p := range set.Policies() {
			states = append(states, server.Policy{Name: p.Name, Compiled: true})
		}
		return states
	}
	return nil
}

// open reads a file, or a policy that comes with tiphys by its name.
func open(name string) (*source.File, error) {
	if f := policies.Shipped(name); f != nil {
		return f, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the policies: %w", err)
	}
	return source.NewFile(name, text), nil
}
