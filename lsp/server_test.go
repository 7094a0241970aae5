package lsp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/tiphys-dev/tiphys/lint"
)

// talk sends texts to a server and returns all it says.
func talk(t *testing.T, o Options, messages ...string) ([]string, error) {
	t.Helper()
	if o.Settings == nil {
		o.Settings = defaults
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	var out bytes.Buffer
	err := Serve(t.Context(), strings.NewReader(strings.Join(messages, "")), &out, o)
	s := newStream(&out, io.Discard, func() {})
	var got []string
	for {
		body, err := s.frame()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the server writes what is no message: %v", err)
		}
		got = append(got, string(body))
	}
	return got, err
}

func message(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

func call(id int, method, params string) string {
	return message(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`, id, method, params))
}

func note(method string) string { return message(fmt.Sprintf(`{"jsonrpc":"2.0","method":%q}`, method)) }

func TestConversations(t *testing.T) {
	hello := call(1, "initialize", `{"processId":null,"capabilities":{}}`)
	bye := call(9, "shutdown", "null")
	exit := note("exit")
	for name, test := range map[string]struct {
		messages []string
		codes    []int64 // of the answers that are errors
		err      error
	}{
		"a polite one":                    {[]string{hello, note("initialized"), bye, exit}, nil, nil},
		"exit without shutdown":           {[]string{hello, exit}, nil, ErrAbandoned},
		"exit before initialize":          {[]string{exit}, nil, ErrAbandoned},
		"the end of input":                {[]string{hello}, nil, ErrAbandoned},
		"the end of input after shutdown": {[]string{hello, bye}, nil, nil},
		"no input":                        {nil, nil, ErrAbandoned},
		"a request before initialize":     {[]string{call(2, "textDocument/hover", "{}"), hello, bye, exit}, []int64{codeNotInitialized}, nil},
		"initialize twice":                {[]string{hello, hello, bye, exit}, []int64{jsonrpc2.CodeInvalidRequest}, nil},
		"a request after shutdown":        {[]string{hello, bye, call(2, "textDocument/hover", "{}"), exit}, []int64{jsonrpc2.CodeInvalidRequest}, nil},
		"an unknown method":               {[]string{hello, call(2, "$/dance", "{}"), bye, exit}, []int64{jsonrpc2.CodeMethodNotFound}, nil},
		"an unknown notification":         {[]string{hello, note("$/dance"), note("dance"), bye, exit}, nil, nil},
		"wrong parameters":                {[]string{hello, call(2, "textDocument/hover", `[7]`), bye, exit}, []int64{jsonrpc2.CodeInvalidParams}, nil},
		"a document that is not open":     {[]string{hello, call(2, "textDocument/hover", `{"textDocument":{"uri":"file:///a"}}`), bye, exit}, []int64{jsonrpc2.CodeInvalidParams}, nil},
		"not JSON":                        {[]string{hello, message("{"), message(""), message("\xff"), bye, exit}, []int64{jsonrpc2.CodeParseError, jsonrpc2.CodeParseError, jsonrpc2.CodeParseError}, nil},
		"no messages":                     {[]string{hello, message("[]"), message("7"), message("{}"), message(`{"id":{},"method":1}`), bye, exit}, []int64{jsonrpc2.CodeInvalidRequest, jsonrpc2.CodeInvalidRequest, jsonrpc2.CodeInvalidRequest, jsonrpc2.CodeInvalidRequest}, nil},
		"no headers":                      {[]string{hello, "hello\r\n\r\n"}, nil, ErrAbandoned},
		"no length":                       {[]string{hello, "Content-Type: a\r\n\r\n{}"}, nil, ErrAbandoned},
		"a message cut short":             {[]string{hello, "Content-Length: 100\r\n\r\n{}"}, nil, ErrAbandoned},
		"another order of headers":        {[]string{hello, "content-type: a\r\ncontent-length: 2\r\n\r\n{}", bye, exit}, []int64{jsonrpc2.CodeInvalidRequest}, nil},
		"a change of what is not open":    {[]string{hello, message(`{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"a"}}}`), bye, exit}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := talk(t, Options{}, test.messages...)
			if !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("Serve returns %v, want %v", err, test.err)
			}
			var codes []int64
			for _, text := range got {
				var r struct{ Error *struct{ Code int64 } }
				if err := json.Unmarshal([]byte(text), &r); err != nil {
					t.Errorf("%s: %v", text, err)
				}
				if r.Error != nil {
					codes = append(codes, r.Error.Code)
				}
			}
			if fmt.Sprint(codes) != fmt.Sprint(test.codes) {
				t.Errorf("errors %v, want %v:\n%s", codes, test.codes, strings.Join(got, "\n"))
			}
		})
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	first := true
	c := start(t, Options{Settings: func(dir string) (Settings, error) {
		if dir == "/boom" && first {
			first = false
			panic("boom")
		}
		return defaults(dir)
	}}, initialization{})
	c.open("file:///boom/a.yaml", misspelt)
	c.open("file:///b.yaml", misspelt)
	if len(c.diagnostics("file:///b.yaml", 1)) == 0 {
		t.Error("nothing is found after the panic")
	}
	c.shutdown()
}

func TestWrongSettingsAreToldOnce(t *testing.T) {
	c := start(t, Options{Settings: func(dir string) (Settings, error) {
		s, _ := defaults(dir)
		return s, errors.New(".tiphys.yaml:1:1: unknown key")
	}}, initialization{})
	c.open("file:///a.yaml", misspelt)
	c.open("file:///b.yaml", misspelt)
	if len(c.diagnostics("file:///b.yaml", 1)) == 0 {
		t.Error("nothing is found")
	}
	c.shutdown()
	if got := len(c.messages); got != 1 {
		t.Errorf("%d messages", got)
	}
}

func TestExcluded(t *testing.T) {
	c := start(t, Options{Settings: func(string) (Settings, error) {
		s, err := defaults("")
		s.Excluded = func(path string) bool { return strings.Contains(path, "vendor") }
		return s, err
	}}, initialization{})
	c.open("file:///vendor/a.yaml", misspelt)
	if got := c.diagnostics("file:///vendor/a.yaml", 1); len(got) != 0 {
		t.Errorf("found %v", got)
	}
}

func TestHugeDocument(t *testing.T) {
	c := start(t, Options{}, initialization{})
	c.open("file:///a.yaml", misspelt+strings.Repeat("# 0123456789\n", textLimit/12))
	if got := c.diagnostics("file:///a.yaml", 1); len(got) != 1 || got[0].Severity != severityInfo {
		t.Errorf("found %v", got)
	}
	if h := c.hover("file:///a.yaml", Position{1, 1}); h != nil {
		t.Errorf("hover says %v", h)
	}
	c.shutdown()
}

func TestCancel(t *testing.T) {
	entered, leave := make(chan struct{}, 8), make(chan struct{})
	block := false
	c := start(t, Options{Settings: func(dir string) (Settings, error) {
		if dir == "/slow" && block {
			entered <- struct{}{}
			<-leave
		}
		return defaults(dir)
	}}, initialization{})
	c.open("file:///slow/a.yaml", misspelt)
	c.diagnostics("file:///slow/a.yaml", 1)
	block = true
	at := positionParams{documentID{URI: "file:///slow/a.yaml"}, Position{}}
	slots := 4
	done := make(chan error, slots)
	for range slots { // all slots are at work
		go func() { done <- c.try("textDocument/completion", at, nil) }()
		<-entered
	}
	waiting, err := c.conn.DispatchCall(t.Context(), "textDocument/completion", at, jsonrpc2.PickID(jsonrpc2.ID{Str: "mine", IsString: true}))
	if err != nil {
		t.Fatal(err)
	}
	c.notify("$/cancelRequest", map[string]any{"id": "mine"})
	if err := waiting.Wait(context.Background(), nil); rpcCode(err) != codeRequestCancelled {
		t.Errorf("the cancelled request answers %v", err)
	}
	close(leave)
	for range slots {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestCompleteOnlyWhenAllIsKnown(t *testing.T) {
	dir := workspace(t)
	text := strings.ReplaceAll(strings.Replace(flow, "REST\n", "", 1), "name: lib,", "name: gone,")
	for folder, want := range map[string]bool{"": false, dir: true} {
		settings := only("template-unknown")
		c := start(t, Options{Settings: func(d string) (Settings, error) {
			s, err := settings(d)
			s.Lint.Complete = true
			s.Show = lint.Error
			return s, err
		}}, initialization{Folder: folder})
		uri := uriOf(dir + "/ci.yaml")
		c.open(uri, text)
		if want {
			c.until(uri, "template-unknown")
		} else if got := c.diagnostics(uri, 1); len(got) != 0 {
			t.Errorf("found %v", got)
		}
	}
}

func TestProcessIsWatched(t *testing.T) {
	if !alive(os.Getpid()) || alive(1<<30) {
		t.Error("it is not told apart who is alive")
	}
}
