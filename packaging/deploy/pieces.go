package deploy

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

// shortest is how long a piece must be to be looked for: less is there by chance.
const shortest = 8

// pieces returns what a template may take out of a value: fromJson and fromYaml
// what is in a document, urlParse the password, b64dec the text. A canary is
// none of these, so nobody sees where they go but who looks for them.
func pieces(value string) []string {
	found := map[string]bool{}
	var all []string
	var walk func(v any, depth int)
	var open func(text string, depth int)
	walk = func(v any, depth int) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range sortedKeys(v) {
				walk(v[key], depth)
			}
		case []any:
			for _, c := range v {
				walk(c, depth)
			}
		case string:
			if len(v) >= shortest && v != value && !found[v] {
				found[v] = true
				all = append(all, v)
				open(v, depth)
			}
		}
	}
	open = func(text string, depth int) {
		if depth == 0 {
			return
		}
		if document := strings.TrimSpace(text); strings.ContainsAny(document, ":{[") {
			var v any
			if yaml.Unmarshal([]byte(document), &v) == nil {
				if _, scalar := v.(string); !scalar {
					walk(v, depth-1)
				}
			}
			if u, err := url.Parse(document); err == nil && u.User != nil {
				if password, ok := u.User.Password(); ok {
					walk(password, 0)
					_, written, _ := strings.Cut(u.User.String(), ":")
					walk(written, 0)
				}
			}
			return
		}
		if plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), "")); err == nil && utf8.Valid(plain) {
			walk(string(plain), depth-1)
		}
	}
	open(value, 3)
	return slices.Clip(all)
}
