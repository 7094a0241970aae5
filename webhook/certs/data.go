package certs

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The keys of the Secret. The first two are those of a Secret of type
// kubernetes.io/tls; ca.crt is for people, and for tools that look for it.
const (
	leafCertificate = "tls.crt"
	leafKey         = "tls.key"
	trust           = "ca.crt"
	authorities     = "authorities.json"
)

// authorityJSON is how an authority is kept.
type authorityJSON struct {
	Certificate string    `json:"certificate"`
	Key         string    `json:"key,omitempty"`
	Published   time.Time `json:"published,omitzero"`
	Until       time.Time `json:"until,omitzero"`
}

// Encode returns the data of the Secret.
func (b *Bundle) Encode() (map[string][]byte, error) {
	all := []authorityJSON{}
	for _, a := range b.Authorities {
		all = append(all, authorityJSON{string(encode(a.Certificate)), string(a.Key), a.Published.UTC().Round(0), a.Until.UTC().Round(0)})
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the authorities: %w", err)
	}
	data := map[string][]byte{authorities: text, trust: b.Trust(), leafCertificate: {}, leafKey: {}}
	if b.Leaf != nil {
		data[leafCertificate], data[leafKey] = encode(b.Leaf.Certificate), b.Leaf.Key
	}
	return data, nil
}

// Decode reads the data of the Secret. Data of a Secret that is new is an empty
// bundle.
func Decode(data map[string][]byte) (*Bundle, error) {
	b := &Bundle{}
	if len(data[authorities]) == 0 {
		return b, nil
	}
	var all []authorityJSON
	if err := json.Unmarshal(data[authorities], &all); err != nil {
		return nil, fmt.Errorf("read %s: %w", authorities, err)
	}
	for i, a := range all {
		p, err := pair([]byte(a.Certificate), []byte(a.Key))
		if err != nil {
			return nil, fmt.Errorf("read authority %d of %s: %w", i+1, authorities, err)
		}
		b.Authorities = append(b.Authorities, Authority{Pair: *p, Published: a.Published, Until: a.Until})
	}
	if len(bytes.TrimSpace(data[leafCertificate])) > 0 {
		p, err := pair(data[leafCertificate], data[leafKey])
		if err != nil {
			return nil, fmt.Errorf("read %s and %s: %w", leafCertificate, leafKey, err)
		}
		if p.Key == nil {
			return nil, fmt.Errorf("read %s: it is empty", leafKey)
		}
		b.Leaf = p
	}
	return b, nil
}

func pair(certificate, key []byte) (*Pair, error) {
	all := Certificates(certificate)
	if len(all) == 0 {
		return nil, errors.New("there is no certificate in it")
	}
	p := &Pair{Certificate: all[0]}
	if len(key) > 0 {
		if _, err := tls.X509KeyPair(certificate, key); err != nil {
			return nil, err
		}
		p.Key = key
	}
	return p, nil
}
