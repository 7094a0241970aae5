package rego

import (
	_ "embed"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Library is the text of data.tiphys.lib.
//
//go:embed lib/lib.rego
var Library string

// libraryModule returns the library, anew for each compiler.
func libraryModule() *ast.Module {
	m := ast.MustParseModuleWithOpts(Library, ast.ParserOptions{RegoVersion: ast.RegoV1, Capabilities: capabilities})
	rename(m)
	return m
}

// libraryNeeds are the needs of the rules of the library by name, without those
// of the rules that they call.
var libraryNeeds = sync.OnceValue(func() map[string]needs {
	out := map[string]needs{}
	for _, r := range libraryModule().Rules {
		name := string(r.Head.Ref()[0].Value.(ast.Var))
		n := out[name]
		n.join(needsOf(r, true))
		out[name] = n
	}
	return out
})
