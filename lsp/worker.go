package lsp

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/resolve"
)

const configName = ".tiphys.yaml"

// A result is what linting one version of a document came to.
type result struct {
	document *document
	findings []lint.Finding
	entries  []*resolve.Entry
}

// work lints what has changed, one document after the other.
func (s *server) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		for ctx.Err() == nil && s.step(ctx) {
		}
	}
}

// pause waits until the text is left alone, but not for ever.
func (s *server) pause(ctx context.Context) {
	const patience = 5
	limit := time.After(patience * s.options.Delay)
	for {
		s.mu.Lock()
		now := s.now
		s.now, s.typing = false, false
		s.mu.Unlock()
		if now || s.options.Delay == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-limit:
			return
		case <-s.wake:
		case <-time.After(s.options.Delay):
			return
		}
	}
}

// step does one piece of work; it reports whether there was one. After each,
// what came in meanwhile is seen: what it supersedes is not done, and what was
// typed meanwhile waits for its pause.
func (s *server) step(ctx context.Context) bool {
	s.mu.Lock()
	if s.typing {
		s.mu.Unlock()
		s.pause(ctx)
		return true
	}
	if s.rescan && len(s.dirty) == 0 {
		s.rescan = false
		s.mu.Unlock()
		s.scan(ctx)
		return true
	}
	if len(s.dirty) == 0 {
		s.mu.Unlock()
		return false
	}
	uri := s.dirty[0]
	s.dirty = s.dirty[1:]
	d := s.documents[uri]
	s.mu.Unlock()
	if d == nil {
		s.forget(ctx, uri)
		return true
	}
	s.publish(ctx, d)
	return true
}

