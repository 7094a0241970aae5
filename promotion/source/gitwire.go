package source

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
)

// Bounds of what a server may answer.
const (
	mostRefs = 64 << 20  // bytes of the list of branches and tags
	mostPack = 256 << 20 // bytes of what is fetched, compressed
)

// A wire speaks git's protocol with one repository. The library has clients of
// its own for that; they read the configuration of SSH and the known hosts of
// this machine, ask its agent, and do not heed contexts everywhere.
type wire interface {
	// refs returns the stream that lists what the server has.
	refs(ctx context.Context) (io.Reader, error)
	// fetch sends a request and returns the stream of the answer.
	fetch(ctx context.Context, request []byte) (io.Reader, error)
	// said returns what the server said of an early end, if it can.
	said() string
	// close ends what is still going on.
	close()
}

// advertised asks what branches and tags there are.
func advertised(ctx context.Context, w wire) (*packp.AdvRefs, error) {
	r, err := w.refs(ctx)
	if err != nil {
		return nil, err
	}
	all := packp.NewAdvRefs()
	err = all.Decode(&limited{r: r, left: mostRefs, what: "the list of its branches and tags"})
	switch {
	case errors.Is(err, packp.ErrEmptyAdvRefs), err == nil && all.IsEmpty():
		return nil, rejected("the repository is empty: push a commit")
	case err != nil:
		return nil, protocol(ctx, w, err)
	}
	if format := all.Capabilities.Get("object-format"); len(format) > 0 && format[0] != "sha1" {
		return nil, rejected("the repository names its objects by %s, and only sha1 is understood", format[0])
	}
	return all, nil
}

// protocol words what goes wrong in the middle of an answer.
func protocol(ctx context.Context, w wire, err error) error {
	var said *pktline.ErrorLine
	var large *tooLarge
	var cut *brokenOff
	var data *packp.ErrUnexpectedData
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &large):
		return err
	case errors.As(err, &cut):
		return cut
	case errors.As(err, &said):
		return fmt.Errorf("the server says: %s", oneLine(said.Text))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, packp.ErrEmptyInput):
		if text := oneLine(w.said()); text != "" {
			return fmt.Errorf("the server says: %s", text)
		}
		return errors.New("the server breaks off in the middle")
	case errors.As(err, &data):
		return errors.New("the server does not speak as git does")
	}
	return fmt.Errorf("the server does not speak as git does: %s", oneLine(err.Error()))
}

// request asks for one commit without its history and, where the server can
// leave them out, without files that are too large for any package.
func request(commit plumbing.Hash, can *capability.List) (*packp.UploadPackRequest, error) {
	req := packp.NewUploadPackRequest()
	for _, c := range []capability.Capability{capability.OFSDelta, capability.NoProgress} {
		if can.Supports(c) {
			if err := req.Capabilities.Set(c); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range []capability.Capability{capability.Sideband64k, capability.Sideband} {
		if can.Supports(c) {
			if err := req.Capabilities.Set(c); err != nil {
				return nil, err
			}
			break
		}
	}
	if can.Supports(capability.Shallow) {
		req.Depth = packp.DepthCommits(1)
		if err := req.Capabilities.Set(capability.Shallow); err != nil {
			return nil, err
		}
	}
	if can.Supports(capability.Filter) {
		req.Filter = packp.FilterBlobLimit(mostFile+1, packp.BlobLimitPrefixNone)
		if err := req.Capabilities.Set(capability.Filter); err != nil {
			return nil, err
		}
	}
	req.Wants = []plumbing.Hash{commit}
	return req, nil
}

// packOf asks for a commit and returns the stream of the pack.
func packOf(ctx context.Context, w wire, req *packp.UploadPackRequest) (io.Reader, error) {
	text, err := encode(req)
	if err != nil {
		return nil, err
	}
	r, err := w.fetch(ctx, text)
	if err != nil {
		return nil, err
	}
	answer := packp.NewUploadPackResponse(req)
	body := &limited{r: r, left: mostPack, what: "the commit"}
	if err := answer.Decode(io.NopCloser(body)); err != nil {
		return nil, protocol(ctx, w, err)
	}
	switch {
	case req.Capabilities.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, answer), nil
	case req.Capabilities.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, answer), nil
	}
	return answer, nil
}

// tooLarge says that an answer has more bytes than are read.
type tooLarge struct {
	what string
	most int64
}

func (e *tooLarge) Error() string {
	return fmt.Sprintf("%s has more than the %d MiB that are fetched", e.what, e.most>>20)
}

// A limited reader complains when there is more.
type limited struct {
	r    io.Reader
	left int64
	what string
	read int64
}

func (l *limited) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, &tooLarge{l.what, l.read}
	}
	if int64(len(b)) > l.left {
		b = b[:l.left]
	}
	n, err := l.r.Read(b)
	l.left -= int64(n)
	l.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &brokenOff{err} // or the library takes it for bad content
	}
	return n, err
}

// brokenOff says that a connection ended in the middle of an answer.
type brokenOff struct{ err error }

func (e *brokenOff) Error() string {
	if errors.Is(e.err, io.ErrUnexpectedEOF) {
		return "the server breaks off in the middle"
	}
	return "the server breaks off in the middle: " + oneLine(e.err.Error())
}

func (e *brokenOff) Unwrap() error { return e.err }
