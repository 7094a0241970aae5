package policies

import "github.com/tiphys-dev/tiphys/lint"

// A session is what the modules of one request share.
type session struct{}

// extra returns the rules that only policies know, as this request needs them.
func (v *view) extra(t *terms) []lint.Extra { return nil }
