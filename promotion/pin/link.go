package pin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/memory"
)

// Bounds of what a server may send and take.
const (
	mostPack = 256 << 20 // bytes of a pack, compressed
	patience = 2 * time.Minute
)

// A link reaches one repository. What is fetched are commits without their
// history and, where the server can leave them out, without its larger files.
type link struct {
	client   transport.Transport
	endpoint *transport.Endpoint
	auth     transport.AuthMethod
}

// session opens one. The library connects without heeding a context: what comes
// too late is closed when it comes.
func session[S io.Closer](ctx context.Context, open func() (S, error)) (S, error) {
	type outcome struct {
		s   S
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		s, err := open()
		done <- outcome{s, err}
	}()
	select {
	case o := <-done:
		return o.s, o.err
	case <-ctx.Done():
		go func() {
			if o := <-done; o.err == nil {
				_ = o.s.Close()
			}
		}()
		var none S
		return none, context.Cause(ctx)
	}
}

// refs are the branches of a repository: names without refs/heads/.
type refs struct {
	head     string // the branch that HEAD is
	branches map[string]plumbing.Hash
}

func (l *link) refs(ctx context.Context) (*refs, error) {
	s, err := session(ctx, func() (transport.UploadPackSession, error) { return l.client.NewUploadPackSession(l.endpoint, l.auth) })
	if err != nil {
		return nil, fmt.Errorf("reach the repository: %w", err)
	}
	defer s.Close()
	adv, err := s.AdvertisedReferencesContext(ctx)
	if errors.Is(err, transport.ErrEmptyRemoteRepository) || err == nil && adv.IsEmpty() {
		return nil, wrong("the repository is empty: push a commit")
	}
	if err != nil {
		return nil, fmt.Errorf("reach the repository: %w", err)
	}
	r := &refs{branches: map[string]plumbing.Hash{}}
	all, err := adv.AllReferences()
	if err != nil {
		return nil, fmt.Errorf("list branches: %w", err)
	}
	for name, ref := range all {
		switch {
		case name == plumbing.HEAD && ref.Type() == plumbing.SymbolicReference:
			r.head = ref.Target().Short()
		case name.IsBranch() && ref.Type() == plumbing.HashReference:
			r.branches[name.Short()] = ref.Hash()
		}
	}
	return r, nil
}

// fetch gets commits, with as much history as depth says: 1 for none.
func (l *link) fetch(ctx context.Context, depth int, commits ...plumbing.Hash) (*memory.Storage, error) {
	s, err := session(ctx, func() (transport.UploadPackSession, error) { return l.client.NewUploadPackSession(l.endpoint, l.auth) })
	if err != nil {
		return nil, fmt.Errorf("reach the repository: %w", err)
	}
	defer s.Close()
	adv, err := s.AdvertisedReferencesContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("reach the repository: %w", err)
	}
	req, err := ask(adv.Capabilities, depth, commits)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	answer, err := s.UploadPack(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	defer answer.Close()
	var in io.Reader = &bounded{answer, mostPack}
	switch {
	case req.Capabilities.Supports(capability.Sideband64k):
		in = sideband.NewDemuxer(sideband.Sideband64k, in)
	case req.Capabilities.Supports(capability.Sideband):
		in = sideband.NewDemuxer(sideband.Sideband, in)
	}
	objects := memory.NewStorage()
	if err := packfile.UpdateObjectStorage(objects, in); err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	return objects, nil
}

// ask makes the request for commits.
func ask(can *capability.List, depth int, commits []plumbing.Hash) (*packp.UploadPackRequest, error) {
	req := packp.NewUploadPackRequestFromCapabilities(can)
	req.Wants = commits
	set := []capability.Capability{}
	if can.Supports(capability.Shallow) {
		req.Depth = packp.DepthCommits(depth)
		set = append(set, capability.Shallow)
	}
	if can.Supports(capability.Filter) {
		req.Filter = packp.FilterBlobLimit(mostPin+1, packp.BlobLimitPrefixNone)
		set = append(set, capability.Filter)
	}
	if can.Supports(capability.NoProgress) {
		set = append(set, capability.NoProgress)
	}
	for _, c := range set {
		if err := req.Capabilities.Set(c); err != nil {
			return nil, err
		}
	}
	return req, nil
}

// push moves a branch from one commit to another, and only from that one: when
// somebody else has moved it, nothing happens. The old one is zero for a branch
// that is not there, the new one to remove it.
func (l *link) push(ctx context.Context, branch string, from, to plumbing.Hash, objects *memory.Storage, fresh []plumbing.Hash) error {
	s, err := session(ctx, func() (transport.ReceivePackSession, error) {
		return l.client.NewReceivePackSession(l.endpoint, l.auth)
	})
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	defer s.Close()
	adv, err := s.AdvertisedReferencesContext(ctx)
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	req := packp.NewReferenceUpdateRequestFromCapabilities(adv.Capabilities)
	req.Commands = []*packp.Command{{Name: plumbing.NewBranchReferenceName(branch), Old: from, New: to}}
	if req.Commands[0].Action() == packp.Delete {
		if err := req.Capabilities.Set(capability.DeleteRefs); err != nil {
			return err
		}
	} else {
		var pack bytes.Buffer
		if _, err := packfile.NewEncoder(&pack, objects, false).Encode(fresh, 0); err != nil {
			return fmt.Errorf("push: %w", err)
		}
		req.Packfile = io.NopCloser(&pack)
	}
	if _, err := s.ReceivePack(ctx, req); err != nil {
		return fmt.Errorf("push to branch %s: %w", branch, err)
	}
	return nil
}

// A bounded reader complains when there is more.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the commit has more than the %d MiB that are fetched", mostPack>>20)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// conceal takes what is secret out of the message of an error: a server could
// repeat in its answer what it was sent.
func (o *Order) conceal(err error) error {
	if err == nil {
		return nil
	}
	text, hidden := err.Error(), []string{}
	for name, value := range o.Credentials {
		if !slices.Contains([]string{"username", "ca.crt", "known_hosts"}, name) {
			hidden = append(hidden, string(value))
		}
	}
	if o.Forge != nil {
		hidden = append(hidden, o.Forge.Token)
	}
	for _, v := range hidden {
		if v = strings.TrimSpace(v); len(v) > 3 {
			text = strings.ReplaceAll(text, v, "***")
		}
	}
	text = oneLine(text)
	if text == err.Error() {
		return err
	}
	return &concealed{text, err}
}

// A concealed error has another message; what it is can still be asked for.
type concealed struct {
	text  string
	cause error
}

func (c *concealed) Error() string { return c.text }

// Is reports what the cause is, without giving it away.
func (c *concealed) Is(target error) bool { return errors.Is(c.cause, target) }
