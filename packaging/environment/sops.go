package environment

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// metadataKey is where SOPS keeps what it needs to decrypt a file.
const metadataKey = "sops"

const (
	cipherStart = "ENC[AES256_GCM,"
	cipherEnd   = "]"
)

// encrypted reports whether SOPS encrypted the scalar, and the kind of its
// plaintext, which the ciphertext tells.
func encrypted(n *manifest.Node) (manifest.Kind, bool) {
	if n.Kind != manifest.String {
		return 0, false
	}
	typ, ok := Ciphertext(n.Value)
	if !ok {
		return 0, false
	}
	switch typ {
	case "int":
		return manifest.Int, true
	case "float":
		return manifest.Float, true
	case "bool":
		return manifest.Bool, true
	}
	return manifest.String, true
}

// Ciphertext reports whether SOPS encrypted the value, and the type of its
// plaintext: str, int, float, bool, bytes or comment.
func Ciphertext(value string) (typ string, ok bool) {
	text, ok := strings.CutPrefix(value, cipherStart)
	if !ok || !strings.HasSuffix(text, cipherEnd) {
		return "", false
	}
	_, typ, _ = strings.Cut(strings.TrimSuffix(text, cipherEnd), ",type:")
	return typ, true
}

// Substitute returns a copy of values in which what with returns, given its path
// and the type of the plaintext, stands for each encrypted one. Keys are visited
// in order.
func Substitute(values map[string]any, with func(path, typ string) any) map[string]any {
	return substitute("", values, with).(map[string]any)
}

func substitute(path string, v any, with func(path, typ string) any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out[k] = substitute(Join(path, k), v[k], with)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, c := range v {
			out[i] = substitute(path+"["+strconv.Itoa(i)+"]", c, with)
		}
		return out
	case string:
		if typ, ok := Ciphertext(v); ok {
			return with(path, typ)
		}
	}
	return v
}

// Cipherfile stands for the text of a file that is encrypted as a whole.
func Cipherfile(name string) string { return cipherStart + "file:" + name + ",type:str" + cipherEnd }

// Sealed reports whether values are those of a file that SOPS encrypted, and
// returns them without what it added.
func Sealed(values map[string]any) (map[string]any, bool) {
	m, ok := values[metadataKey].(map[string]any)
	if mac, _ := m["mac"].(string); !ok || mac == "" {
		return values, false
	}
	out := make(map[string]any, len(values))
	for k, v := range values {
		if k != metadataKey {
			out[k] = v
		}
	}
	return out, true
}

// Join is the path of the key in the map at path, as Value.Path has it.
func Join(path, key string) string { return path + manifest.Field(path == "", key) }

// metadata returns what SOPS says of the file that it encrypted, or nil.
func metadata(root *manifest.Node) *manifest.Node {
	m := root.Get(metadataKey)
	if mac := m.Get("mac"); mac != nil && mac.Kind == manifest.String && mac.Value != "" {
		return m
	}
	return nil
}

// plain reports what of a file of secrets lies in the clear.
func (r *reader) plain(d *document) {
	if d.root == nil || len(d.root.Children) == 0 {
		return
	}
	m := metadata(d.root)
	if m == nil {
		first := d.root.Children[0]
		message := "the secrets of this file lie in the clear: encrypt it with sops"
		if hasCiphertext(d.root) {
			message = "what SOPS needs to decrypt this file, the key \"sops\" with its mac, is not there: encrypt the file anew"
		}
		r.report(rulePlain, d.at(first.Key.Span()), "", "%s", message)
		return
	}
	meant, ok := newSelection(m)
	if !ok {
		return
	}
	var walk func(n *manifest.Node, path []string)
	walk = func(n *manifest.Node, path []string) {
		if n.Key != nil {
			path = append(path, n.Key.Value)
		}
		for _, c := range n.Children {
			if c != m {
				walk(c, path)
			}
		}
		if _, ok := encrypted(n); ok || !n.Scalar() || n.Kind == manifest.String && n.Value == "" || !meant.encrypted(path) {
			return
		}
		r.report(rulePlain, d.span(n), n.Path(), "%q lies in the clear in an encrypted file: encrypt it with sops edit", n.Path())
	}
	walk(d.root, nil)
}

func hasCiphertext(n *manifest.Node) bool {
	_, ok := encrypted(n)
	return ok || slices.ContainsFunc(n.Children, hasCiphertext)
}

// A selection tells which values of a file SOPS encrypts; that may be some
// only, by what their keys are called.
type selection struct {
	encryptedSuffix, unencryptedSuffix string
	encryptedRegex, unencryptedRegex   *regexp.Regexp
}

// newSelection reads the selection; false when it goes by comments, or when
// it cannot be told.
func newSelection(m *manifest.Node) (selection, bool) {
	s := selection{encryptedSuffix: m.Get("encrypted_suffix").Text(), unencryptedSuffix: m.Get("unencrypted_suffix").Text()}
	ok := m.Get("encrypted_comment_regex").Text() == "" && m.Get("unencrypted_comment_regex").Text() == ""
	compile := func(key string) *regexp.Regexp {
		text := m.Get(key).Text()
		if text == "" {
			return nil
		}
		re, err := regexp.Compile(text)
		ok = ok && err == nil
		return re
	}
	s.encryptedRegex, s.unencryptedRegex = compile("encrypted_regex"), compile("unencrypted_regex")
	if s == (selection{}) {
		s.unencryptedSuffix = "_unencrypted"
	}
	return s, ok
}

// encrypted reports whether SOPS encrypts what stands under these keys.
func (s selection) encrypted(path []string) bool {
	suffix := func(with string) bool {
		return slices.ContainsFunc(path, func(key string) bool { return strings.HasSuffix(key, with) })
	}
	yes := true
	if s.unencryptedSuffix != "" && suffix(s.unencryptedSuffix) {
		yes = false
	}
	if s.encryptedSuffix != "" {
		yes = suffix(s.encryptedSuffix)
	}
	if s.unencryptedRegex != nil && slices.ContainsFunc(path, s.unencryptedRegex.MatchString) {
		yes = false
	}
	if s.encryptedRegex != nil {
		yes = slices.ContainsFunc(path, s.encryptedRegex.MatchString)
	}
	return yes
}
