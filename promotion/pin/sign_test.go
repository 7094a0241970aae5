package pin

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"golang.org/x/crypto/ssh"
)

// sshKey returns a private key as ssh-keygen writes it, and the public one.
func sshKey(t *testing.T, key crypto.Signer) ([]byte, string) {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
}

func edKey(t *testing.T) crypto.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestSignedBySSH(t *testing.T) {
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("there is no ssh-keygen here, by which git verifies")
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"ed25519": edKey(t), "ecdsa": curve, "rsa": big} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			o := h.order("a")
			var public string
			o.SigningKey, public = sshKey(t, key)
			if _, err := Commit(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			allowed := filepath.Join(t.TempDir(), "allowed")
			put(t, allowed, "tiphys@localhost "+public+"\n")
			out := git(t, h.dir, "-c", "gpg.ssh.allowedSignersFile="+allowed, "verify-commit", "-v", "main")
			if !strings.Contains(out, `Good "git" signature for tiphys@localhost`) {
				t.Error(out)
			}
			_, other := sshKey(t, edKey(t))
			put(t, allowed, "tiphys@localhost "+other+"\n")
			if out, err := tryGit(h.dir, "-c", "gpg.ssh.allowedSignersFile="+allowed, "verify-commit", "main"); err == nil {
				t.Errorf("verified by a key that did not sign it: %s", out)
			}
			git(t, h.dir, "fsck", "--strict")
		})
	}
}

func TestSignedByOpenPGP(t *testing.T) {
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("there is no gpg here, by which git verifies")
	}
	e, err := openpgp.NewEntity("Robo Ship", "", "ship@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	var private, public bytes.Buffer
	w, err := armor.Encode(&private, openpgp.PrivateKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.SerializePrivate(w, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Serialize(&public); err != nil {
		t.Fatal(err)
	}
	h := newHub(t)
	o := h.order("a")
	o.SigningKey = private.Bytes()
	if _, err := Commit(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp("", "gpg") // a short name: the agent's socket lies in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	t.Setenv("GNUPGHOME", home)
	c := exec.Command("gpg", "--batch", "--no-autostart", "--import")
	c.Stdin = &public
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out := git(t, h.dir, "verify-commit", "-v", "main")
	if !strings.Contains(out, `Good signature from "Robo Ship <ship@example.com>"`) {
		t.Error(out)
	}
	if got := git(t, h.dir, "log", "-1", "--format=%an <%ae>", "main"); got != "Robo Ship <ship@example.com>" {
		t.Errorf("the author is %s, and forges want that of the key", got)
	}
}

func TestKeysThatDoNotSign(t *testing.T) {
	block, err := ssh.MarshalPrivateKeyWithPassphrase(edKey(t), "", []byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	_, public := sshKey(t, edKey(t))
	for name, c := range map[string]struct{ key, want string }{
		"an SSH key with a passphrase": {string(pem.EncodeToMemory(block)), "has a passphrase: give one without"},
		"a public SSH key":             {public, "neither an armored OpenPGP nor an SSH private key"},
		"a public OpenPGP key":         {"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "the signing key is not private"},
		"a broken OpenPGP key":         {"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nhunter2\n", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := newSigner([]byte(c.key))
			if s != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v, %v", s, err)
			}
		})
	}
}
