package release

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/client-go/kubernetes"
)

// A session is one run that works on a release under its lock.
type session struct {
	client *Client
	name   string
	o      Options

	ctx   context.Context // of the work: ends with an interrupt or the lock
	late  context.Context // of what is written down: ends with the lock, or a while after an interrupt
	conn  *connection
	set   kubernetes.Interface // tied to ctx
	notes kubernetes.Interface // tied to late
	store *store
	lock  *lock
	gone  bool // the lock is to be removed with the release

	mu       sync.Mutex
	failures []string // what Helm only logs
}

// locked runs f as the only one who works on the release. When it returns,
// whatever f started has ended, and the lock is free again.
func (c *Client) locked(ctx context.Context, name string, o Options, f func(*session) error) error {
	l, err := c.acquire(ctx, name, o)
	if err != nil {
		return err
	}
	work, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	late, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	go l.keep(func(cause error) { lose(cause); end(cause) })
	s := &session{client: c, name: name, o: o, ctx: work, late: late, lock: l}
	defer func() { l.release(s.gone) }()
	defer context.AfterFunc(work, func() {
		wait(late, afterInterrupt)
		end(context.Cause(work))
	})()
	if err := s.open(); err != nil {
		return err
	}
	err = f(s)
	switch {
	case err != nil && context.Cause(work) == errLost:
		return fmt.Errorf("%w; it ended with: %w", errLost, err)
	case err != nil && ctx.Err() != nil: // Helm has made text of it
		return &said{"interrupted: " + err.Error(), errors.Join(ctx.Err(), err)}
	}
	return err
}

func (s *session) open() error {
	var err error
	if s.conn, err = s.client.connect(s.ctx, s.lock.held, false); err != nil {
		return err
	}
	if s.set, err = s.conn.clientset(); err != nil {
		return err
	}
	writer, err := s.client.connect(s.late, s.lock.held, false)
	if err != nil {
		return err
	}
	if s.notes, err = writer.clientset(); err != nil {
		return err
	}
	s.store = newStore(s.notes, s.client.namespace, s.lock.self.id)
	return nil
}

// actions is the configuration of Helm's actions.
func (s *session) actions() *action.Configuration {
	return configure(s.ctx, s.conn, s.store, s.log)
}

func configure(ctx context.Context, n *connection, st *store, log func(string, ...any)) *action.Configuration {
	client := kube.New(n)
	client.Namespace = n.client.namespace
	client.Log = log
	if n.client.served != nil {
		client.Factory = &factory{client.Factory, n}
	}
	return &action.Configuration{
		RESTClientGetter: n, Releases: st.storage(), KubeClient: &patient{Client: client, ctx: ctx}, Log: log,
	}
}

// log takes what Helm says to nobody in particular. Some of its errors are
// there only.
func (s *session) log(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); strings.Contains(line, "Failed to ") {
		s.mu.Lock()
		s.failures = append(s.failures, line)
		s.mu.Unlock()
	}
}

// said returns what Helm logged after prefix.
func (s *session) said(prefix string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.failures {
		if _, rest, ok := strings.Cut(line, prefix); ok {
			return rest
		}
	}
	return ""
}

// now is a time as records keep it.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }
