package rego

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// maxEvents bounds a trace: a loop writes one without end.
const maxEvents = 5000

// A Trace is what happened in an evaluation.
type Trace struct {
	Results []Result
	Err     error
	// Stops are the expressions that were not true, each once, in the order of
	// the text: where a rule found nothing, one of them is why.
	Stops []Stop
	// Cut is set when more happened than was kept.
	Cut bool

	events []*topdown.Event
}

// A Stop is an expression that was not true, at a line and column of the module.
type Stop struct {
	Line, Column int
	Text         string
}

// Trace evaluates a module and keeps what happened.
func (m *Module) Trace(ctx context.Context, in *Input) *Trace {
	r := &recorder{}
	t := &Trace{}
	t.Results, t.Err = m.eval(ctx, in, r)
	t.events, t.Cut = r.events, r.cut
	seen := map[Stop]bool{}
	for _, e := range t.events {
		x, ok := e.Node.(*ast.Expr)
		if !ok || e.Op != topdown.FailOp || x.Location == nil || x.Location.File == libraryFile {
			continue
		}
		if s := (Stop{x.Location.Row, x.Location.Col, oneLine(string(x.Location.Text))}); !seen[s] && s.Text != "" {
			seen[s] = true
			t.Stops = append(t.Stops, s)
		}
	}
	return t
}

// Write writes what happened, step by step, no more than lines of it.
func (t *Trace) Write(w io.Writer, lines int) error {
	var b bytes.Buffer
	topdown.PrettyTraceWithLocation(&b, t.events)
	for n := 0; ; n++ {
		line, err := b.ReadBytes('\n')
		if err != nil {
			return nil
		}
		if n == lines {
			_, err := fmt.Fprintf(w, "... and more, of %d steps\n", len(t.events))
			return err
		}
		if _, err := io.WriteString(w, guarded(string(line))); err != nil {
			return err
		}
	}
}

// A recorder keeps the first events.
type recorder struct {
	events []*topdown.Event
	cut    bool
}

func (r *recorder) Enabled() bool { return true }

func (r *recorder) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

func (r *recorder) TraceEvent(e topdown.Event) {
	if len(r.events) == maxEvents {
		r.cut = true
		return
	}
	r.events = append(r.events, &e)
}

// Input returns what the module sees of an object, as encoding/json would read
// it.
func (m *Module) Input(in *Input) (any, error) {
	t, err := in.term(&m.program.needs, m.parameters)
	if err != nil {
		return nil, err
	}
	return ast.JSON(t.Value)
}
