package secrets_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// opens checks that a file is opened as what it was.
func opens(t *testing.T, name string, sealed []byte, want string) {
	t.Helper()
	got, err := secrets.Open(t.Context(), name, sealed)
	if err != nil {
		t.Error(err)
	} else if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAgeKeysAreFoundWhereSopsLooks(t *testing.T) {
	p := newPerson(t)
	recipient := p.age()
	const text = "a: b\n"
	sealed := p.seal("secrets.yaml", "age: "+recipient, text)
	home := os.Getenv("HOME")
	file := p.write("key.txt", "# a key\n"+p.keys[recipient]+"\n")
	for name, c := range map[string]struct {
		env, value, file string
		silent           bool
	}{
		"in the environment":           {"SOPS_AGE_KEY", p.keys[recipient], "", true},
		"in a file":                    {"SOPS_AGE_KEY_FILE", file, "", true},
		"from a command":               {"SOPS_AGE_KEY_CMD", "cat " + file, "", false},
		"in the file that SOPS reads":  {"", "", secrets.KeysFile(), true},
		"beside junk that SOPS cannot": {"SOPS_AGE_KEY", "junk " + p.keys[recipient], "", true},
	} {
		t.Run(name, func(t *testing.T) {
			if c.env != "" {
				t.Setenv(c.env, c.value)
			}
			if c.file != "" {
				if err := secrets.WriteKey(c.file, []byte(p.keys[recipient]+"\n")); err != nil {
					t.Fatal(err)
				}
				defer os.Remove(c.file)
			}
			if got := secrets.LocalAge("secrets.yaml", sealed); got != c.silent {
				t.Errorf("silently: %t", got)
			}
			opens(t, "secrets.yaml", sealed, text)
			if err := secrets.CanOpen(t.Context(), "secrets.yaml", sealed); err != nil {
				t.Error(err)
			}
		})
	}

	t.Run("an ssh key", func(t *testing.T) {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		block, err := ssh.MarshalPrivateKey(private, "")
		if err != nil {
			t.Fatal(err)
		}
		key, err := ssh.NewPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
		sealed := p.seal("ssh.yaml", "age: "+line, text)
		var e *secrets.KeyError
		if _, err := secrets.Open(t.Context(), "ssh.yaml", sealed); !errors.As(err, &e) {
			t.Errorf("without the key: %v", err)
		}
		if err := secrets.WriteKey(filepath.Join(home, ".ssh", "id_ed25519"), pem.EncodeToMemory(block)); err != nil {
			t.Fatal(err)
		}
		if !secrets.LocalAge("ssh.yaml", sealed) {
			t.Error("not silently")
		}
		opens(t, "ssh.yaml", sealed, text)
	})
}

// seal encrypts a text by one creation rule.
func (p *person) seal(name, rule, text string) []byte {
	p.t.Helper()
	p.write(".sops.yaml", "creation_rules:\n  - "+strings.ReplaceAll(rule, "\n", "\n    ")+"\n")
	sealed, err := secrets.Encrypt(p.t.Context(), p.path(name), []byte(text))
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(name, string(sealed))
	return sealed
}

func TestAWrongKeyIsExplained(t *testing.T) {
	p := newPerson(t)
	prod, dev := p.age(), p.age()
	p.hold(dev)
	t.Setenv("SOPS_AGE_KEY_FILE", p.path("nowhere.txt"))
	const name = "environments/prod/etl/secrets.yaml"
	sealed := p.seal(name, "age: "+prod, "a: "+hunter2+"\n")
	_, err := secrets.Open(t.Context(), p.path(name), sealed)
	var e *secrets.KeyError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	want := []secrets.Recipient{{Type: "age", ID: prod}}
	if e.File != p.path(name) || e.Environment != "prod" || !cmp.Equal(e.Recipients, want) {
		t.Errorf("got %+v", e)
	}
	for _, part := range []string{
		`of environment "prod"`, prod, "SOPS_AGE_KEY (the key of " + dev + ")", "nowhere.txt (not there)", "tiphys secrets updatekeys",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("it does not say %q: %v", part, err)
		}
	}
	quotesNothing(t, err)
	if err := secrets.CanOpen(t.Context(), name, sealed); !errors.As(err, &e) {
		t.Errorf("CanOpen: %v", err)
	}
	if secrets.LocalAge(name, sealed) {
		t.Error("LocalAge says that it opens")
	}
	if got, err := secrets.Recipients(name, sealed); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v %v", got, err)
	}
}