// scan looks at the files of the workspace, and lints all documents again if
// what is known has changed.
func (s *server) scan(ctx context.Context) {
	var err error
	defer s.rescue("scan", &err)
	s.mu.Lock()
	dirs, before := slices.Clone(s.folders), s.world
	s.mu.Unlock()
	excluded := map[string]func(string) bool{}
	for _, dir := range dirs {
		excluded[dir] = s.settings(ctx, dir).Excluded
	}
	after, err := scanWorld(ctx, dirs, before, func(path string) bool {
		for dir, match := range excluded {
			if match != nil && within(dir, path) && match(path) {
				return true
			}
		}
		return false
	})
	if err != nil {
		return // the session is over
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world = after
	if !after.same(before) {
		s.markAll()
	}
}

// same reports whether two worlds tell documents the same.
func (w *world) same(other *world) bool {
	if w.whole != other.whole || len(w.files) != len(other.files) {
		return false
	}
	for path, f := range w.files {
		g := other.files[path]
		if g == nil || f != g && differ(f.entries, g.entries) {
			return false
		}
	}
	return true
}

// forget takes the diagnostics of a closed document away.
func (s *server) forget(ctx context.Context, uri string) {
	s.mu.Lock()
	delete(s.results, uri)
	s.mu.Unlock()
	s.notify(ctx, "textDocument/publishDiagnostics", publishParams{URI: uri, Diagnostics: []diagnostic{}})
}

// publish lints a document and shows what is found, unless there is a newer
// version by then. Documents that lean on it come after it.
func (s *server) publish(ctx context.Context, d *document) {
	var err error
	defer s.rescue("lint", &err)
	r := s.lint(ctx, d)
	s.mu.Lock()
	if s.documents[d.uri] != d {
		s.mu.Unlock()
		return
	}
	if differ(s.told(d), r.entries) {
		queued := slices.Contains(s.dirty, d.uri)
		s.markAll()
		if !queued {
			s.dirty = slices.DeleteFunc(s.dirty, func(uri string) bool { return uri == d.uri })
		}
	}
	s.results[d.uri] = r
	s.mu.Unlock()
	version := d.version
	s.notify(ctx, "textDocument/publishDiagnostics", publishParams{URI: d.uri, Version: &version, Diagnostics: s.diagnostics(r)})
}

// told returns what others know of a document: from its last result, or from
// the disk. The server is locked.
func (s *server) told(d *document) []*resolve.Entry {
	if r := s.results[d.uri]; r != nil {
		return r.entries
	}
	if f := s.world.files[d.path]; f != nil {
		return f.entries
	}
	return nil
}

// found returns what linting the document comes to, from before if it is known.
func (s *server) found(ctx context.Context, d *document) *result {
	s.mu.Lock()
	r := s.results[d.uri]
	s.mu.Unlock()
	if r != nil && r.document == d {
		return r
	}
	return s.lint(ctx, d)
}

// lint lints one version of a document, with what the others hold in view.
func (s *server) lint(ctx context.Context, d *document) *result {
	r := &result{document: d}
	settings := s.settings(ctx, s.folderOf(d))
	if len(d.text) > textLimit || s.ignored(d, settings) {
		return r
	}
	r.entries = d.parsed().entries
	others, whole := s.others(d)
	o := settings.Lint
	o.Fixes = true
	o.Complete = o.Complete && whole
	l := lint.New(o)
	l.Know(others...)
	l.Add(d.file)
	if ctx.Err() != nil {
		return r
	}
	out := l.Finish()
	for _, err := range out.Failures {
		s.Printf("internal error: %v", err)
	}
	for _, f := range out.Findings {
		if f.Severity >= settings.Show && f.Span.Known() && f.Span.File.Name == d.file.Name {
			r.findings = append(r.findings, f)
		}
	}
	return r
}

// ignored reports whether a document is none of our business.
func (s *server) ignored(d *document, settings Settings) bool {
	switch {
	case d.language == "helm":
		return true
	case d.path == "":
		return false
	}
	return filepath.Base(d.path) == configName || settings.Excluded != nil && settings.Excluded(d.path) || inChart(d.path)
}

// others returns what is known beside a document: of open documents as they
// are in the editor, of all other files as they are on disk.
func (s *server) others(d *document) (entries []*resolve.Entry, whole bool) {
	s.mu.Lock()
	open := map[string]*document{}
	for uri, o := range s.documents {
		if uri != d.uri {
			open[uri] = o
		}
	}
	world := s.world
	s.mu.Unlock()
	here := map[string]bool{d.path: true}
	for _, o := range open {
		here[o.path] = true
		entries = append(entries, o.parsed().entries...)
	}
	for path, f := range world.files {
		if !here[path] {
			entries = append(entries, f.entries...)
		}
	}
	return entries, world.whole
}

// folderOf returns the folder whose settings hold for a document: that of the
// workspace, where tiphys lint would be called, or its own.
func (s *server) folderOf(d *document) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	best := ""
	for _, dir := range s.folders {
		if d.path != "" && within(dir, d.path) && len(dir) > len(best) {
			best = dir
		}
	}
	switch {
	case best != "":
		return best
	case d.path != "":
		return filepath.Dir(d.path)
	case len(s.folders) > 0:
		return s.folders[0]
	}
	return ""
}

// settings reads the settings of a folder. What is wrong with them is said
// once.
func (s *server) settings(ctx context.Context, dir string) Settings {
	settings, err := s.options.Settings(dir)
	if err == nil {
		return settings
	}
	s.mu.Lock()
	said := s.shown[err.Error()]
	s.shown[err.Error()] = true
	s.mu.Unlock()
	if !said {
		s.Printf("%v", err)
		s.notify(ctx, "window/showMessage", map[string]any{"type": messageError, "message": "tiphys: " + err.Error()})
	}
	return settings
}

func (s *server) notify(ctx context.Context, method string, params any) {
	if err := s.conn.Notify(ctx, method, params); err != nil && !errors.Is(err, jsonrpc2.ErrClosed) {
		s.Printf("%s: %v", method, err)
	}
}
