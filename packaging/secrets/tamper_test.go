package secrets_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// leaf returns the ciphertext under a key of a text.
func leaf(t *testing.T, text, key string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)\b` + key + `: (ENC\[.*\])$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("there is no ciphertext under %s in\n%s", key, text)
	}
	return m[1]
}

func TestChangesByHandAreSeen(t *testing.T) {
	p := newPerson(t)
	recipient, other := p.age(), p.age()
	p.hold(recipient)
	p.write(".sops.yaml", "creation_rules:\n  - path_regex: other\n    age: "+other+","+recipient+"\n  - path_regex: only\n    mac_only_encrypted: true\n    age: "+recipient+"\n  - age: "+recipient+"\n")
	const text = "a: one-hunter2\nb: two-hunter2\nport: 5\nlist: [x-hunter2, y-hunter2]\nhost_unencrypted: example.com\n"
	encrypt := func(name string) string {
		p.write(name, text)
		return string(p.sops("encrypt", name))
	}
	sealed, only, other2 := encrypt("secrets.yaml"), encrypt("only.yaml"), encrypt("other.yaml")
	list := regexp.MustCompile(`(?m)^    - (ENC.*)$`).FindAllStringSubmatch(sealed, -1)
	swap := func(text, a, b string) string {
		return strings.NewReplacer(a, b, b, a).Replace(text)
	}
	for name, c := range map[string]struct{ text, path, want string }{
		"a flipped byte":           {strings.Replace(sealed, leaf(t, sealed, "a"), strings.Replace(leaf(t, sealed, "a"), "data:", "data:AA", 1), 1), "a", "was changed, or moved"},
		"two leaves swapped":       {swap(sealed, leaf(t, sealed, "a"), leaf(t, sealed, "b")), "a", "was changed, or moved"},
		"a leaf of another file":   {strings.Replace(sealed, leaf(t, sealed, "b"), leaf(t, other2, "b"), 1), "b", "was changed, or moved"},
		"items of a list swapped":  {swap(sealed, list[0][1], list[1][1]), "", "its MAC does not match"},
		"a leaf in the clear":      {strings.Replace(sealed, leaf(t, sealed, "b"), hunter2, 1), "b", "lies in the clear"},
		"a number in the clear":    {strings.Replace(sealed, leaf(t, sealed, "port"), "7", 1), "port", "lies in the clear"},
		"a new leaf in the clear":  {"new: " + hunter2 + "\n" + sealed, "new", "lies in the clear"},
		"a leaf removed":           {strings.Replace(sealed, "a: "+leaf(t, sealed, "a")+"\n", "", 1), "", "its MAC does not match"},
		"the plain part":           {strings.Replace(sealed, "example.com", "example.org", 1), "", "its MAC does not match"},
		"the MAC removed":          {regexp.MustCompile(`(?m)^    mac: .*\n`).ReplaceAllString(sealed, ""), "", "its MAC is missing"},
		"the MAC emptied":          {regexp.MustCompile(`(?m)^    mac: .*\n`).ReplaceAllString(sealed, "    mac: \"\"\n"), "", "its MAC is missing"},
		"the MAC damaged":          {regexp.MustCompile(`(?m)^    mac: .*\n`).ReplaceAllString(sealed, "    mac: "+leaf(t, sealed, "a")+"\n"), "", "its MAC is damaged"},
		"another date":             {regexp.MustCompile(`lastmodified: "20`).ReplaceAllString(sealed, `lastmodified: "19`), "", "its MAC is damaged"},
		"the MAC over less":        {strings.TrimRight(sealed, "\n") + "\n    mac_only_encrypted: true\n", "", "its MAC does not match"},
		"less encrypted, by a key": {strings.Replace(sealed, "unencrypted_suffix: _unencrypted", "encrypted_regex: ^a$", 1), "", "its MAC does not match"},
		"mac_only: a leaf":         {swap(only, leaf(t, only, "a"), leaf(t, only, "b")), "a", "was changed, or moved"},
		"mac_only: a leaf removed": {strings.Replace(only, "a: "+leaf(t, only, "a")+"\n", "", 1), "", "its MAC does not match"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := secrets.Open(t.Context(), p.path("secrets.yaml"), []byte(c.text))
			var e *secrets.TamperedError
			if !errors.As(err, &e) {
				t.Fatalf("got %v and %d bytes", err, len(got))
			}
			if e.Path != c.path || !strings.Contains(err.Error(), c.want) {
				t.Errorf("path %q, want %q: %v", e.Path, c.path, err)
			}
			quotesNothing(t, err)
		})
	}
	// What is not covered may change.
	if _, err := secrets.Open(t.Context(), "only.yaml", []byte(strings.Replace(only, "example.com", "example.org", 1))); err != nil {
		t.Errorf("mac_only_encrypted does not cover plain values: %v", err)
	}
}

