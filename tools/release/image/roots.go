package image

import (
	"bytes"
	"encoding/pem"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Roots are the certificate authorities that Mozilla trusts, as PEM. The module that
// brings them is pinned by go.sum, so nothing of the machine gets into an image.
//
// Authorities that are trusted only for certificates from before some day are left
// out: a file cannot say that day, and by now what they signed has ended.
func Roots() []byte {
	var b bytes.Buffer
	for r := range bundle.Roots() {
		if r.Constraint == nil {
			pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate})
		}
	}
	return b.Bytes()
}
