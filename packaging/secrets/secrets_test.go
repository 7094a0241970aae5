package secrets_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

const hunter2 = "hunter2-in-the-clear"

var testTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// A person has keys, and a folder to work in.
type person struct {
	t    *testing.T
	dir  string
	keys map[string]string // secret by recipient
}

// newPerson gives the test a home without keys.
func newPerson(t *testing.T) *person {
	t.Helper()
	home := t.TempDir()
	for _, env := range []string{
		"SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_CMD",
		"SOPS_CONFIG", "SOPS_DECRYPTION_ORDER", "GNUPGHOME", "SOPS_PGP_FP", "SOPS_AGE_RECIPIENTS",
	} {
		t.Setenv(env, "")
		os.Unsetenv(env)
	}
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	return &person{t: t, dir: t.TempDir(), keys: map[string]string{}}
}

// age makes a key and returns its recipient.
func (p *person) age() string {
	p.t.Helper()
	text, recipient, err := secrets.GenerateKey(testTime)
	if err != nil {
		p.t.Fatal(err)
	}
	lines := strings.Fields(string(text))
	p.keys[recipient] = lines[len(lines)-1]
	return recipient
}

// hold puts the keys of these recipients, and no others, into the hand.
func (p *person) hold(recipients ...string) {
	var all []string
	for _, r := range recipients {
		all = append(all, p.keys[r])
	}
	os.Setenv("SOPS_AGE_KEY", strings.Join(all, "\n"))
}

func (p *person) path(name string) string { return filepath.Join(p.dir, name) }

func (p *person) write(name, text string) string {
	p.t.Helper()
	path := p.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// sops runs the real program and returns what it prints.
func (p *person) sops(args ...string) []byte {
	p.t.Helper()
	c := exec.Command(testbin.Sops(p.t), append([]string{"--disable-version-check"}, args...)...)
	c.Dir = p.dir
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		p.t.Fatalf("sops %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out
}

// plain are texts of each format that differ in what is hard to keep.
var plain = map[string]string{
	"secrets.yaml": "# who owns this\ndb:\n    user: etl # inline\n    password: " + hunter2 + "\n    port: 5432\n    ratio: 0.5\n    on: true\n    none: null\n    empty: \"\"\n" +
		"list:\n    - one\n    - two\n    - a: 1\nmulti: |\n    first\n    second\nuni: \"\\u00e4 \\U0001F600\"\ndate: 2024-01-02\nhost_unencrypted: example.com\n---\nsecond: document\n",
	"secrets.json": "{\n\t\"password\": \"" + hunter2 + "\",\n\t\"n\": 1,\n\t\"big\": 9007199254740993,\n\t\"f\": 1.5,\n\t\"b\": [true, null, {\"x\": \"y\"}]\n}\n",
	"secrets.env":  "# comment\nPASSWORD=" + hunter2 + "\nEMPTY=\nMULTI=a\\nb\n",
	"secrets.ini":  "[db]\npassword = " + hunter2 + "\nport     = 5432\n\n[other]\nx = y\n",
	"secrets.bin":  "\x00\x01" + hunter2 + "\xff\xfe\n\n",
	"secrets":      "{\"json\": \"" + hunter2 + "\"}",
}

func TestSopsOpensOursAndWeOpenTheirs(t *testing.T) {
	p := newPerson(t)
	recipient := p.age()
	p.hold(recipient)
	p.write(".sops.yaml", "creation_rules:\n  - age: "+recipient+"\n")
	for name, text := range plain {
		t.Run(name, func(t *testing.T) {
			p.t = t
			path := p.write(name, text)
			theirs := p.sops("encrypt", name)
			want := p.sops("decrypt", "--input-type", kind(name), "--output-type", kind(name), p.write("theirs-"+name, string(theirs)))
			if !secrets.Encrypted(name, theirs) {
				t.Error("a file of sops is not taken for encrypted")
			}
			got, err := secrets.Open(t.Context(), path, theirs)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("sops and we open it differently (-sops +we):\n%s", diff)
			}

			ours, err := secrets.Encrypt(t.Context(), path, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if !secrets.Encrypted(name, ours) || bytes.Contains(ours, []byte(hunter2)) {
				t.Errorf("it is not encrypted:\n%s", ours)
			}
			again := p.sops("decrypt", "--input-type", kind(name), "--output-type", kind(name), p.write("ours-"+name, string(ours)))
			if diff := cmp.Diff(string(want), string(again)); diff != "" {
				t.Errorf("sops opens what we encrypted as something else (-theirs +ours):\n%s", diff)
			}
			if _, err := secrets.Encrypt(t.Context(), path, ours); !errors.Is(err, secrets.ErrEncrypted) {
				t.Errorf("encrypting twice: %v", err)
			}
		})
	}
}

func kind(name string) string {
	switch filepath.Ext(name) {
	case ".yaml":
		return "yaml"
	case ".json":
		return "json"
	case ".env":
		return "dotenv"
	case ".ini":
		return "ini"
	}
	return "binary"
}

func TestPlainTextIsNotTakenForEncrypted(t *testing.T) {
	for name, text := range map[string]string{
		"a.yaml":     "sops: is a word\nmac: \"ENC[AES256_GCM,data:x,type:str]\"\n",
		"b.yaml":     "# sops:\n#   mac: x\nnote: |\n  sops:\n    mac: ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]\n",
		"c.yaml":     "sops:\n  mac: \"\"\n",
		"d.yaml":     "sops: [mac]\n",
		"e.yaml":     "inner:\n  sops:\n    mac: x\n",
		"f.yaml":     "a: b\n---\nsops:\n  mac: x\n",
		"g.yaml":     "sops:\n  mac: {a: b}\n",
		"h.yaml":     "",
		"i.yaml":     "a: [",
		"a.json":     `{"Sops": {"MAC": "x"}}`,
		"b.json":     `{"sops": "mac"}`,
		"c.json":     `[{"sops": {"mac": "x"}}]`,
		"a.env":      "# sops_mac=x\nNOTE=sops_mac=x\n",
		"b.env":      "sops_mac=\n",
		"a.ini":      "[db]\nmac = x\nsops = y\n",
		"a.txt":      "sops mac ENC[AES256_GCM,type:str]",
		"b.txt":      `{"sops": {"mac": "x"}}`,
		"c.yaml.enc": "sops:\n  mac: x\n",
	} {
		if secrets.Encrypted(name, []byte(text)) {
			t.Errorf("%s is taken for encrypted: %q", name, text)
		}
		if _, err := secrets.Open(context.Background(), name, []byte(text)); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
}
