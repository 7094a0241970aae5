// Package lsp is the language server of tiphys: what the linter knows, in an
// editor, while the manifest is being written.
//
// One goroutine reads messages and keeps the documents; a second one lints,
// after a pause in the typing; each request is answered by a goroutine of its
// own from an immutable version of the document. Nothing waits for the disk.
package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/tiphys-dev/tiphys/lint"
)

// Options configure a server.
type Options struct {
	// Version is what the server tells the client of itself.
	Version string
	// Settings returns what holds in a folder. With an error, which the user is
	// shown, come the settings to use nevertheless.
	Settings func(dir string) (Settings, error)
	// Delay is how long the text must have been left alone before it is linted.
	Delay time.Duration
	// Log gets what is for the reader of a log.
	Log io.Writer
}

// Settings are what a configuration file says.
type Settings struct {
	Lint lint.Options
	// Show is the least severity that becomes a diagnostic.
	Show lint.Severity
	// Excluded reports whether a file is to be left alone; nil for none.
	Excluded func(path string) bool
}

// ErrAbandoned is returned when the client leaves without asking the server to
// shut down. By the protocol, the exit code is then 1.
var ErrAbandoned = errors.New("the client left without a shutdown request")

// state is how far a session has come.
type state uint8

const (
	starting state = iota
	running
	stopping // shutdown was asked for
	exited
)

// A server answers one client.
type server struct {
	options Options
	conn    *jsonrpc2.Conn
	done    chan struct{}  // closed by the exit notification
	wake    chan struct{}  // there is something to lint
	slots   chan struct{}  // bounds the requests at work
	open    sync.WaitGroup // requests without an answer

	mu        sync.Mutex
	state     state
	encoding  encoding
	client    initializeParams
	folders   []string
	documents map[string]*document // by URI
	dirty     []string             // URIs to lint, the last one changed first
	typing    bool                 // something came in since the last pause
	now       bool                 // do not wait for a pause
	rescan    bool
	world     *world
	results   map[string]*result // by URI
	shown     map[string]bool    // complaints that the user has seen
	cancels   map[string]context.CancelFunc
}

// Serve talks to one client until it says goodbye, closes in, or ctx ends.
func Serve(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{
		options: o, encoding: utf16Units, world: &world{},
		done: make(chan struct{}), wake: make(chan struct{}, 1), slots: make(chan struct{}, 4),
		documents: map[string]*document{}, results: map[string]*result{}, shown: map[string]bool{}, cancels: map[string]context.CancelFunc{},
	}
	ready := make(chan struct{})
	s.conn = jsonrpc2.NewConn(ctx, newStream(in, out, s.settle), handler{s, ready}, jsonrpc2.SetLogger(s))
	close(ready)
	go s.work(ctx)
	select {
	case <-s.done:
	case <-s.conn.DisconnectNotify():
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state < stopping {
		return ErrAbandoned
	}
	s.state = exited
	return nil
}

// A handler hands messages to the server, once it knows its connection.
type handler struct {
	server *server
	ready  chan struct{}
}

func (h handler) Handle(ctx context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) {
	<-h.ready
	h.server.handle(ctx, r)
}

// Printf implements jsonrpc2.Logger.
func (s *server) Printf(format string, v ...any) {
	fmt.Fprintln(s.options.Log, "tiphys lsp:", strings.TrimSpace(fmt.Sprintf(format, v...)))
}

// work answers a request. It runs beside the reader of messages, on what the
// state was when the request came.
type work func(ctx context.Context) (any, error)

// handle takes one message. It is never called twice at once.
func (s *server) handle(ctx context.Context, r *jsonrpc2.Request) {
	params := json.RawMessage("null")
	if r.Params != nil {
		params = *r.Params
	}
	if r.Notif {
		s.notified(ctx, r.Method, params)
		return
	}
	do, err := s.requested(ctx, r.Method, params)
	if err != nil {
		do = func(context.Context) (any, error) { return nil, err }
	}
	key := idKey(r.ID)
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.cancels[key] = cancel
	s.mu.Unlock()
	s.open.Go(func() {
		defer cancel()
		result, err := s.answer(ctx, r.Method, do)
		s.mu.Lock()
		delete(s.cancels, key)
		s.mu.Unlock()
		if err != nil {
			err = s.conn.ReplyWithError(context.WithoutCancel(ctx), r.ID, rpcError(err))
		} else {
			err = s.conn.Reply(context.WithoutCancel(ctx), r.ID, result)
		}
		if err != nil && !errors.Is(err, jsonrpc2.ErrClosed) {
			s.Printf("answer %s: %v", r.Method, err)
		}
	})
}

// settle waits until what was asked is answered, within reason.
func (s *server) settle() {
	const enough = 10 * time.Second
	idle := make(chan struct{})
	go func() { s.open.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-time.After(enough):
	}
}

// answer does the work of a request when there is a slot. A panic is an answer
// too: it must not cost the user the server.
func (s *server) answer(ctx context.Context, method string, do work) (result any, err error) {
	defer s.rescue(method, &err)
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return do(ctx)
}

// rescue turns a panic into an error.
func (s *server) rescue(what string, err *error) {
	if e := recover(); e != nil {
		s.Printf("internal error in %s: %v\n%s", what, e, debug.Stack())
		*err = &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: "internal error in " + what + "; the log of the server has more"}
	}
}

