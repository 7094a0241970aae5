package secrets

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/version"
)

// A Draft is a file that is being written: its plain text, and what it takes to
// encrypt it.
type Draft struct {
	// Plain is the text as it is now, nil for a new file.
	Plain []byte

	file   *file
	key    []byte // of the values; nil until there is one
	cipher aes.Cipher
}

// New starts a file that is not there yet, by the creation rules of .sops.yaml.
// No key is needed to open anything. The error is ErrNoRule or says what is
// wrong with .sops.yaml.
func New(name string) (*Draft, error) {
	r, err := rulesOf(name)
	if err != nil {
		return nil, err
	}
	f := &file{name: name, store: r.store}
	f.tree.Metadata = r.metadata()
	return &Draft{file: f, cipher: aes.NewCipher()}, nil
}

// Edit opens a file to change it. Values that stay the same keep their
// ciphertext, so that the change is all that a diff shows. Errors are those of
// Open.
func Edit(ctx context.Context, name string, text []byte) (*Draft, error) {
	return until(ctx, name, func() (*Draft, error) {
		store, err := storeOf(name)
		if err != nil {
			return nil, err
		}
		f, err := load(name, text, store)
		if err != nil {
			return nil, err
		}
		d := &Draft{file: f, cipher: aes.NewCipher()}
		if d.key, err = f.dataKey(ctx); err != nil {
			return nil, err
		}
		if err := f.decrypt(d.key, d.cipher); err != nil {
			return nil, err
		}
		d.Plain, err = f.plain()
		return d, err
	})
}

// Recipients returns for whom the file will be encrypted.
func (d *Draft) Recipients() []Recipient { return d.file.recipients() }

// Seal encrypts plain as the new text of the file.
func (d *Draft) Seal(ctx context.Context, plain []byte) ([]byte, error) {
	return until(ctx, d.file.name, func() ([]byte, error) {
		branches, err := loadPlain(d.file.name, plain, d.file.store)
		if err != nil {
			return nil, err
		}
		f := *d.file
		f.tree.Branches = branches
		if d.key == nil {
			if d.key, err = f.newKey(ctx); err != nil {
				return nil, err
			}
			d.file.tree.Metadata.KeyGroups = f.tree.Metadata.KeyGroups
		}
		return f.encrypt(d.key, d.cipher)
	})
}

// Encrypt encrypts the plain text of a file by the creation rules of
// .sops.yaml. The error is ErrEncrypted when it already is.
func Encrypt(ctx context.Context, name string, plain []byte) ([]byte, error) {
	if Encrypted(name, plain) {
		return nil, fmt.Errorf("encrypt %s: %w", name, ErrEncrypted)
	}
	d, err := New(name)
	if err != nil {
		return nil, err
	}
	return d.Seal(ctx, plain)
}

// newKey makes a data key and encrypts it for all recipients.
func (f *file) newKey(ctx context.Context) ([]byte, error) {
	k := &services{ctx: ctx}
	key, errs := f.tree.GenerateDataKeyWithKeyServices(k.service())
	if len(errs) > 0 {
		return nil, f.cannotEncrypt(ctx, k)
	}
	return key, nil
}

func (f *file) cannotEncrypt(ctx context.Context, k *services) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	why := ""
	if len(k.failures) > 0 {
		why = ": " + strings.Join(k.failures, ", ")
	}
	return fmt.Errorf("encrypt %s: it cannot be encrypted for all of %s%s", f.name, list(f.recipients()), why)
}

// encrypt encrypts the tree and returns the text of the file, which was opened
// once to be sure that it can be.
func (f *file) encrypt(key []byte, c aes.Cipher) ([]byte, error) {
	m := &f.tree.Metadata
	if newer, err := version.AIsNewerThanB(version.Version, m.Version); err == nil && newer {
		m.Version = version.Version
	}
	mac, err := f.tree.Encrypt(key, c)
	if err != nil {
		return nil, fmt.Errorf("encrypt %s: it holds keys or values that SOPS cannot encrypt: keys must be strings", f.name)
	}
	m.LastModified = time.Now().UTC()
	if m.MessageAuthenticationCode, err = c.Encrypt(mac, key, m.LastModified.Format(time.RFC3339)); err != nil {
		return nil, fmt.Errorf("encrypt %s: make its MAC: %w", f.name, err)
	}
	text, err := f.emit()
	if err != nil {
		return nil, err
	}
	again, err := load(f.name, text, f.store)
	if err != nil {
		return nil, fmt.Errorf("encrypt %s: the result cannot be opened: %w", f.name, err)
	}
	if err := again.decrypt(key, aes.NewCipher()); err != nil {
		return nil, fmt.Errorf("encrypt %s: the result cannot be opened: %w", f.name, err)
	}
	return text, nil
}

func (f *file) emit() ([]byte, error) {
	text, err := f.store.EmitEncryptedFile(f.tree)
	if err != nil {
		return nil, fmt.Errorf("encrypt %s: its values cannot be written as %s", f.name, f.store.Name())
	}
	return text, nil
}
