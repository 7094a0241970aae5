package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
)

// cursor marks a place in the texts of tests.
const cursor = "‸"

// A client is an editor, as far as a test needs one.
type client struct {
	t         testing.TB
	conn      *jsonrpc2.Conn
	published chan publishParams
	messages  chan string
	ended     chan error // what Serve returned
	in        io.Closer  // what the server reads
}

// initialization are the parameters of initialize.
type initialization struct {
	Folder    string
	Encodings []encoding
}

// defaults are the settings without a configuration file.
func defaults(string) (Settings, error) {
	return Settings{Lint: lint.Options{Rules: rules.All()}, Show: lint.Warning}, nil
}

// start starts a server in process, and a client that has greeted it.
func start(t testing.TB, o Options, i initialization) *client {
	t.Helper()
	c := connect(t, o)
	c.initialize(i)
	return c
}

func connect(t testing.TB, o Options) *client {
	t.Helper()
	if o.Settings == nil {
		o.Settings = defaults
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	serverIn, clientOut := io.Pipe()
	clientIn, serverOut := io.Pipe()
	c := &client{t: t, published: make(chan publishParams, 1000), messages: make(chan string, 100), ended: make(chan error, 1), in: clientOut}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c.ended <- Serve(ctx, serverIn, serverOut, o)
		serverOut.Close()
	}()
	c.conn = jsonrpc2.NewConn(ctx, newStream(clientIn, clientOut, func() {}), c)
	t.Cleanup(func() {
		cancel()
		clientOut.Close()
		serverIn.Close()
		<-c.conn.DisconnectNotify()
	})
	return c
}

// Handle takes what the server says of its own accord.
func (c *client) Handle(ctx context.Context, conn *jsonrpc2.Conn, r *jsonrpc2.Request) {
	switch r.Method {
	case "textDocument/publishDiagnostics":
		var p publishParams
		if err := json.Unmarshal(*r.Params, &p); err != nil {
			c.t.Error(err)
		}
		c.published <- p
	case "window/showMessage":
		var p struct {
			Message string `json:"message"`
		}
		if err := json.Unmarshal(*r.Params, &p); err != nil {
			c.t.Error(err)
		}
		c.messages <- p.Message
	default:
		if !r.Notif {
			go conn.Reply(ctx, r.ID, nil)
		}
	}
}

func (c *client) initialize(i initialization) map[string]any {
	c.t.Helper()
	params := map[string]any{
		"processId": nil, "rootUri": nil,
		"capabilities": map[string]any{
			"general":      map[string]any{"positionEncodings": i.Encodings},
			"textDocument": map[string]any{"publishDiagnostics": map[string]any{"relatedInformation": true}},
		},
	}
	if i.Folder != "" {
		params["workspaceFolders"] = []any{map[string]string{"uri": uriOf(i.Folder), "name": "w"}}
	}
	var out map[string]any
	c.call("initialize", params, &out)
	c.notify("initialized", map[string]any{})
	return out
}

func (c *client) call(method string, params, result any) {
	c.t.Helper()
	if err := c.try(method, params, result); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

func (c *client) try(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	return c.conn.Call(ctx, method, params, result)
}

func (c *client) notify(method string, params any) {
	c.t.Helper()
	if err := c.conn.Notify(c.t.Context(), method, params); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

func (c *client) open(uri, text string) {
	c.t.Helper()
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{
		"uri": uri, "languageId": "yaml", "version": 1, "text": text,
	}})
}

// change replaces a range, or with nil the whole text.
func (c *client) change(uri string, version int, r *Range, text string) {
	c.t.Helper()
	c.notify("textDocument/didChange", didChangeParams{
		TextDocument: documentID{uri, version}, ContentChanges: []contentChange{{r, text}},
	})
}

// diagnostics waits for those of one version of a document.
func (c *client) diagnostics(uri string, version int) []diagnostic {
	c.t.Helper()
	for {
		select {
		case p := <-c.published:
			if p.URI == uri && p.Version != nil && *p.Version == version {
				return p.Diagnostics
			}
		case <-c.conn.DisconnectNotify():
			c.t.Fatal("the server is gone")
		}
	}
}

func (c *client) shutdown() {
	c.t.Helper()
	c.call("shutdown", nil, nil)
	c.notify("exit", nil)
	if err := <-c.ended; err != nil {
		c.t.Fatalf("Serve: %v", err)
	}
}

// code returns the code of an error of the server.
func rpcCode(err error) int64 {
	var e *jsonrpc2.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// split takes the cursor out of a text and returns where it was.
func split(t testing.TB, text string) (string, Position) {
	t.Helper()
	before, after, ok := strings.Cut(text, cursor)
	if !ok {
		t.Fatalf("there is no cursor in %q", text)
	}
	text = before + after
	return text, newLines([]byte(text), utf16Units).position(len(before))
}

// edited makes text edits.
func edited(t testing.TB, text string, edits []textEdit) string {
	t.Helper()
	for i := len(edits) - 1; i >= 0; i-- { // they come in the order of the text
		e := edits[i]
		text = string(apply([]byte(text), contentChange{&e.Range, e.NewText}, utf16Units))
	}
	return text
}

// codes are the rules of diagnostics.
func codes(all []diagnostic) []string {
	var out []string
	for _, d := range all {
		out = append(out, d.Code)
	}
	return out
}