func rpcError(err error) *jsonrpc2.Error {
	var e *jsonrpc2.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled):
		return &jsonrpc2.Error{Code: codeRequestCancelled, Message: "the request was cancelled"}
	}
	return &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: err.Error()}
}

// idKey names a request by its id as the client wrote it.
func idKey(id jsonrpc2.ID) string {
	b, _ := json.Marshal(id) // a number or a string
	return string(b)
}

// requested finds the work of a request.
func (s *server) requested(ctx context.Context, method string, params json.RawMessage) (do work, err error) {
	defer s.rescue(method, &err)
	s.mu.Lock()
	now := s.state
	s.mu.Unlock()
	switch {
	case method == "initialize" && now == starting:
		return s.initialize(ctx, params)
	case now == starting:
		return nil, &jsonrpc2.Error{Code: codeNotInitialized, Message: "the first request must be initialize"}
	case now != running:
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "the server is shutting down"}
	case method == "initialize":
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "the server is initialized already"}
	}
	if method == "shutdown" {
		s.mu.Lock()
		s.state = stopping
		s.mu.Unlock()
		return func(context.Context) (any, error) { return nil, nil }, nil
	}
	if f, ok := requests()[method]; ok {
		return f(s, params)
	}
	return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: "there is no method " + method}
}

// notified takes a notification. Those that are not known are left alone, as
// the protocol wants it.
func (s *server) notified(ctx context.Context, method string, params json.RawMessage) {
	var err error
	defer func() {
		if err != nil {
			s.Printf("%s: %v", method, err)
		}
	}()
	defer s.rescue(method, &err)
	if method == "exit" {
		s.settle()
		close(s.done)
		s.conn.Close() // nothing comes after it
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != running {
		return
	}
	if f, ok := notifications()[method]; ok {
		err = f(s, ctx, params)
	}
}

// initialize agrees with the client on what both can do.
func (s *server) initialize(ctx context.Context, params json.RawMessage) (work, error) {
	var p initializeParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.client = running, p
	for _, e := range p.Capabilities.General.PositionEncodings {
		if slices.Contains([]encoding{utf8Units, utf16Units, utf32Units}, e) {
			s.encoding = e
			break
		}
	}
	for _, f := range p.WorkspaceFolders {
		s.addFolder(pathOf(f.URI))
	}
	if len(p.WorkspaceFolders) == 0 {
		s.addFolder(pathOf(p.RootURI))
		if p.RootURI == "" {
			s.addFolder(p.RootPath)
		}
	}
	s.rescan = true
	if p.ProcessID != nil {
		go s.outlive(ctx, *p.ProcessID)
	}
	s.kick(true)
	answer := map[string]any{
		"capabilities": s.capabilities(),
		"serverInfo":   map[string]string{"name": "tiphys", "version": s.options.Version},
	}
	return func(context.Context) (any, error) { return answer, nil }, nil
}

func (s *server) addFolder(dir string) {
	if dir != "" && !slices.Contains(s.folders, dir) {
		s.folders = append(s.folders, dir)
	}
}

func (s *server) capabilities() map[string]any {
	return map[string]any{
		"positionEncoding": s.encoding,
		"textDocumentSync": map[string]any{"openClose": true, "change": syncIncremental, "save": true},
		"hoverProvider":    true, "definitionProvider": true, "documentSymbolProvider": true,
		"completionProvider": map[string]any{"triggerCharacters": []string{"{", ".", ":", " "}},
		"codeActionProvider": map[string]any{"codeActionKinds": []string{quickFix, fixAll}},
		"workspace": map[string]any{
			"workspaceFolders": map[string]any{"supported": true, "changeNotifications": true},
		},
	}
}

// outlive ends the session when the client's process is gone without a word.
// One that cannot be seen to begin with, as from within a container, is not
// watched: closing standard input ends us too.
func (s *server) outlive(ctx context.Context, pid int) {
	const often = 5 * time.Second
	for alive(pid) {
		select {
		case <-ctx.Done():
			return
		case <-s.conn.DisconnectNotify():
			return
		case <-time.After(often):
		}
		if !alive(pid) {
			s.Printf("the client (process %d) is gone", pid)
			s.conn.Close()
			return
		}
	}
}

func decode(params json.RawMessage, v any) error {
	if err := json.Unmarshal(params, v); err != nil {
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: err.Error()}
	}
	return nil
}

// alive reports whether there is a process of that number.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer p.Release()
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