func quotesNothing(t *testing.T, err error) {
	t.Helper()
	for _, part := range []string{"hunter2", "ENC[", "AGE-SECRET", "BEGIN"} {
		if strings.Contains(err.Error(), part) {
			t.Errorf("the error quotes %s: %v", part, err)
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	p := newPerson(t)
	recipient := p.age()
	p.hold(recipient)
	p.write(".sops.yaml", "creation_rules: [{age: "+recipient+"}]\n")
	p.write("secrets.yaml", "a: "+hunter2+"\nb: 2\n")
	p.write("secrets.json", `{"a": "`+hunter2+`"}`)
	sealed, asJSON := string(p.sops("encrypt", "secrets.yaml")), string(p.sops("encrypt", "secrets.json"))
	whole := strings.Index(sealed, "    unencrypted_suffix") // the rest may be missing
	for n := 0; n < len(sealed); n += 7 {
		if _, err := secrets.Open(t.Context(), "secrets.yaml", []byte(sealed[:n])); err == nil && n < whole {
			t.Errorf("the first %d bytes of %d were opened", n, len(sealed))
		} else if err != nil {
			quotesNothing(t, err)
		}
	}
	for n := range asJSON[:len(asJSON)-2] {
		if _, err := secrets.Open(t.Context(), "secrets.json", []byte(asJSON[:n])); err == nil {
			t.Errorf("the first %d bytes of %d were opened", n, len(asJSON))
		}
	}
	for name, c := range map[string]struct{ file, text, want string }{
		"empty":                  {"s.yaml", "", "it is not encrypted"},
		"plain":                  {"s.yaml", "a: " + hunter2, "it is not encrypted"},
		"not YAML":               {"s.yaml", "a: [" + hunter2, "cannot be read as yaml"},
		"not a map":              {"s.yaml", "- " + hunter2, "it is not encrypted"},
		"metadata of junk":       {"s.yaml", "a: b\nsops:\n  mac: x\n  age: " + hunter2 + "\n", "is damaged"},
		"no recipients":          {"s.yaml", regexp.MustCompile(`(?s)    age:\n.*?(    lastmodified)`).ReplaceAllString(sealed, "$1"), "is damaged"},
		"too large":              {"s.yaml", strings.Repeat("#", secrets.Limit+1), "larger than the 5 MiB"},
		"a pattern of junk":      {"s.yaml", strings.Replace(sealed, "unencrypted_suffix: _unencrypted", "encrypted_regex: '['", 1), `the pattern "["`},
		"a circle":               {"s.yaml", "a: b\n---\nx: &x [*x]\n" + sealed, "blow it up"},
		"many keys":              {"s.yaml", manyKeys(30_000), "a map in it has 30000 keys"},
		"deep JSON":              {"s.json", strings.Repeat(`{"a":`, 500_000), "is not one JSON object"},
		"deep JSON, binary":      {"s.bin", strings.Repeat(`[`, 500_000), "it is not encrypted"},
		"two JSON objects":       {"s.json", asJSON + asJSON, "is not one JSON object"},
		"dotenv of junk":         {"s.env", hunter2, "it is not encrypted"},
		"ini of junk":            {"s.ini", "[" + hunter2, "it is not encrypted"},
		"many recipients":        {"s.yaml", strings.Replace(sealed, "    lastmodified", "    pgp:\n"+strings.Repeat("        - {created_at: \"2020-01-01T00:00:00Z\", enc: x, fp: x}\n", 300)+"    lastmodified", 1), "at most 200"},
		"type that SOPS has not": {"s.yaml", strings.Replace(sealed, "type:str]", "type:bytes]", 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := secrets.Open(t.Context(), c.file, []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			quotesNothing(t, err)
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: %s\n", i, hunter2)
	}
	return b.String()
}

func TestAliasesThatBlowUp(t *testing.T) {
	var b strings.Builder
	b.WriteString("first: document\n---\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 20 {
		level, before := string(rune('b'+i)), string(rune('a'+i))
		if i == 0 {
			before = "a0"
		}
		b.WriteString(level + ": &" + level + " [" + strings.Repeat("*"+before+", ", 9) + "*" + before + "]\n")
	}
	if _, err := secrets.Encrypt(t.Context(), "s.yaml", []byte(b.String())); err == nil {
		t.Error("it was encrypted")
	}
	if _, err := secrets.Open(t.Context(), "s.yaml", []byte(b.String())); err == nil || !strings.Contains(err.Error(), "blow it up") {
		t.Errorf("got %v", err)
	}
}

func TestReplaceWritesOnlyWhatIsEncrypted(t *testing.T) {
	p := newPerson(t)
	recipient := p.age()
	p.hold(recipient)
	p.write(".sops.yaml", "creation_rules: [{age: "+recipient+"}]\n")
	path := p.write("secrets.yaml", "a: "+hunter2+"\n")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	sealed, err := secrets.Encrypt(t.Context(), path, []byte("a: "+hunter2+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s was written", what)
		}
	}
	refused("plain text", secrets.Replace(path, []byte("a: "+hunter2+"\n"), []byte("a: b\n")))
	refused("over a change", secrets.Replace(path, []byte("a: other\n"), sealed))
	refused("over a new file", secrets.Replace(path, nil, sealed))
	if err := secrets.Replace(path, []byte("a: "+hunter2+"\n"), sealed); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode did not stay: %v %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o440); err != nil {
		t.Fatal(err)
	}
	refused("a read-only file", secrets.Replace(path, sealed, sealed))
	if err := secrets.Replace(p.path("new.yaml"), nil, sealed); err != nil {
		t.Error(err)
	}
	entries, _ := os.ReadDir(p.dir)
	if len(entries) != 3 {
		t.Errorf("temporary files are left: %v", entries)
	}
}
