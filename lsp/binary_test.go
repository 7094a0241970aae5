package lsp

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The built program speaks the protocol, obeys .tiphys.yaml, and ends with the
// exit codes of the protocol.
func TestBinary(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "tiphys")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/tiphys").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "ci.yaml")
	config := "rules: {dag-unknown-dependency: warning, deadline-missing: off}\nshow: warning\n"
	if err := os.WriteFile(filepath.Join(dir, ".tiphys.yaml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		bye  bool
		code int
	}{
		"with shutdown": {true, 0},
		"without":       {false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := exec.Command(program, "lsp", "--stdio")
			c.Dir = dir
			var log bytes.Buffer
			c.Stderr = &log
			in, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Process.Kill() })
			s := newStream(out, in, func() {})
			send := func(v map[string]any) {
				v["jsonrpc"] = "2.0"
				if err := s.WriteObject(v); err != nil {
					t.Fatal(err)
				}
			}
			receive := func() (m struct {
				ID     *int
				Method string
				Params publishParams
				Error  any
			}) {
				body, err := s.frame()
				if err != nil {
					t.Fatalf("%v\n%s", err, log.String())
				}
				if err := json.Unmarshal(body, &m); err != nil {
					t.Fatal(err)
				}
				return m
			}
			send(map[string]any{"id": 1, "method": "initialize", "params": map[string]any{
				"processId": os.Getpid(), "rootUri": uriOf(dir), "capabilities": map[string]any{}}})
			if m := receive(); m.ID == nil || *m.ID != 1 || m.Error != nil {
				t.Fatalf("initialize answers %v", m)
			}
			send(map[string]any{"method": "initialized", "params": map[string]any{}})
			send(map[string]any{"method": "textDocument/didOpen", "params": map[string]any{"textDocument": map[string]any{
				"uri": uriOf(file), "languageId": "yaml", "version": 7, "text": misspelt}}})
			m := receive()
			for m.Method != "textDocument/publishDiagnostics" {
				m = receive()
			}
			found := false
			for _, d := range m.Params.Diagnostics {
				found = found || d.Code == "dag-unknown-dependency" && d.Severity == severityWarning
				if d.Code == "deadline-missing" {
					t.Error("a rule that is off reports")
				}
			}
			if !found {
				t.Errorf("found %v", m.Params.Diagnostics)
			}
			if test.bye {
				send(map[string]any{"id": 2, "method": "shutdown"})
				for m = receive(); m.ID == nil || *m.ID != 2; m = receive() {
				}
				send(map[string]any{"method": "exit"})
			} else if err := in.Close(); err != nil {
				t.Fatal(err)
			}
			var exit *exec.ExitError
			if err := c.Wait(); err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if code := c.ProcessState.ExitCode(); code != test.code {
				t.Errorf("exit code %d, want %d\n%s", code, test.code, log.String())
			}
		})
	}
}
