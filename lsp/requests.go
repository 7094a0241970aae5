package lsp

import (
	"context"
	"encoding/json"

	"github.com/sourcegraph/jsonrpc2"
)

// A request prepares the work of a request, on the thread that reads messages.
type request func(s *server, params json.RawMessage) (work, error)

// requests are those that we answer, once initialized.
func requests() map[string]request {
	return map[string]request{
		"textDocument/hover":          at(hovered),
		"textDocument/definition":     at(defined),
		"textDocument/completion":     at(completed),
		"textDocument/codeAction":     codeActions,
		"textDocument/documentSymbol": symbols,
	}
}

// document returns the open document.
func (s *server) document(uri string) (*document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.documents[uri]; d != nil {
		return d, nil
	}
	return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: uri + " is not open"}
}

// at makes a request of what answers about one offset of a document.
func at(answer func(ctx context.Context, s *server, d *document, off int) any) request {
	return func(s *server, params json.RawMessage) (work, error) {
		var p positionParams
		if err := decode(params, &p); err != nil {
			return nil, err
		}
		d, err := s.document(p.TextDocument.URI)
		if err != nil {
			return nil, err
		}
		off := d.lines.offset(p.Position)
		return func(ctx context.Context) (any, error) { return answer(ctx, s, d, off), nil }, nil
	}
}

// symbols answers what a document consists of.
func symbols(s *server, params json.RawMessage) (work, error) {
	var p documentParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	d, err := s.document(p.TextDocument.URI)
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		out := []documentSymbol{}
		m := d.parsed()
		for i, doc := range m.now {
			if doc.Root == nil {
				continue
			}
			for _, w := range m.parts[i].flows {
				out = append(out, d.outline(w))
			}
		}
		return out, nil
	}, nil
}
