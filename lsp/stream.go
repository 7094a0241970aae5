package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/sourcegraph/jsonrpc2"
)

// Bounds of a message. A document may be larger than what is linted: then that
// is said of it.
const (
	headerLimit  = 64
	messageLimit = 128 << 20
)

// A stream frames messages as the protocol wants it: headers, an empty line,
// JSON. What is no message is answered and skipped: one slip of a client must
// not cost its user the server.
type stream struct {
	in   *bufio.Reader
	last func() // called when there is nothing more to read
	mu   sync.Mutex
	out  io.Writer
}

func newStream(in io.Reader, out io.Writer, last func()) *stream {
	return &stream{in: bufio.NewReader(in), out: out, last: last}
}

// Close leaves the streams to those who opened them.
func (s *stream) Close() error { return nil }

// ReadObject implements jsonrpc2.ObjectStream. Its errors end the connection:
// io.EOF, and headers behind which no message can be found.
func (s *stream) ReadObject(v any) error {
	for {
		body, err := s.frame()
		if err != nil {
			s.last()
			return err
		}
		refusal := &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest}
		switch first := bytes.TrimLeft(body, " \t\r\n"); {
		case body == nil:
			refusal.Message = fmt.Sprintf("the message is larger than %d MiB", messageLimit>>20)
		case !json.Valid(body):
			refusal.Code, refusal.Message = jsonrpc2.CodeParseError, "the message is not JSON"
		case first[0] != '{':
			refusal.Message = "the message is no object: batches are not part of the protocol"
		default:
			err := json.Unmarshal(body, v)
			if err == nil {
				return nil
			}
			refusal.Message = strings.TrimPrefix(err.Error(), "jsonrpc2: ")
		}
		// The id is null: there is none to be had from such a message.
		if err := s.WriteObject(map[string]any{"jsonrpc": "2.0", "id": nil, "error": refusal}); err != nil {
			return err
		}
	}
}

// frame returns the body of the next message, nil for one that is too large.
func (s *stream) frame() ([]byte, error) {
	size := int64(-1)
	for n := 0; ; n++ {
		line, err := s.in.ReadSlice('\n')
		if err != nil {
			if errors.Is(err, io.EOF) && (n > 0 || len(line) > 0) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			break
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok || n == headerLimit {
			return nil, fmt.Errorf("%.60q is no header of a message", text)
		}
		if strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			if size, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil || size < 0 {
				return nil, fmt.Errorf("Content-Length %.60q is no length", strings.TrimSpace(value))
			}
		}
	}
	switch {
	case size < 0:
		return nil, errors.New("a message has no Content-Length")
	case size > messageLimit:
		_, err := io.CopyN(io.Discard, s.in, size)
		return nil, whole(err)
	}
	var body bytes.Buffer // grows with what comes, not with what is promised
	_, err := io.CopyN(&body, s.in, size)
	return append([]byte{}, body.Bytes()...), whole(err)
}

// whole is the error of a read that must not end here.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// WriteObject implements jsonrpc2.ObjectStream.
func (s *stream) WriteObject(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	message := append([]byte("Content-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"), body...)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.out.Write(message)
	return err
}
