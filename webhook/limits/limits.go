// Package limits holds runs to what policies limit them to: it denies those that
// are one too many, and has the semaphores of those that are to queue say how
// many may run.
package limits

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/policies/concurrency"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/semaphores"
	"github.com/tiphys-dev/tiphys/webhook/slots"
)

// Limits enforces limits.
type Limits struct {
	slots      *slots.Slots
	semaphores *semaphores.Semaphores
}

// New returns limits that keep their books in a namespace.
func New(config *rest.Config, namespace string) (*Limits, error) {
	s, err := slots.New(config, namespace)
	if err != nil {
		return nil, err
	}
	m, err := semaphores.New(config)
	if err != nil {
		return nil, err
	}
	return &Limits{s, m}, nil
}

// A claim is a run before one limit.
type claim struct {
	limit *concurrency.Limit
	key   concurrency.Key
}

// claims are those of an object that makes runs, by the policies that are for it.
func claims(w *workflow.Workflow, namespace string, all []*policies.Policy, in resolve.World) []claim {
	var library *resolve.Library
	if w.Ref != nil && in != nil {
		library, _ = in.Library(namespace, w.Ref.Name.Text(), w.Ref.Cluster)
	}
	var out []claim
	for _, p := range all {
		if p.Concurrency == nil {
			continue
		}
		if k, ok := p.Concurrency.Of(w, namespace, library); ok {
			out = append(out, claim{p.Concurrency, k})
		}
	}
	return out
}

// Start tells which of the policies do not let a new Workflow start, and takes a
// slot for it where all do. On a dry run nothing is taken or written.
func (l *Limits) Start(ctx context.Context, r *webhook.Request, object *manifest.Node, all []*policies.Policy, in resolve.World) ([]webhook.Refusal, error) {
	flows := workflow.From(object)
	if len(flows) != 1 {
		return nil, nil
	}
	mine := claims(flows[0], r.Namespace, all, in)
	run := concurrency.Run{UID: object.At("metadata", "uid").Text(), Name: r.Name, Started: time.Now()}
	if run.UID == "" {
		run.UID = r.UID
	}
	// First all are asked and then all are taken, so that what one refuses does
	// not hold the slots of the others.
	refused, err := l.ask(ctx, mine, run, true)
	if err != nil || len(refused) > 0 || r.DryRun {
		return refused, err
	}
	if err := l.ensure(ctx, mine); err != nil {
		return nil, err
	}
	return l.ask(ctx, mine, run, false)
}

func (l *Limits) ask(ctx context.Context, mine []claim, run concurrency.Run, trial bool) (refused []webhook.Refusal, err error) {
	for _, c := range mine {
		if c.limit.Exceeded != v1alpha1.Reject {
			continue
		}
		v, err := l.slots.Within(ctx).Admit(c.limit, c.key, run, trial)
		if err != nil {
			return nil, fmt.Errorf("find out how many runs of %s there are, which policy %q limits: %w", c.key.Title(), c.limit.Policy, err)
		}
		if !v.Allowed {
			refused = append(refused, webhook.Refusal{Policy: c.limit.Policy, Message: v.Message})
		}
	}
	return refused, nil
}

// ensure writes what semaphores go by.
func (l *Limits) ensure(ctx context.Context, mine []claim) error {
	for _, c := range mine {
		w, ok := c.limit.Wants(c.key)
		if !ok {
			continue
		}
		most, err := strconv.Atoi(w.Value)
		if err != nil {
			return err
		}
		if err := l.semaphores.Ensure(ctx, w.Namespace, w.Key, most); err != nil {
			return err
		}
	}
	return nil
}

// Exists has the semaphores of an object that exists say what policies want now,
// whatever they were when it was made.
func (l *Limits) Exists(ctx context.Context, object *manifest.Node, namespace string, all []*policies.Policy, in resolve.World) error {
	flows := workflow.From(object)
	if len(flows) != 1 {
		return nil
	}
	return l.ensure(ctx, claims(flows[0], namespace, all, in))
}
