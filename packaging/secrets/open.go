package secrets

import (
	"context"
	"errors"

	sops "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/cmd/sops/formats"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/decrypt"
)

// Limit is the size of the largest file that is read.
const Limit = 5 << 20

// Open decrypts the text of the file called name in memory, and verifies its
// MAC. The name tells the format.
func Open(_ context.Context, name string, text []byte) ([]byte, error) {
	return decrypt.DataWithFormat(text, formats.FormatForPath(name))
}

// Encrypted reports whether SOPS encrypted the text of the file called name.
func Encrypted(name string, text []byte) bool {
	store := common.StoreForFormat(formats.FormatForPath(name), config.NewStoresConfig())
	_, err := store.LoadEncryptedFile(text)
	return err == nil && !errors.Is(err, sops.MetadataNotFound)
}
