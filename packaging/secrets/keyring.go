package secrets

import (
	"context"
	"fmt"
	"strings"

	filippo "filippo.io/age"
	"github.com/getsops/sops/v3/age"
)

// A Keyring is the age keys that somebody gave, and no others: with it, no
// environment variable, no file, no program, no agent and no service is asked
// for a key. The zero value opens nothing.
type Keyring struct {
	identities age.ParsedIdentities
	public     []string
}

// ParseKeyring reads keys, each in the form of a file of keys: lines of
// AGE-SECRET-KEY-..., and comments. The error says which is wrong, and quotes
// nothing of it.
func ParseKeyring(keys ...[]byte) (*Keyring, error) {
	r := &Keyring{}
	for i, text := range keys {
		if len(text) > keyLimit {
			return nil, fmt.Errorf("read age keys: key file %d of %d is larger than %d KiB", i+1, len(keys), keyLimit>>10)
		}
		before, line := len(r.identities), 0
		for one := range strings.Lines(string(text)) {
			line++
			if one = strings.TrimSpace(one); one == "" || strings.HasPrefix(one, "#") {
				continue
			}
			if err := r.add(one); err != nil {
				return nil, fmt.Errorf("read age keys: line %d of key file %d of %d %w", line, i+1, len(keys), err)
			}
		}
		if len(r.identities) == before {
			return nil, fmt.Errorf("read age keys: there is no key in key file %d of %d: it should have a line that begins with AGE-SECRET-KEY-", i+1, len(keys))
		}
	}
	return r, nil
}

func (r *Keyring) add(line string) error {
	if id, err := filippo.ParseX25519Identity(line); err == nil {
		r.identities, r.public = append(r.identities, id), append(r.public, id.Recipient().String())
		return nil
	}
	if id, err := filippo.ParseHybridIdentity(line); err == nil {
		r.identities, r.public = append(r.identities, id), append(r.public, Recipient{Type: "age", ID: id.Recipient().String()}.String())
		return nil
	}
	switch {
	case strings.HasPrefix(line, "AGE-PLUGIN-"):
		return fmt.Errorf("is a key of a plugin, and no program is run: give an AGE-SECRET-KEY-")
	case strings.HasPrefix(line, "age1"):
		return fmt.Errorf("is a public key: give the secret key that belongs to it, which begins with AGE-SECRET-KEY-")
	case strings.HasPrefix(line, "-----BEGIN "):
		return fmt.Errorf("begins an armored or SSH key: give an age key in the clear, which begins with AGE-SECRET-KEY-")
	}
	return fmt.Errorf("is no age key: it should begin with AGE-SECRET-KEY-, and be whole; it is not shown, as it may be a secret")
}

// Open is as the function Open, with the keys of the ring only. For other kinds
// of recipients beside age nothing is tried.
func (r *Keyring) Open(ctx context.Context, name string, text []byte) ([]byte, error) {
	return until(ctx, name, func() ([]byte, error) {
		f, err := load(name, text, nil)
		if err != nil {
			return nil, err
		}
		key, err := r.dataKey(ctx, f)
		if err != nil {
			return nil, err
		}
		return f.openWith(key)
	})
}

func (r *Keyring) dataKey(ctx context.Context, f *file) ([]byte, error) {
	given := &services{ctx: ctx, silent: true, identities: r.identities}
	key, err := f.tree.Metadata.GetDataKeyWithKeyServices(given.service(), nil)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil:
		return key, nil
	}
	e := f.closed()
	e.given = true
	for _, public := range r.public {
		e.Tried = append(e.Tried, "the key of "+public)
	}
	return nil, e
}
