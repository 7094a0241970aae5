package page

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/utils/clock"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// The word of the API server counts for trust, and only so many words are kept.
const (
	trust      = time.Minute
	mostUsers  = 1024
	mostRights = 1 << 14
	mostAsked  = 16 // questions to the API server at once
)

// access knows who may see what. Tokens are kept as hashes only.
type access struct {
	authenticate func(context.Context, string) (User, error)
	authorize    func(context.Context, User, string) (bool, error)
	users        *cache.LRUExpireCache // hash of the token -> User
	rights       *cache.LRUExpireCache // right -> bool
	asking       chan struct{}
}

type hash [sha256.Size]byte

type right struct {
	token     hash
	namespace string
}

// A viewer is who looks.
type viewer struct {
	User
	token hash
}

func newAccess(o *Options, c clock.Clock) *access {
	return &access{
		authenticate: o.Authenticate, authorize: o.Authorize,
		users:  cache.NewLRUExpireCacheWithClock(mostUsers, c),
		rights: cache.NewLRUExpireCacheWithClock(mostRights, c),
		asking: make(chan struct{}, mostAsked),
	}
}

// who tells whose token it is. What nobody knows is asked about each time.
func (a *access) who(ctx context.Context, token string) (*viewer, error) {
	if token == "" {
		return nil, ErrUnknown
	}
	v := &viewer{token: sha256.Sum256([]byte(token))}
	if u, ok := a.users.Get(v.token); ok {
		v.User = u.(User)
		return v, nil
	}
	if err := a.enter(ctx); err != nil {
		return nil, err
	}
	defer a.leave()
	u, err := a.authenticate(ctx, token)
	if err != nil {
		return nil, err
	}
	a.users.Add(v.token, u, trust)
	v.User = u
	return v, nil
}

// sees reports whether the viewer may list promotions in a namespace.
func (a *access) sees(ctx context.Context, v *viewer, namespace string) (bool, error) {
	for _, n := range []string{"", namespace} {
		if may, err := a.ask(ctx, v, n); may || err != nil {
			return may, err
		}
	}
	return false, nil
}

func (a *access) ask(ctx context.Context, v *viewer, namespace string) (bool, error) {
	k := right{v.token, namespace}
	if may, ok := a.rights.Get(k); ok {
		return may.(bool), nil
	}
	if err := a.enter(ctx); err != nil {
		return false, err
	}
	defer a.leave()
	may, err := a.authorize(ctx, v.User, namespace)
	if err != nil {
		return false, err
	}
	a.rights.Add(k, may, trust)
	return may, nil
}

func (a *access) enter(ctx context.Context) error {
	select {
	case a.asking <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *access) leave() { <-a.asking }

// visible are the promotions that the viewer may see.
func (a *access) visible(ctx context.Context, v *viewer, s Source) ([]*v1alpha1.Promotion, error) {
	all, err := s.Promotions(ctx, "")
	if err != nil {
		return nil, err
	}
	var namespaces []string
	for i := range all {
		namespaces = append(namespaces, all[i].Namespace)
	}
	slices.Sort(namespaces)
	seen, err := a.among(ctx, v, slices.Compact(namespaces))
	if err != nil {
		return nil, err
	}
	var out []*v1alpha1.Promotion
	for i := range all {
		if seen[all[i].Namespace] {
			out = append(out, &all[i])
		}
	}
	return out, nil
}

// among returns which of the namespaces the viewer may see.
func (a *access) among(ctx context.Context, v *viewer, namespaces []string) (map[string]bool, error) {
	var (
		mu      sync.Mutex
		errs    error
		workers sync.WaitGroup
		seen    = map[string]bool{}
		next    = make(chan string)
	)
	everywhere, err := a.ask(ctx, v, "")
	if err != nil {
		return nil, err
	}
	for range min(len(namespaces), mostAsked/2) {
		workers.Go(func() {
			for n := range next {
				may, err := everywhere, error(nil)
				if !everywhere {
					may, err = a.ask(ctx, v, n)
				}
				mu.Lock()
				seen[n], errs = may, errors.Join(errs, err)
				mu.Unlock()
			}
		})
	}
	for _, n := range namespaces {
		next <- n
	}
	close(next)
	workers.Wait()
	return seen, errs
}
