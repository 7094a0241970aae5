package rego

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// MaxTime bounds an evaluation where the context has no deadline.
const MaxTime = 10 * time.Second

// A nothing is a store without documents: a module sees only rules and input.
type nothing struct{ storage.Store }

func (nothing) Read(context.Context, storage.Transaction, storage.Path) (any, error) {
	return nil, &storage.Error{Code: storage.NotFoundErr, Message: "there is no data"}
}

// epoch is what the time of a query is: no function tells it.
var epoch = time.Unix(0, 0)

func (m *Module) eval(ctx context.Context, in *Input, tracer topdown.QueryTracer) (results []Result, err error) {
	defer func() {
		if e := recover(); e != nil {
			results, err = nil, fmt.Errorf("OPA broke: %v\n%s", e, debug.Stack())
		}
	}()
	ctx, done := bounded(ctx)
	defer done()
	if err := ctx.Err(); err != nil {
		return nil, ended(err)
	}
	input, err := in.term(&m.program.needs, m.parameters)
	if err != nil {
		return nil, err
	}
	cancel := topdown.NewCancel()
	stop := context.AfterFunc(ctx, cancel.Cancel)
	defer stop()
	var out gathering
	for _, q := range m.program.queries {
		err := m.ask(ctx, q, input, cancel, tracer, func(v ast.Value) error {
			out.kind, out.title = q.kind, either(m.Title, m.Name)
			return out.take(v)
		})
		if ctx.Err() != nil {
			return nil, ended(ctx.Err())
		}
		if err != nil {
			return nil, failure(err)
		}
	}
	return out.results(), nil
}

// bounded gives a context a deadline, if it has none.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, MaxTime)
}

// ask evaluates one rule and hands over its value, if it has one.
func (m *Module) ask(ctx context.Context, q query, input *ast.Term, cancel topdown.Cancel, tracer topdown.QueryTracer, take func(ast.Value) error) error {
	t := topdown.NewQuery(q.body).
		WithCompiler(m.program.compiler).
		WithStore(nothing{}).
		WithInput(input).
		WithBuiltins(builtins).
		WithCancel(cancel).
		WithTime(epoch).
		WithMetrics(metrics.NoOp()).
		WithStrictBuiltinErrors(true).
		WithIndexing(false) // an index leaves out rules that would fail on what they get
	if tracer != nil {
		t = t.WithQueryTracer(tracer)
	}
	return t.Iter(ctx, func(r topdown.QueryResult) error { return take(r["x"].Value) })
}

// ended says why an evaluation was cut off.
func ended(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("it takes longer than there is time for: %w", err)
	}
	return fmt.Errorf("it was called off: %w", err)
}

// failure says where in the module it went wrong.
func failure(err error) error {
	var e *topdown.Error
	if !errors.As(err, &e) {
		return err
	}
	message := strings.Join(strings.Fields(guarded(e.Message)), " ")
	if e.Location == nil {
		return errors.New(message)
	}
	return fmt.Errorf("%d:%d: %s", e.Location.Row, e.Location.Col, message)
}
