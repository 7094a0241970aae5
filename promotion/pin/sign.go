package pin

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// A signer signs commits as git does.
type signer struct {
	pgp *openpgp.Entity
	ssh ssh.Signer
}

// newSigner reads an armored OpenPGP or an SSH private key; nil for no key. No
// error quotes any of it.
func newSigner(key []byte) (*signer, error) {
	switch {
	case len(key) == 0:
		return nil, nil
	case bytes.Contains(key, []byte("-----BEGIN PGP PRIVATE KEY BLOCK-----")):
		return newPGP(key)
	case bytes.Contains(key, []byte("-----BEGIN PGP ")):
		return nil, errors.New("the signing key is not private: export it with gpg --armor --export-secret-keys")
	}
	s, err := ssh.ParsePrivateKey(key)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, errors.New("the signing key has a passphrase: give one without")
	case err != nil:
		return nil, errors.New("the signing key is neither an armored OpenPGP nor an SSH private key")
	}
	return &signer{ssh: s}, nil
}

func newPGP(key []byte) (*signer, error) {
	ring, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(key))
	if err != nil || len(ring) == 0 {
		return nil, errors.New("the signing key cannot be read as an armored OpenPGP key")
	}
	if len(ring) > 1 {
		return nil, fmt.Errorf("the signing key is %d keys: give one", len(ring))
	}
	e := ring[0]
	if e.PrivateKey == nil {
		return nil, errors.New("the signing key has no private part")
	}
	private := []*packet.PrivateKey{e.PrivateKey}
	for _, s := range e.Subkeys {
		if s.PrivateKey != nil {
			private = append(private, s.PrivateKey)
		}
	}
	for _, k := range private {
		if k.Encrypted {
			return nil, errors.New("the signing key has a passphrase: give one without")
		}
	}
	return &signer{pgp: e}, nil
}

// identity is the first one of an OpenPGP key, "" for any other.
func (s *signer) identity() string {
	if s == nil || s.pgp == nil {
		return ""
	}
	if i := s.pgp.PrimaryIdentity(); i != nil && i.UserId != nil && i.UserId.Email != "" {
		name := i.UserId.Name
		if name == "" {
			name = i.UserId.Email
		}
		return name + " <" + i.UserId.Email + ">"
	}
	return ""
}

// sign returns the armored signature of a commit.
func (s *signer) sign(commit []byte) (string, error) {
	var b strings.Builder
	if s.pgp != nil {
		if err := openpgp.ArmoredDetachSign(&b, s.pgp, bytes.NewReader(commit), &packet.Config{DefaultHash: crypto.SHA256}); err != nil {
			return "", fmt.Errorf("sign commit: %w", err)
		}
		return strings.TrimSuffix(b.String(), "\n") + "\n", nil
	}
	signature, err := sshsig.Sign(bytes.NewReader(commit), s.ssh, sshsig.HashSHA512, "git")
	if err != nil {
		return "", fmt.Errorf("sign commit: %w", err)
	}
	if _, err := io.Copy(&b, bytes.NewReader(sshsig.Armor(signature))); err != nil {
		return "", err
	}
	return b.String(), nil
}
