package secrets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	filippo "filippo.io/age"
)

// GenerateKey makes an age key and returns the text of a file of keys, and the
// recipient to name in .sops.yaml.
func GenerateKey(now time.Time) (text []byte, recipient string, err error) {
	id, err := filippo.GenerateX25519Identity()
	if err != nil {
		return nil, "", fmt.Errorf("make an age key: %w", err)
	}
	recipient = id.Recipient().String()
	return fmt.Appendf(nil, "# created: %s\n# public key: %s\n%s\n", now.Format(time.RFC3339), recipient, id), recipient, nil
}

// WriteKey writes a file of keys that only its owner can read, and never over
// another one.
func WriteKey(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write key: %s is there already, and a key that is overwritten is lost: name another file", name)
	}
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}
