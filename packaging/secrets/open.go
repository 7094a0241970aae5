package secrets

import (
	"context"

	"github.com/getsops/sops/v3/cmd/sops/formats"
	"github.com/getsops/sops/v3/decrypt"
)

// Open decrypts the text of the file called name in memory, and verifies its
// MAC. The name tells the format.
func Open(_ context.Context, name string, text []byte) ([]byte, error) {
	return decrypt.DataWithFormat(text, formats.FormatForPath(name))
}

// Encrypted reports whether SOPS encrypted the text of the file called name.
func Encrypted(name string, text []byte) bool {
	_, err := decrypt.DataWithFormat(text, formats.FormatForPath(name))
	return err == nil
}