func TestPGP(t *testing.T) {
	gpg, err := exec.LookPath("gpg")
	if err != nil && os.Getenv("CI") == "" { // which installs it
		t.Skip("there is no gpg here: install gnupg")
	} else if err != nil {
		t.Fatal(err)
	}
	p := newPerson(t)
	ring, err := os.MkdirTemp("", "ring") // the socket of the agent must have a short name
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(ring)
	t.Setenv("GNUPGHOME", ring)
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(gpg, append([]string{"--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("gpg: %v\n%s", err, out)
		}
		return string(out)
	}
	run("--quick-generate-key", "nobody@example.com", "default", "default", "never")
	defer exec.Command("gpgconf", "--kill", "gpg-agent").Run()
	fingerprint := ""
	for line := range strings.Lines(run("--with-colons", "--list-keys")) {
		if f := strings.Split(line, ":"); f[0] == "fpr" && fingerprint == "" {
			fingerprint = f[9]
		}
	}
	const text = "a: b\n"
	sealed := p.seal("secrets.yaml", "pgp: "+fingerprint, text)
	opens(t, "secrets.yaml", sealed, text)
	if secrets.LocalAge("secrets.yaml", sealed) {
		t.Error("a PGP key is taken for one of age")
	}
	if got := string(p.sops("decrypt", "secrets.yaml")); got != text {
		t.Errorf("sops opens it as %q", got)
	}
	p.write("theirs.yaml", text)
	opens(t, "theirs.yaml", p.sops("encrypt", "theirs.yaml"), text)

	run("--yes", "--delete-secret-keys", fingerprint)
	var e *secrets.KeyError
	_, err = secrets.Open(t.Context(), "secrets.yaml", sealed)
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "pgp "+fingerprint) || !strings.Contains(err.Error(), "No secret key") {
		t.Errorf("without the secret key: %v", err)
	}
	run("--yes", "--delete-keys", fingerprint)
	_, err = secrets.Encrypt(t.Context(), p.path("new.yaml"), []byte(text))
	if err == nil || !strings.Contains(err.Error(), "cannot be encrypted for all of pgp "+fingerprint) {
		t.Errorf("without the public key: %v", err)
	}
}

func TestKeyGroups(t *testing.T) {
	p := newPerson(t)
	a, b, c := p.age(), p.age(), p.age()
	rule := "shamir_threshold: 2\nkey_groups:\n- age: [" + a + "]\n- age: [" + b + "]\n- age: [" + c + "]"
	sealed := p.seal("secrets.yaml", rule, "a: b\n")
	p.hold(a, c)
	opens(t, "secrets.yaml", sealed, "a: b\n")
	if got := string(p.sops("decrypt", "secrets.yaml")); got != "a: b\n" {
		t.Errorf("sops opens it as %q", got)
	}
	p.hold(b)
	var e *secrets.KeyError
	if _, err := secrets.Open(t.Context(), "secrets.yaml", sealed); !errors.As(err, &e) || e.Needed != 2 || !strings.Contains(err.Error(), "keys of 2 groups are needed") {
		t.Errorf("with one key of two: %v", err)
	}
}

func TestRotate(t *testing.T) {
	p := newPerson(t)
	a, b, stranger := p.age(), p.age(), p.age()
	p.hold(a)
	const text = "a: b\n# note\nlist:\n    - x\n"
	sealed := p.seal("secrets.yaml", "age: "+a, text)
	again, err := secrets.Rotate(t.Context(), p.path("secrets.yaml"), sealed,
		[]secrets.Recipient{{Type: "age", ID: b}}, []secrets.Recipient{{Type: "age", ID: a}})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(again, []byte(leaf(t, string(sealed), "a"))) {
		t.Error("a value kept its ciphertext")
	}
	if _, err := secrets.Open(t.Context(), "secrets.yaml", again); err == nil {
		t.Error("who was removed opens it")
	}
	p.hold(b)
	opens(t, "secrets.yaml", again, text)
	p.write("secrets.yaml", string(again))
	if got := string(p.sops("decrypt", "secrets.yaml")); got != text {
		t.Errorf("sops opens it as %q", got)
	}
	for name, c := range map[string]struct{ add, remove, want string }{
		"one that is there":       {b, "", "already encrypted for"},
		"one that is not":         {"", stranger, "is not encrypted for"},
		"the last one":            {"", b, "nobody of a group could open it"},
		"one that is no key":      {"age1junk", "", "no public key of age"},
		"a secret key by mistake": {p.keys[a], "", "a secret key is given"},
	} {
		var add, remove []secrets.Recipient
		if c.add != "" {
			add = []secrets.Recipient{{Type: "age", ID: c.add}}
		}
		if c.remove != "" {
			remove = []secrets.Recipient{{Type: "age", ID: c.remove}}
		}
		_, err := secrets.Rotate(t.Context(), p.path("secrets.yaml"), again, add, remove)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		} else {
			quotesNothing(t, err)
		}
	}
}

