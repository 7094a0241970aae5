package source

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

// encode writes what is asked for, as all wires send it.
func encode(req *packp.UploadPackRequest) ([]byte, error) {
	var b bytes.Buffer
	if err := req.UploadRequest.Encode(&b); err != nil {
		return nil, err
	}
	err := pktline.NewEncoder(&b).EncodeString("done\n")
	return b.Bytes(), err
}

// A stream is a wire to a program that git-upload-pack is, wherever it runs.
type stream struct {
	in   io.WriteCloser
	out  io.Reader
	told func() string
	done func()
}

func (s *stream) said() string { return s.told() }

func (s *stream) refs(context.Context) (io.Reader, error) { return s.out, nil }

func (s *stream) fetch(_ context.Context, request []byte) (io.Reader, error) {
	if _, err := s.in.Write(request); err != nil {
		return nil, err
	}
	return s.out, s.in.Close()
}

func (s *stream) close() {
	// What the program makes of an early end is of no interest.
	_, _ = s.in.Write(pktline.FlushPkt)
	_ = s.in.Close()
	s.done()
}

// A remark keeps the beginning of what a program says of its errors.
type remark struct{ text []byte }

func (r *remark) Write(b []byte) (int, error) {
	const most = 1000
	r.text = append(r.text, b[:min(len(b), most-len(r.text))]...)
	return len(b), nil
}

// openLocal runs git on a folder of this machine, without any configuration.
func openLocal(ctx context.Context, a *address) (wire, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := exec.CommandContext(ctx, "git", "upload-pack", "--", a.path)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull}
	in, err := c.StdinPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := c.Start(); err != nil {
		cancel()
		return nil, err
	}
	return &stream{in: in, out: out, told: func() string { return "" }, done: func() {
		cancel()
		_ = c.Wait() // it was killed, most of the time
	}}, nil
}
