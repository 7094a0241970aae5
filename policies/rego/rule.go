package rego

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// A Session is what modules share in one run of the linter: what is known of
// the request, and the inputs of the objects at hand. The zero Session is one of
// files, without a request. It may be used by several goroutines, and must not
// be copied.
type Session struct {
	// Context bounds the evaluation; nil is context.Background().
	Context context.Context
	Request Request

	mu     sync.Mutex
	recent [8]*Input // of the objects that were asked for last
	next   int
}

// input returns the input of the object of a pass. The rules of one object run
// one after the other, so a few inputs serve all of them.
func (s *Session) input(pass *lint.Pass) *Input {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range s.recent {
		if in != nil && in.Object == pass.Object && in.Index == pass.Index {
			return in
		}
	}
	in := &Input{Request: s.Request, Object: pass.Object, Workflows: pass.Workflows, Index: pass.Index}
	s.recent[s.next] = in
	s.next = (s.next + 1) % len(s.recent)
	return in
}

// Rule returns the module as a rule of the linter. What its rules violation and
// deny find has the severity of the setting, what warn finds is never more than
// a warning. Where the module fails there is one finding, of severity failure:
// lint.Error denies what could not be judged, lint.Warning lets it through.
//
// Parameters are those of With; without, those of the pass.
func (m *Module) Rule(s *Session, failure lint.Severity) *lint.Rule {
	return &lint.Rule{
		Name: m.Name, Severity: lint.Error, Topic: "policy", Page: m.program.page,
		Object: func(pass *lint.Pass) { m.report(pass, s, failure) },
	}
}

func (m *Module) report(pass *lint.Pass, s *Session, failure lint.Severity) {
	ctx := s.Context
	if ctx == nil {
		ctx = context.Background()
	}
	results, err := m.Eval(ctx, s.input(pass))
	if err != nil {
		pass.Report(lint.Finding{
			Node: pass.Object, Severity: failure,
			Message: fmt.Sprintf("the module %s cannot judge this object: %s", m.Name, firstLine(err)),
		})
		return
	}
	for _, r := range results {
		f := lint.Finding{Node: Place(pass.Object, r.Path), Message: r.Message}
		if r.Kind == Warn {
			f.Severity = lint.Warning
		}
		pass.Report(f)
	}
}

// firstLine leaves the stack of a panic out of a message.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// Place returns the field that a result means, the nearest field around it
// where it is not there, and the object where nothing of it is.
func Place(object *manifest.Node, path string) *manifest.Node {
	for path != "" {
		if n := object.Find(path); n != nil {
			return n
		}
		path = parent(path)
	}
	return object
}

// parent cuts the last step from a path.
func parent(path string) string {
	if strings.HasSuffix(path, `"]`) {
		// A quoted key may have any brackets and dots in it.
		if i := strings.LastIndex(path[:len(path)-2], `["`); i >= 0 {
			return path[:i]
		}
		return ""
	}
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}