func TestUpdateKeys(t *testing.T) {
	p := newPerson(t)
	a, b := p.age(), p.age()
	p.hold(a)
	sealed := p.seal("secrets.yaml", "age: "+a, "a: b\n")
	path := p.path("secrets.yaml")
	if c, err := secrets.Outdated(path, sealed); err != nil || !c.Empty() {
		t.Errorf("it is up to date: %v %v", c, err)
	}
	p.write(".sops.yaml", "creation_rules: [{age: "+b+"}]\n")
	c, err := secrets.Outdated(path, sealed)
	want := secrets.Change{Added: []secrets.Recipient{{Type: "age", ID: b}}, Removed: []secrets.Recipient{{Type: "age", ID: a}}}
	if diff := cmp.Diff(want, c); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	again, err := secrets.UpdateKeys(t.Context(), path, sealed)
	if err != nil {
		t.Fatal(err)
	}
	if leaf(t, string(sealed), "a") != leaf(t, string(again), "a") {
		t.Error("a value changed its ciphertext")
	}
	p.hold(b)
	opens(t, "secrets.yaml", again, "a: b\n")
	p.write("secrets.yaml", string(again))
	if got := string(p.sops("decrypt", "secrets.yaml")); got != "a: b\n" {
		t.Errorf("sops opens it as %q", got)
	}
	p.write(".sops.yaml", "creation_rules: [{path_regex: nothing, age: "+b+"}]\n")
	if _, err := secrets.UpdateKeys(t.Context(), path, again); !errors.Is(err, secrets.ErrNoRule) {
		t.Errorf("without a rule: %v", err)
	}
}

func TestCreationRules(t *testing.T) {
	p := newPerson(t)
	a := p.age()
	p.hold(a)
	for name, c := range map[string]struct{ config, want string }{
		"none":               {"creation_rules: []", "none of the creation_rules"},
		"no key":             {"creation_rules: [{path_regex: secrets}]", "names no key"},
		"a regex of junk":    {"creation_rules: [{age: " + a + ", encrypted_regex: '('}]", `the pattern "("`},
		"two ways to choose": {"creation_rules: [{age: " + a + ", encrypted_regex: a, encrypted_suffix: b}]", "more than one of"},
		"not YAML":           {"creation_rules: [", ".sops.yaml"},
		"a secret key":       {"creation_rules: [{age: " + p.keys[a] + "}]", ".sops.yaml"},
		"a key of junk":      {"creation_rules: [{age: age1junk}]", ".sops.yaml"},
	} {
		p.write(".sops.yaml", c.config+"\n")
		_, err := secrets.Encrypt(t.Context(), p.path("secrets.yaml"), []byte("a: b\n"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		} else {
			quotesNothing(t, err)
		}
	}
	sealed := p.seal("deep/er/secrets.yaml", "path_regex: ^deep/er/secrets\nencrypted_regex: ^pass\nage: "+a, "pass: x\nhost: example\n")
	if !strings.Contains(string(sealed), "host: example\n") || strings.Contains(string(sealed), "pass: x\n") {
		t.Errorf("encrypted_regex is not kept:\n%s", sealed)
	}
	if n, err := secrets.Count("secrets.yaml", sealed); n != 1 || err != nil {
		t.Errorf("%d values are encrypted, %v", n, err)
	}
}

func TestEditKeepsWhatStays(t *testing.T) {
	p := newPerson(t)
	a := p.age()
	p.hold(a)
	sealed := p.seal("secrets.yaml", "age: "+a, "a: one\nb: two\n")
	d, err := secrets.Edit(t.Context(), p.path("secrets.yaml"), sealed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Seal(t.Context(), []byte("a: ["+hunter2)); err == nil {
		t.Error("broken YAML was encrypted")
	} else {
		quotesNothing(t, err)
	}
	again, err := d.Seal(t.Context(), []byte("a: one\nb: three\n"))
	if err != nil {
		t.Fatal(err)
	}
	if leaf(t, string(sealed), "a") != leaf(t, string(again), "a") || leaf(t, string(sealed), "b") == leaf(t, string(again), "b") {
		t.Errorf("not only what changed has changed:\n%s\n%s", sealed, again)
	}
	opens(t, "secrets.yaml", again, "a: one\nb: three\n")
}

func TestAnEndedContextEndsIt(t *testing.T) {
	p := newPerson(t)
	a := p.age()
	sealed := p.seal("secrets.yaml", "age: "+a, "a: one\n")
	os.Setenv("SOPS_AGE_KEY_CMD", "sleep 60")
	defer os.Unsetenv("SOPS_AGE_KEY_CMD")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := secrets.Open(ctx, "secrets.yaml", sealed); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
