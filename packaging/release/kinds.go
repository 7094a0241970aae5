package release

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
)

// How old what is remembered of a cluster may be: at most; when a kind is not
// found; and when nobody asks for it any more.
const (
	kindsAge    = 30 * time.Second
	kindsFresh  = time.Second
	kindsUnused = 10 * time.Minute
)

// kindsTime bounds a request for kinds: all that is done in a cluster waits for
// it, and an API server that hangs once would hold up everything.
const kindsTime = 5 * time.Second

// Kinds remembers which kinds clusters serve, for a program that deploys much:
// without it, each operation asks anew, which costs more than all the rest of a
// small deployment. The zero value is ready; several clients may share it.
//
// What is remembered is at most half a minute old. It is asked for anew at once
// when a kind is not found, and after a chart brought definitions of kinds. It is
// the same for all who are impersonated by the same credentials, as the
// credentials themselves ask.
type Kinds struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]*served
}

// Remember has the client go by what k remembers; nil is for nothing.
func (c *Client) Remember(k *Kinds) *Client {
	c.served = k.of(c.config)
	return c
}

// of returns what is remembered of a cluster, as whoever reaches it by the
// credentials of config. It is nil where those are not in it.
func (k *Kinds) of(config *rest.Config) *served {
	if k == nil || config.ExecProvider != nil || config.AuthProvider != nil {
		return nil
	}
	t := config.TLSClientConfig
	text, err := json.Marshal([]any{
		config.Host, config.APIPath, config.Username, config.Password, config.BearerToken, config.BearerTokenFile,
		t.Insecure, t.ServerName, t.CAFile, t.CertFile, t.KeyFile, t.CAData, t.CertData, t.KeyData,
	})
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(text)
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	for other, s := range k.all {
		if now.Sub(s.used) > kindsUnused {
			delete(k.all, other)
		}
	}
	s := k.all[sum]
	if s == nil {
		config = rest.CopyConfig(config)
		config.Impersonate = rest.ImpersonationConfig{}
		config.WarningHandler = rest.NoWarnings{}
		if config.Timeout == 0 || config.Timeout > kindsTime {
			config.Timeout = kindsTime
		}
		s = &served{config: config}
		if k.all == nil {
			k.all = map[[sha256.Size]byte]*served{}
		}
		k.all[sum] = s
	}
	s.used = now
	return s
}

// served is what one cluster serves.
type served struct {
	config *rest.Config
	used   time.Time // under the lock of Kinds

	mu   sync.Mutex
	last *answer
	// checks are kinds whose fields the server checks itself, of one version of it.
	checks  map[schema.GroupVersionKind]bool
	checked string
}

// An answer is what a cluster said, and is not changed once done is closed.
type answer struct {
	done chan struct{}

	at      time.Time
	version *version.Info
	groups  []*metav1.APIGroup
	lists   []*metav1.APIResourceList
	partial error // what could not be had of it
	err     error
}

// get returns what the cluster said last, or asks it. Many who ask at once are
// one request.
func (s *served) get(ctx context.Context) (*answer, error) {
	s.mu.Lock()
	a := s.last
	if a == nil || a.over() && (a.err != nil || time.Since(a.at) > kindsAge) {
		a = &answer{done: make(chan struct{})}
		s.last = a
		go a.ask(s.config)
	}
	s.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-a.done:
		return a, a.err
	}
}

func (a *answer) over() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

func (a *answer) ask(config *rest.Config) {
	defer close(a.done)
	defer func() { a.at = time.Now() }()
	asker, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		a.err = fmt.Errorf("prepare to talk to the cluster: %w", err)
		return
	}
	if a.version, a.err = asker.ServerVersion(); a.err != nil {
		return
	}
	a.groups, a.lists, err = asker.ServerGroupsAndResources()
	if discovery.IsGroupDiscoveryFailedError(err) {
		a.partial = err
	} else {
		a.err = err
	}
}

// forget has the cluster asked anew.
func (s *served) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = nil
}

// fresh reports whether asking again is no use.
func (s *served) fresh() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last != nil && s.last.over() && time.Since(s.last.at) < kindsFresh
}

// A view is what one connection sees of what a cluster serves.
type view struct {
	discovery.DiscoveryInterface // for all else

	*served
	ctx context.Context
	// keeps is set for Helm, which has no use for what was asked before its turn:
	// it is recent enough. A mapper that does not find a kind means what it says.
	keeps bool
}

// Fresh implements discovery.CachedDiscoveryInterface.
func (v *view) Fresh() bool { return v.fresh() }

// Invalidate implements discovery.CachedDiscoveryInterface.
func (v *view) Invalidate() {
	if !v.keeps {
		v.forget()
	}
}

// ServerVersion implements discovery.DiscoveryInterface.
func (v *view) ServerVersion() (*version.Info, error) {
	a, err := v.get(v.ctx)
	if err != nil {
		return nil, err
	}
	return a.version, nil
}

// ServerGroups implements discovery.DiscoveryInterface.
func (v *view) ServerGroups() (*metav1.APIGroupList, error) {
	a, err := v.get(v.ctx)
	if err != nil {
		return nil, err
	}
	list := &metav1.APIGroupList{}
	for _, g := range a.groups {
		list.Groups = append(list.Groups, *g)
	}
	return list, nil
}

// ServerGroupsAndResources implements discovery.DiscoveryInterface.
func (v *view) ServerGroupsAndResources() ([]*metav1.APIGroup, []*metav1.APIResourceList, error) {
	a, err := v.get(v.ctx)
	if err != nil {
		return nil, nil, err
	}
	return a.groups, a.lists, a.partial
}
