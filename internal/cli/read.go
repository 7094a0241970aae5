package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"syscall"
)

// readLimit bounds the size of one text: a manifest that is stored in a
// cluster is at most 1.5 MiB, so more is no manifest.
const readLimit = 16 << 20

// read returns the text of an input.
func read(ctx context.Context, in input, s Streams) ([]byte, error) {
	switch in.kind {
	case stdin:
		return readStream(ctx, func() (io.Reader, error) { return s.In, nil })
	case stream:
		return readStream(ctx, func() (io.Reader, error) { return os.Open(in.name) })
	}
	return readRegular(in.name, readLimit)
}

// readRegular reads a regular file and nothing else: what was one when we
// looked may be a pipe now. O_NONBLOCK keeps open from waiting for a writer.
func readRegular(name string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("this is %s and cannot be linted", kindOf(info.Mode()))
	}
	if info.Size() > limit {
		return nil, tooLarge(limit)
	}
	var b bytes.Buffer
	b.Grow(int(info.Size()) + bytes.MinRead)
	return readAll(&b, f, limit)
}

func readAll(b *bytes.Buffer, r io.Reader, limit int64) ([]byte, error) {
	if _, err := b.ReadFrom(io.LimitReader(r, limit+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		return nil, tooLarge(limit)
	}
	return b.Bytes(), nil
}

func tooLarge(limit int64) error {
	return fmt.Errorf("this is larger than the %d MiB that we read of one file; a manifest is at most 1.5 MiB: split it, or exclude it in %s", limit>>20, configName)
}

// readStream reads what may never end, until ctx does.
func readStream(ctx context.Context, open func() (io.Reader, error)) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // left behind when ctx ends first: a read cannot be called off
		r, err := open()
		if err != nil {
			done <- result{nil, err}
			return
		}
		text, err := readAll(&bytes.Buffer{}, r, readLimit)
		if c, ok := r.(io.Closer); ok && r != io.Reader(os.Stdin) {
			c.Close()
		}
		done <- result{text, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		return r.text, r.err
	}
}
