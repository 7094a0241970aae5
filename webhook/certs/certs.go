// Package certs makes and renews the certificate of the webhook, and the
// authority that signs it, without a moment in which the API server would not
// trust what is served.
package certs

import (
	"crypto/tls"
	"crypto/x509"
	"time"
)

// A Bundle is what is kept in the Secret: authorities, and the certificate
// that the newest trusted one of them has signed.
type Bundle struct {
	Authorities []Authority
	Leaf        *Pair
}

// A Pair is a certificate with its key.
type Pair struct {
	Certificate *x509.Certificate
	TLS         tls.Certificate
}

// An Authority is a CA and since when the API server has been told of it.
type Authority struct {
	Pair
	Published time.Time
}
