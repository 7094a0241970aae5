package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/sourcegraph/jsonrpc2"
)

// A notice takes a notification. The server is locked.
type notice func(s *server, ctx context.Context, params json.RawMessage) error

// notifications are those that mean something to us.
func notifications() map[string]notice {
	return map[string]notice{
		"initialized":                         initialized,
		"$/cancelRequest":                     cancelled,
		"textDocument/didOpen":                opened,
		"textDocument/didChange":              changed,
		"textDocument/didSave":                saved,
		"textDocument/didClose":               closed,
		"workspace/didChangeWatchedFiles":     watched,
		"workspace/didChangeWorkspaceFolders": folders,
		"workspace/didChangeConfiguration":    configured,
	}
}

// initialized asks the client to tell of files that change on disk.
func initialized(s *server, ctx context.Context, _ json.RawMessage) error {
	if !s.client.Capabilities.Workspace.DidChangeWatchedFiles.DynamicRegistration {
		return nil
	}
	type watcher struct {
		Pattern string `json:"globPattern"`
	}
	registration := map[string]any{"registrations": []any{map[string]any{
		"id": "files", "method": "workspace/didChangeWatchedFiles",
		"registerOptions": map[string]any{"watchers": []watcher{{"**/*.{yaml,yml,json}"}}},
	}}}
	go func() { // the answer says nothing that we need
		err := s.conn.Call(ctx, "client/registerCapability", registration, nil)
		if err != nil && !errors.Is(err, jsonrpc2.ErrClosed) && ctx.Err() == nil {
			s.Printf("register for changes of files: %v", err)
		}
	}()
	return nil
}

func cancelled(s *server, _ context.Context, params json.RawMessage) error {
	var p cancelParams
	if err := decode(params, &p); err != nil {
		return err
	}
	var id jsonrpc2.ID
	if err := json.Unmarshal(p.ID, &id); err != nil {
		return err
	}
	if cancel := s.cancels[idKey(id)]; cancel != nil {
		cancel()
	}
	return nil
}

func opened(s *server, _ context.Context, params json.RawMessage) error {
	var p didOpenParams
	if err := decode(params, &p); err != nil {
		return err
	}
	d := p.TextDocument
	s.documents[d.URI] = newDocument(d.URI, d.LanguageID, d.Version, []byte(d.Text), s.encoding, nil)
	s.mark(d.URI)
	s.kick(true)
	return nil
}

func changed(s *server, _ context.Context, params json.RawMessage) error {
	var p didChangeParams
	if err := decode(params, &p); err != nil {
		return err
	}
	old := s.documents[p.TextDocument.URI]
	if old == nil {
		return fmt.Errorf("%s is not open", p.TextDocument.URI)
	}
	text := old.text
	for _, c := range p.ContentChanges {
		text = apply(text, c, s.encoding)
	}
	s.documents[old.uri] = newDocument(old.uri, old.language, p.TextDocument.Version, text, s.encoding, old)
	s.mark(old.uri)
	s.kick(false)
	return nil
}

// saved looks at the disk again, for clients that do not tell of changed files.
func saved(s *server, _ context.Context, params json.RawMessage) error {
	var p documentParams
	if err := decode(params, &p); err != nil {
		return err
	}
	s.rescan = true
	if filepath.Base(pathOf(p.TextDocument.URI)) == configName {
		s.markAll()
	}
	s.kick(true)
	return nil
}

func closed(s *server, _ context.Context, params json.RawMessage) error {
	var p documentParams
	if err := decode(params, &p); err != nil {
		return err
	}
	delete(s.documents, p.TextDocument.URI)
	s.markAll() // they may have leaned on text that was never saved
	s.mark(p.TextDocument.URI)
	s.kick(true)
	return nil
}

func watched(s *server, _ context.Context, params json.RawMessage) error {
	var p watchedParams
	if err := decode(params, &p); err != nil {
		return err
	}
	s.rescan = true
	for _, c := range p.Changes {
		if filepath.Base(pathOf(c.URI)) == configName {
			s.markAll()
		}
	}
	s.kick(false)
	return nil
}

func folders(s *server, _ context.Context, params json.RawMessage) error {
	var p foldersParams
	if err := decode(params, &p); err != nil {
		return err
	}
	for _, f := range p.Event.Removed {
		dir := pathOf(f.URI)
		s.folders = slices.DeleteFunc(s.folders, func(have string) bool { return have == dir })
	}
	for _, f := range p.Event.Added {
		s.addFolder(pathOf(f.URI))
	}
	s.rescan = true
	s.markAll()
	s.kick(true)
	return nil
}

func configured(s *server, _ context.Context, _ json.RawMessage) error {
	s.markAll()
	s.kick(true)
	return nil
}

// mark puts a document first in the line of those to lint.
func (s *server) mark(uri string) {
	s.dirty = slices.DeleteFunc(s.dirty, func(have string) bool { return have == uri })
	s.dirty = slices.Insert(s.dirty, 0, uri)
}

// markAll puts all documents behind those that are in line.
func (s *server) markAll() {
	var rest []string
	for uri := range s.documents {
		if !slices.Contains(s.dirty, uri) {
			rest = append(rest, uri)
		}
	}
	slices.Sort(rest)
	s.dirty = append(s.dirty, rest...)
}

// kick wakes the worker: now, or after a pause in the typing.
func (s *server) kick(now bool) {
	s.typing, s.now = true, s.now || now
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
