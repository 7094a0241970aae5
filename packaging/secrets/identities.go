package secrets

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	filippo "filippo.io/age"
	"filippo.io/age/agessh"
	"github.com/getsops/sops/v3/age"
)

// keyLimit bounds a file of age keys.
const keyLimit = 1 << 20

// localIdentities are the age keys of this machine that can be used without a
// prompt, a program or a plugin. They are looked for where SOPS does.
func localIdentities() age.ParsedIdentities {
	all := parseKeys(os.Getenv(age.SopsAgeKeyEnv))
	for _, name := range []string{os.Getenv(age.SopsAgeKeyFileEnv), KeysFile()} {
		if text, err := readKeys(name); err == nil {
			all = append(all, parseKeys(string(text))...)
		}
	}
	for _, name := range append([]string{os.Getenv(age.SopsAgeSshPrivateKeyFileEnv)}, sshKeys()...) {
		text, err := readKeys(name)
		if err != nil {
			continue
		}
		if id, err := agessh.ParseIdentity(text); err == nil { // none that has a passphrase
			all = append(all, id)
		}
	}
	return all
}

// parseKeys returns the keys in the text and skips what is none.
func parseKeys(text string) age.ParsedIdentities {
	var all age.ParsedIdentities
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, word := range strings.Fields(line) {
			if id, err := filippo.ParseX25519Identity(word); err == nil {
				all = append(all, id)
			} else if id, err := filippo.ParseHybridIdentity(word); err == nil {
				all = append(all, id)
			}
		}
	}
	return all
}

// readKeys reads a regular file. A pipe can be read once, and is left to SOPS.
func readKeys(name string) ([]byte, error) {
	if name == "" {
		return nil, fs.ErrNotExist
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, keyLimit))
}

// KeysFile is where SOPS looks for age keys when it is told nothing, "" when
// there is no home folder.
func KeysFile() string {
	dir := ""
	if runtime.GOOS == "darwin" { // where SOPS wants it, unlike other programs
		dir = os.Getenv("XDG_CONFIG_HOME")
	}
	if dir == "" {
		var err error
		if dir, err = os.UserConfigDir(); err != nil {
			return ""
		}
	}
	return filepath.Join(dir, filepath.FromSlash(age.SopsAgeKeyUserConfigPath))
}

func sshKeys() []string {
	home, err := os.UserHomeDir()
	if err != nil || home == "" {
		return nil
	}
	return []string{filepath.Join(home, ".ssh", "id_ed25519"), filepath.Join(home, ".ssh", "id_rsa")}
}

// agePlaces tells where age keys were looked for and whose were found there:
// public keys and names of files, nothing of what they hold.
func agePlaces() []string {
	var all, unset []string
	if text, ok := os.LookupEnv(age.SopsAgeKeyEnv); ok {
		all = append(all, age.SopsAgeKeyEnv+holds([]byte(text), nil))
	} else {
		unset = append(unset, age.SopsAgeKeyEnv)
	}
	if name, ok := os.LookupEnv(age.SopsAgeKeyFileEnv); ok {
		text, err := readKeys(name)
		all = append(all, fmt.Sprintf("%s=%s%s", age.SopsAgeKeyFileEnv, name, holds(text, err)))
	} else {
		unset = append(unset, age.SopsAgeKeyFileEnv)
	}
	for _, env := range []string{age.SopsAgeKeyCmdEnv, age.SopsAgeSshPrivateKeyCmdEnv} {
		if _, ok := os.LookupEnv(env); ok {
			all = append(all, env+" (gave no key for it)")
		}
	}
	if name, ok := os.LookupEnv(age.SopsAgeSshPrivateKeyFileEnv); ok {
		all = append(all, fmt.Sprintf("%s=%s", age.SopsAgeSshPrivateKeyFileEnv, name))
	}
	if name := KeysFile(); name != "" {
		text, err := readKeys(name)
		all = append(all, name+holds(text, err))
	}
	for _, name := range sshKeys() {
		if _, err := os.Stat(name); err == nil {
			all = append(all, name)
		}
	}
	if len(unset) > 0 {
		all = append(all, strings.Join(unset, " and ")+" (not set)")
	}
	return all
}

// holds says whose keys a place holds.
func holds(text []byte, err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return " (not there)"
	case err != nil:
		return " (cannot be read)"
	}
	var names []string
	for _, id := range parseKeys(string(text)) {
		switch id := id.(type) {
		case *filippo.X25519Identity:
			names = append(names, id.Recipient().String())
		case *filippo.HybridIdentity:
			names = append(names, id.Recipient().String())
		}
	}
	if len(names) == 0 {
		return " (no age key in it)"
	}
	return fmt.Sprintf(" (the key of %s)", strings.Join(names, ", "))
}
