package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Apply returns the bundle after a step; b stays as it is.
func Apply(b *Bundle, s Step, o Observation, l Lifetimes) (*Bundle, error) {
	l = l.defaults()
	n := &Bundle{Authorities: slices.Clone(b.Authorities), Leaf: b.Leaf}
	var err error
	switch s.Action {
	case Begin:
		err = n.begin(o, l)
	case Add:
		err = n.add(o.Now, l)
	case Publish:
		n.newest().Published = o.Now
	case Issue:
		err = n.issue(s.Signer, o, l)
	case Drop:
		n.Authorities = slices.Delete(n.Authorities, s.Signer, s.Signer+1)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Action, err)
	}
	return n, nil
}

// begin keeps those authorities that vouch for what others may still serve.
func (b *Bundle) begin(o Observation, l Lifetimes) error {
	b.Authorities = slices.DeleteFunc(b.Authorities, func(a Authority) bool { return !valid(a.Certificate, o.Now) })
	if err := b.add(o.Now, l); err != nil {
		return err
	}
	return b.issue(len(b.Authorities)-1, o, l)
}

func (b *Bundle) add(now time.Time, l Lifetimes) error {
	serial, err := serialNumber()
	if err != nil {
		return err
	}
	// The subject differs from authority to authority, so that none is taken
	// for another when a chain is built.
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: fmt.Sprintf("tiphys-webhook-ca-%x", serial.Bytes()[:4])},
		NotBefore: now.Add(-skew), NotAfter: now.Add(l.Authority),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	}
	p, err := sign(template, nil)
	if err != nil {
		return err
	}
	b.Authorities = append(b.Authorities, Authority{Pair: *p})
	return nil
}

// issue has a certificate signed. Authorities that are older than the signer
// never sign again, so their keys go.
func (b *Bundle) issue(signer int, o Observation, l Lifetimes) error {
	a := &b.Authorities[signer]
	serial, err := serialNumber()
	if err != nil {
		return err
	}
	end := b.end(signer, o.Now, l)
	template := &x509.Certificate{
		SerialNumber: serial, DNSNames: o.Names, NotBefore: o.Now.Add(-skew), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leaf, err := sign(template, &a.Pair)
	if err != nil {
		return err
	}
	b.Leaf = leaf
	if end.After(a.Until) {
		a.Until = end
	}
	for i := range b.Authorities[:signer] {
		b.Authorities[i].Key = nil
	}
	return nil
}

func sign(template *x509.Certificate, parent *Pair) (*Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	issuer, signer := template, any(key)
	if parent != nil {
		pair, err := tls.X509KeyPair(encode(parent.Certificate), parent.Key)
		if err != nil {
			return nil, fmt.Errorf("read the key of the authority: %w", err)
		}
		issuer, signer = parent.Certificate, pair.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate: %w", err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	return &Pair{Certificate: c, Key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})}, nil
}

func serialNumber() (*big.Int, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return nil, errors.New("no randomness")
	}
	b[0] = b[0]&0x7f | 0x40 // positive, and of the same length always
	return new(big.Int).SetBytes(b), nil
}
