package source

import (
	"crypto/x509"
	"strings"
	"unicode"
)

// credentials are the data of the Secret of a source.
type credentials map[string][]byte

// The keys of the Secret.
const (
	keyUsername   = "username"
	keyPassword   = "password"
	keyToken      = "token"
	keyIdentity   = "identity"
	keyKnownHosts = "known_hosts"
	keyCA         = "ca.crt"
	keyDocker     = ".dockerconfigjson"
)

// A login is who to be.
type login struct{ user, password string }

// text returns a value without the line break that editors leave at its end.
func (c credentials) text(key string) string { return strings.TrimRight(string(c[key]), "\r\n") }

// login returns whom a server of HTTP gets to know, nil for nobody.
func (c credentials) login() (*login, error) {
	user, password, token := c.text(keyUsername), c.text(keyPassword), c.text(keyToken)
	for key, value := range map[string]string{keyUsername: user, keyPassword: password, keyToken: token} {
		if strings.ContainsFunc(value, unicode.IsControl) {
			return nil, rejected("%s in the Secret of the source has a line break or another control character in it", key)
		}
	}
	switch {
	case token != "" && password != "":
		return nil, rejected("the Secret of the source has a password and a token: leave one of them out")
	case token != "" && user == "":
		return &login{"x-access-token", token}, nil // forges look only at the token
	case token != "":
		return &login{user, token}, nil
	case password != "" && user == "":
		return nil, rejected("the Secret of the source has a password and no username")
	case user != "" && password == "" && c[keyIdentity] == nil:
		return nil, rejected("the Secret of the source has a username and no password or token")
	case password != "":
		return &login{user, password}, nil
	}
	return nil, nil
}

// roots returns the authorities of the system and those of the Secret; nil are
// those of the system.
func (c credentials) roots() (*x509.CertPool, error) {
	text := c[keyCA]
	if len(text) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, rejected("ca.crt in the Secret of the source holds no certificate: it begins with -----BEGIN CERTIFICATE-----")
	}
	return pool, nil
}
