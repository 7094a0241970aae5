package lsp

import "context"

func completed(ctx context.Context, s *server, d *document, off int) any { return nil }
