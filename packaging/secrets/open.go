package secrets

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
)

// Open decrypts the text of the file called name in memory, and verifies its
// MAC. The error is ErrPlain, a KeyError, a TamperedError, that of ctx, or says
// what is wrong with the file.
func Open(ctx context.Context, name string, text []byte) ([]byte, error) {
	return until(ctx, name, func() ([]byte, error) {
		f, err := load(name, text, nil)
		if err != nil {
			return nil, err
		}
		return f.open(ctx)
	})
}

// CanOpen reports whether Open would find a key: it obtains the data key and
// decrypts nothing with it.
func CanOpen(ctx context.Context, name string, text []byte) error {
	_, err := until(ctx, name, func() ([]byte, error) {
		f, err := load(name, text, nil)
		if err != nil {
			return nil, err
		}
		return f.dataKey(ctx)
	})
	return err
}

func (f *file) open(ctx context.Context) ([]byte, error) {
	key, err := f.dataKey(ctx)
	if err != nil {
		return nil, err
	}
	return f.openWith(key)
}

func (f *file) openWith(key []byte) ([]byte, error) {
	if err := f.decrypt(key, aes.NewCipher()); err != nil {
		return nil, err
	}
	return f.plain()
}

// plain returns the text of a decrypted file.
func (f *file) plain() ([]byte, error) {
	text, err := f.store.EmitPlainFile(f.tree.Branches)
	if err != nil {
		return nil, fmt.Errorf("open %s: its values cannot be written as %s", f.name, f.store.Name())
	}
	return text, nil
}

// decrypt decrypts the tree and verifies its MAC, also that over the encrypted
// values only, which SOPS calls mac_only_encrypted.
func (f *file) decrypt(key []byte, c aes.Cipher) error {
	clear := f.clear()
	w := &witness{Cipher: c}
	got, err := f.tree.Decrypt(key, w)
	switch {
	case err != nil && len(clear) > 0:
		return &TamperedError{f.name, clear[0], reasonClear}
	case err != nil && w.failed:
		return &TamperedError{f.name, dotted(w.path), reasonLeaf}
	case err != nil:
		return fmt.Errorf("open %s: it holds keys or values that SOPS does not know: keys must be strings", f.name)
	}
	m := f.tree.Metadata
	if m.MessageAuthenticationCode == "" {
		return &TamperedError{f.name, "", reasonNoMAC}
	}
	mac, err := c.Decrypt(m.MessageAuthenticationCode, key, m.LastModified.Format(time.RFC3339))
	want, ok := mac.(string)
	if err != nil || !ok {
		return &TamperedError{f.name, "", reasonBadMAC}
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1 {
		return &TamperedError{f.name, "", reasonMAC}
	}
	return nil
}

// A witness is a cipher that remembers where it failed: SOPS does not say.
type witness struct {
	aes.Cipher
	path   string
	failed bool
}

func (w *witness) Decrypt(ciphertext string, key []byte, path string) (any, error) {
	plain, err := w.Cipher.Decrypt(ciphertext, key, path)
	w.path, w.failed = path, err != nil // a comment may fail, and SOPS goes on
	return plain, err
}

// dotted is a path as messages have it: SOPS joins keys by colons, and leaves
// out positions in lists.
func dotted(path string) string {
	return strings.ReplaceAll(strings.TrimSuffix(path, ":"), ":", ".")
}

// Clear returns the paths of values that lie in the clear in an encrypted file
// and should not. No key is needed.
func Clear(name string, text []byte) ([]string, error) {
	f, err := load(name, text, nil)
	if err != nil {
		return nil, err
	}
	return calm(name, func() ([]string, error) { return f.clear(), nil })
}

// clear asks SOPS which values it would encrypt, and returns those that do not
// look as if it had.
func (f *file) clear() []string {
	p := &probe{}
	t := f.tree
	t.Branches = copyBranches(t.Branches)
	if _, err := t.Encrypt(nil, p); err != nil {
		return nil // told when it is decrypted
	}
	return p.clear
}

// A probe is a cipher that only looks at what it is to encrypt.
type probe struct {
	clear     []string
	encrypted int
}

func (p *probe) Encrypt(plain any, _ []byte, path string) (string, error) {
	text, isText := plain.(string)
	switch _, isComment := plain.(sops.Comment); {
	case isComment, isText && text == "": // old versions leave comments alone
	case isText && strings.HasPrefix(text, cipherStart):
		p.encrypted++
	default:
		p.clear = append(p.clear, dotted(path))
	}
	return "", nil
}

func (p *probe) Decrypt(string, []byte, string) (any, error) {
	return nil, errors.New("a probe decrypts nothing")
}

const cipherStart = "ENC[AES256_GCM,"

// copyBranches copies a tree: SOPS encrypts and decrypts in place.
func copyBranches(all sops.TreeBranches) sops.TreeBranches {
	out := make(sops.TreeBranches, len(all))
	for i, branch := range all {
		out[i] = copyValue(branch).(sops.TreeBranch)
	}
	return out
}

func copyValue(v any) any {
	switch v := v.(type) {
	case sops.TreeBranch:
		out := make(sops.TreeBranch, len(v))
		for i, item := range v {
			out[i] = sops.TreeItem{Key: item.Key, Value: copyValue(item.Value)}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = copyValue(item)
		}
		return out
	}
	return v
}

// Count returns how many values of a file are encrypted. No key is needed.
func Count(name string, text []byte) (int, error) {
	f, err := load(name, text, nil)
	if err != nil {
		return 0, err
	}
	p := &probe{}
	t := f.tree
	t.Branches = copyBranches(t.Branches)
	_, err = calm(name, func() (string, error) { return t.Encrypt(nil, p) })
	return p.encrypted, err
}
