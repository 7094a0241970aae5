package secrets_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// Whatever the text is, opening it ends, panics nowhere and opens nothing that
// is not encrypted.
func FuzzOpen(f *testing.F) {
	// No key, no agent, no key service: a text may name any.
	dir := f.TempDir()
	for _, env := range os.Environ() {
		name, _, _ := strings.Cut(env, "=")
		if strings.HasPrefix(name, "SOPS_") || strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "VAULT_") {
			os.Unsetenv(name)
		}
	}
	f.Setenv("HOME", dir)
	f.Setenv("XDG_CONFIG_HOME", dir)
	f.Setenv("GNUPGHOME", dir)
	f.Setenv("SOPS_GPG_EXEC", "false")
	f.Setenv("SOPS_HC_VAULT_ALLOWLIST", "none")
	text, recipient, err := secrets.GenerateKey(testTime)
	if err != nil {
		f.Fatal(err)
	}
	lines := strings.Fields(string(text))
	f.Setenv("SOPS_AGE_KEY", lines[len(lines)-1])
	config := dir + "/.sops.yaml"
	if err := os.WriteFile(config, []byte("creation_rules: [{age: "+recipient+"}]\n"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Setenv("SOPS_CONFIG", config)
	names := []string{"secrets.yaml", "secrets.json", "secrets.env", "secrets.ini", "secrets.bin", "secrets"}
	for i, name := range names {
		sealed, err := secrets.Encrypt(context.Background(), name, []byte(plain[name]))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, sealed)
		f.Add(i, []byte(plain[name]))
	}
	f.Add(0, []byte("sops:\n  mac: x\n  key_groups:\n    - age: []\n    - pgp: [{}]\n  shamir_threshold: 9\n"))
	f.Add(0, []byte("a: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, i int, text []byte) {
		// Key services of clouds are on the network.
		for _, service := range []string{"kms", "azure", "huawei", "hckms"} {
			if strings.Contains(strings.ToLower(string(text)), service) {
				t.Skip()
			}
		}
		name := names[uint(i)%uint(len(names))]
		yes := secrets.Encrypted(name, text)
		secrets.LocalAge(name, text)
		_, err := secrets.Open(context.Background(), name, text)
		if err == nil && !yes {
			t.Errorf("%s was opened, and is not taken for encrypted", name)
		}
		if err != nil {
			quotesNothing(t, err)
		}
	})
}
