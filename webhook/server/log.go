package server

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/webhook"
)

// tell counts and logs a request: who asked what and the verdict, never what is
// in the object.
func (s *service) tell(e webhook.Endpoint, r *webhook.Response, err error, took time.Duration) {
	verdict := verdictOf(r, err)
	s.metrics.count(e, r, verdict, took)
	level := slog.LevelDebug
	switch {
	case len(r.Failures) > 0:
		level = slog.LevelError
	case err != nil:
		level = slog.LevelWarn
	case !r.Allowed:
		level = slog.LevelInfo
	}
	if !s.Log.Enabled(context.Background(), level) {
		return
	}
	q := &r.Request
	attrs := []slog.Attr{
		slog.String("endpoint", e.String()), slog.String("uid", short(q.UID)), slog.String("operation", short(q.Operation)),
		slog.String("kind", short(q.Kind)), slog.String("namespace", short(q.Namespace)), slog.String("name", short(q.Name)),
		slog.String("user", short(q.User.Name)), slog.Bool("dryRun", q.DryRun), slog.String("verdict", verdict), slog.Duration("duration", took),
	}
	if r.Skipped != "" {
		attrs = append(attrs, slog.String("skipped", r.Skipped))
	}
	if denied := r.Audit["denied"]; denied != "" {
		attrs = append(attrs, slog.String("rules", denied))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", clip(err.Error(), errorBytes)))
	}
	for _, f := range r.Failures {
		attrs = append(attrs, slog.String("failure", clip(f.Error(), failureBytes)))
	}
	s.Log.LogAttrs(context.Background(), level, "request", attrs...)
}

// short bounds what whoever reaches the port could write into the log.
func short(s string) string { return clip(s, 256) }

// Bounds of what is told of an error, which may quote what was sent, and of a
// mistake of ours with its stack.
const (
	errorBytes   = 1 << 10
	failureBytes = 16 << 10
)

func clip(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// quiet lowers what net/http says of connections that were closed before they
// said anything, as the probes of load balancers are.
type quiet struct{ slog.Handler }

// Handle passes on what is worth it.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasSuffix(r.Message, "EOF") || strings.HasSuffix(r.Message, "connection reset by peer") {
		r.Level = slog.LevelDebug
		if !q.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return q.Handler.Handle(ctx, r)
}
