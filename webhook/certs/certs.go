// Package certs makes and renews the certificate of the webhook, and the
// authority that signs it, without a moment in which the API server would not
// trust what is served.
//
// All replicas share one Bundle, kept in a Secret, and each of them may take
// the next Step: what it writes is based on what it has read, or refused. The
// order of the steps makes the rest safe:
//
//  1. A new authority is added to the bundle, and signs nothing.
//  2. All webhook configurations trust it beside the old one, which is noted.
//  3. Only when that has settled does it sign a certificate.
//  4. The old authority goes when the last certificate that it has signed has
//     expired: until then a replica might still serve it.
//
// Nothing here reads a clock or does input or output.
package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"time"
)

// A Bundle is what replicas share: authorities, the oldest first, and the
// certificate to serve. The zero Bundle is that of a new installation.
type Bundle struct {
	Authorities []Authority
	Leaf        *Pair // nil for none
}

// A Pair is a certificate with its key.
type Pair struct {
	Certificate *x509.Certificate
	Key         []byte // PEM
}

// An Authority is a CA.
type Authority struct {
	Pair
	// Published is since when all webhook configurations trust it, zero if they
	// do not.
	Published time.Time
	// Until is when the last certificate that it has signed expires.
	Until time.Time
}

// Lifetimes configure when what happens. Zero fields have defaults.
type Lifetimes struct {
	// Authority is how long an authority is valid: 2 years. A new one is made
	// when two thirds of that are over.
	Authority time.Duration
	// Leaf is how long a certificate is valid: 30 days. It is renewed when two
	// thirds of that are over.
	Leaf time.Duration
	// Settle is how long API servers may take to learn of a webhook
	// configuration: 5 minutes.
	Settle time.Duration
}

func (l Lifetimes) defaults() Lifetimes {
	const day = 24 * time.Hour
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&l.Authority, 730*day)
	set(&l.Leaf, 30*day)
	set(&l.Settle, 5*time.Minute)
	return l
}

// Trust returns the certificates of all authorities as PEM, for caBundle.
func (b *Bundle) Trust() []byte {
	var out bytes.Buffer
	for _, a := range b.Authorities {
		out.Write(encode(a.Certificate))
	}
	return out.Bytes()
}

// TLS returns the certificate to serve, nil for none.
func (b *Bundle) TLS() *tls.Certificate {
	if b.Leaf == nil {
		return nil
	}
	c, err := tls.X509KeyPair(encode(b.Leaf.Certificate), b.Leaf.Key)
	if err != nil {
		return nil // Decode has refused that
	}
	return &c
}

func encode(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// Certificates reads all certificates of a PEM text, such as a caBundle; what
// is none is passed over.
func Certificates(text []byte) []*x509.Certificate {
	var all []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// newest returns the authority that was added last, nil for none.
func (b *Bundle) newest() *Authority {
	if len(b.Authorities) == 0 {
		return nil
	}
	return &b.Authorities[len(b.Authorities)-1]
}

// signedBy reports whether the certificate that is served is signed by a. The
// identifier of a key is a digest of it, so there is no need to verify.
func (b *Bundle) signedBy(a *Authority) bool {
	return b.Leaf != nil && bytes.Equal(b.Leaf.Certificate.AuthorityKeyId, a.Certificate.SubjectKeyId)
}

func valid(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotBefore) && !now.After(c.NotAfter)
}

// renewal is when a certificate that lives so long is to be replaced.
func renewal(c *x509.Certificate, life time.Duration) time.Time { return c.NotAfter.Add(-life / 3) }
