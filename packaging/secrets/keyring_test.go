package secrets

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	filippo "filippo.io/age"
)

func TestKeyring(t *testing.T) {
	mine, err := filippo.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := filippo.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	// The machine has every key that it could have.
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("SOPS_AGE_KEY", mine.String())
	file := filepath.Join(home, "keys.txt")
	if err := os.WriteFile(file, []byte(mine.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOPS_AGE_KEY_FILE", file)
	t.Setenv("SOPS_AGE_KEY_CMD", "touch "+filepath.Join(home, "ran"))
	if err := os.WriteFile(filepath.Join(home, ".sops.yaml"), []byte("creation_rules:\n  - age: "+mine.Recipient().String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(home, "environments", "prod", "secrets.yaml")
	text, err := Encrypt(t.Context(), name, []byte("password: correct-horse\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), name, text); err != nil {
		t.Fatalf("the machine has no key: %v", err)
	}

	ring := func(keys ...string) *Keyring {
		var all [][]byte
		for _, k := range keys {
			all = append(all, []byte(k))
		}
		r, err := ParseKeyring(all...)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for sentence, r := range map[string]*Keyring{"zero": {}, "no keys": ring(), "another key": ring("# a comment\n\n" + other.String() + "\r\n")} {
		_, err := r.Open(t.Context(), name, text)
		var key *KeyError
		if !errors.As(err, &key) || !strings.Contains(err.Error(), `of environment "prod": no key that was given opens it; it is encrypted for `+mine.Recipient().String()) {
			t.Errorf("%s: %v", sentence, err)
		}
		if strings.Contains(err.Error(), "SOPS_") || strings.Contains(err.Error(), "AGE-SECRET") {
			t.Errorf("%s: the message speaks of the machine, or shows a key: %v", sentence, err)
		}
	}
	if _, err := os.Stat(filepath.Join(home, "ran")); err == nil {
		t.Error("a program was run for a key")
	}
	plain, err := ring(other.String(), mine.String()).Open(t.Context(), name, text)
	if err != nil || string(plain) != "password: correct-horse\n" {
		t.Errorf("with the key: %q, %v", plain, err)
	}
	var tampered *TamperedError
	bad := strings.Replace(string(text), "password: ENC", "user: root\npassword: ENC", 1)
	if _, err := ring(mine.String()).Open(t.Context(), name, []byte(bad)); !errors.As(err, &tampered) {
		t.Errorf("tampered with: %v", err)
	}
}

func TestBadKeyrings(t *testing.T) {
	key, err := filippo.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	cut := key.String()[:len(key.String())-3]
	for text, want := range map[string]string{
		"":                                    "there is no key in key file 1 of 1",
		"# only words\n":                      "there is no key in key file 1 of 1",
		cut:                                   "line 1 of key file 1 of 1 is no age key",
		key.String() + "\nhunter2":            "line 2 of key file 1 of 1 is no age key",
		key.Recipient().String():              "is a public key: give the secret key",
		"AGE-PLUGIN-YUBIKEY-1QQQ":             "is a key of a plugin, and no program is run",
		"-----BEGIN OPENSSH PRIVATE KEY-----": "begins an armored or SSH key",
	} {
		_, err := ParseKeyring([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), cut) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
