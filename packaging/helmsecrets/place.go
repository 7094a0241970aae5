package helmsecrets

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// A place is where the text of a values file comes from, as it is written on
// the command line: [?][sops!]FILE, or the same with a scheme before FILE.
type place struct {
	// file is a path, an http URL, or what only helm understands.
	file string
	// optional files may be missing.
	optional bool
	// ours is set when helm cannot read the file itself: it has a scheme or
	// a prefix of this command line.
	ours bool
	// wrapped is set when one of our schemes stood before the file.
	wrapped bool
	// key is the file with the age keys that open this one.
	key string
}

// parsePlace reads what is written. A file that has exactly this name is
// itself, whatever it begins with.
func parsePlace(written string) (place, error) {
	at := place{file: written}
	for !exists(at.file) {
		if rest, ok := strings.CutPrefix(at.file, "?"); ok {
			at.optional, at.ours, at.file = true, true, rest
			continue
		}
		backend, rest, ok := strings.Cut(at.file, "!")
		if !ok || !isBackend(backend) {
			break
		}
		if err := checkBackend("backend", backend); err != nil {
			return at, err
		}
		at.ours, at.file = true, rest
	}
	scheme, rest, found := strings.Cut(at.file, "://")
	if !found || exists(at.file) {
		return at, nil
	}
	switch {
	case scheme == "secrets":
		at.file = rest
	case scheme == "secrets+age-import":
		key, file, ok := strings.Cut(rest, "?")
		if !ok || key == "" || file == "" {
			return at, fmt.Errorf("%s is not like secrets+age-import://KEYFILE?FILE", written)
		}
		at.key, at.file = key, file
	case strings.HasPrefix(scheme, "secrets+"):
		return at, noScheme(scheme)
	default:
		return at, nil
	}
	inner, err := parsePlace(at.file)
	if err != nil {
		return at, err
	}
	if inner.wrapped {
		return at, fmt.Errorf("%s names a scheme within a scheme", written)
	}
	at.file, at.optional, at.ours, at.wrapped = inner.file, at.optional || inner.optional, true, true
	return at, nil
}

// isBackend tells names of backends, and of scripts that are one, from the
// beginning of a file name with an exclamation mark.
func isBackend(name string) bool {
	switch name {
	case "sops", "vals", "noop":
		return true
	}
	return strings.HasSuffix(name, ".sh") || strings.Contains(name, "/") && exists(name)
}

func noScheme(scheme string) error {
	do := "use secrets://FILE"
	switch scheme {
	case "secrets+gpg-import":
		do = "import the key with gpg --import before, and use secrets://FILE"
	case "secrets+gpg-import-kubernetes":
		do = "mount the Secret, import its key with gpg --import before, and use secrets://FILE"
	case "secrets+age-import-kubernetes":
		do = "mount the Secret, and use secrets+age-import://KEYFILE?FILE"
	case "secrets+literal":
		do = "encrypt the value with sops in a file, and use secrets://FILE"
	}
	return fmt.Errorf("scheme %s:// is not supported: %s", scheme, do)
}

// scheme returns the scheme of a URL, or "".
func (at place) scheme() string {
	scheme, _, found := strings.Cut(at.file, "://")
	if !found || exists(at.file) {
		return ""
	}
	return scheme
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

// withKey calls do while the age keys in file are the ones to decrypt with.
func (p *plugin) withKey(file string, do func() error) (err error) {
	if file == "" {
		return do()
	}
	switch info, statErr := os.Stat(file); {
	case p.noAgeImport:
		return errors.New("secrets+age-import:// is forbidden by HELM_SECRETS_ALLOW_AGE_IMPORT")
	case !strings.HasPrefix(file, p.keyPrefix):
		return fmt.Errorf("key file %s does not lie below %s, as HELM_SECRETS_KEY_LOCATION_PREFIX wants it", file, p.keyPrefix)
	case p.keyPrefix != "" && leadsUp(file):
		return fmt.Errorf("key file %s leads upwards with .., which HELM_SECRETS_KEY_LOCATION_PREFIX forbids", file)
	case statErr != nil:
		return fmt.Errorf("read age keys: %w", statErr)
	case !info.Mode().IsRegular():
		return fmt.Errorf("read age keys: %s is not a regular file", file)
	}
	// sops takes keys from the environment. Nothing else runs in this process,
	// and helm is started after the old value is back.
	const name = "SOPS_AGE_KEY_FILE"
	old, had := os.LookupEnv(name)
	defer func() {
		if had {
			err = errors.Join(err, os.Setenv(name, old))
		} else {
			err = errors.Join(err, os.Unsetenv(name))
		}
	}()
	if err := os.Setenv(name, file); err != nil {
		return err
	}
	return do()
}
