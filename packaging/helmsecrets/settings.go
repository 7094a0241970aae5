package helmsecrets

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// settings are what the environment says. The names are the usual ones.
type settings struct {
	quiet, ignoreMissing bool

	// What values files may not be.
	noSymlinks, noAbsolute, noTraversal bool

	noAgeImport bool
	// keyPrefix is where keys of secrets+age-import:// must lie.
	keyPrefix string

	// decPrefix and decSuffix make the name that others decrypt a file to.
	decPrefix, decSuffix string
}

func fromEnvironment(env func(string) string) (settings, error) {
	const prefix = "HELM_SECRETS_"
	s := settings{keyPrefix: env(prefix + "KEY_LOCATION_PREFIX"), decPrefix: env(prefix + "DEC_PREFIX"), decSuffix: env(prefix + "DEC_SUFFIX")}
	if s.decPrefix == "" && s.decSuffix == "" {
		s.decSuffix = ".dec"
	}
	var wrong []error
	read := func(name string, otherwise bool) bool {
		value := env(prefix + name)
		if value == "" {
			return otherwise
		}
		on, err := parseBool(prefix+name, value)
		wrong = append(wrong, err)
		return on
	}
	s.quiet = read("QUIET", false) || env("ARGOCD_APP_NAME") != "" // Argo CD shows standard error as if it were an error
	s.ignoreMissing = read("IGNORE_MISSING_VALUES", false)
	s.noSymlinks = !read("VALUES_ALLOW_SYMLINKS", true)
	s.noAbsolute = !read("VALUES_ALLOW_ABSOLUTE_PATH", true)
	s.noTraversal = !read("VALUES_ALLOW_PATH_TRAVERSAL", true)
	s.noAgeImport = !read("ALLOW_AGE_IMPORT", true)
	for _, name := range []string{"EVALUATE_TEMPLATES", "EVALUATE_TEMPLATES_DECODE_SECRETS"} {
		if read(name, false) {
			wrong = append(wrong, noTemplates(prefix+name))
		}
	}
	if read("URL_VARIABLE_EXPANSION", false) {
		wrong = append(wrong, errors.New(prefix+"URL_VARIABLE_EXPANSION is not supported: let the shell expand variables in values files"))
	}
	if env(prefix+"LOAD_GPG_KEYS") != "" {
		wrong = append(wrong, errors.New(prefix+"LOAD_GPG_KEYS is not supported: import the keys with gpg --import before, into the key ring that GNUPGHOME names"))
	}
	if allowed := env(prefix + "ALLOWED_BACKENDS"); allowed != "" && !slices.Contains(strings.Split(allowed, ","), "sops") {
		wrong = append(wrong, fmt.Errorf("%sALLOWED_BACKENDS %q allows no backend that there is: the only one is sops", prefix, allowed))
	}
	if backend := env(prefix + "BACKEND"); backend != "" {
		wrong = append(wrong, checkBackend(prefix+"BACKEND", backend))
	}
	wrong = append(wrong, checkArguments(prefix+"BACKEND_ARGS", env(prefix+"BACKEND_ARGS")))
	for _, err := range wrong {
		if err != nil {
			return s, err // one line is enough
		}
	}
	return s, nil
}

func parseBool(name, value string) (bool, error) {
	on, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("%s %q is neither true nor false", name, value)
	}
	return on, nil
}

func checkBackend(name, backend string) error {
	if backend == "sops" {
		return nil
	}
	return fmt.Errorf("%s %q is not supported: the only backend is sops, which opens age, PGP, cloud KMS and Vault keys; no other program is run to decrypt", name, backend)
}

// checkArguments refuses arguments of the sops command: some of them, like
// --ignore-mac, change what is decrypted, so none can be passed over.
func checkArguments(name, value string) error {
	if strings.TrimSpace(value) == "" {
		return nil
	}
	return fmt.Errorf("%s %q is not supported, as the sops command is not run: set SOPS_* variables, like SOPS_AGE_KEY_FILE, instead", name, value)
}

func noTemplates(name string) error {
	return fmt.Errorf("%s is not supported, as it resolves references of another backend in rendered templates: encrypt the values with sops, and pass them with -f", name)
}

// allow says why a values file may not be read.
func (s settings) allow(file string, symlink bool) error {
	switch {
	case s.noAbsolute && filepath.IsAbs(file):
		return fmt.Errorf("values file %s is an absolute path, which HELM_SECRETS_VALUES_ALLOW_ABSOLUTE_PATH forbids", file)
	case s.noTraversal && leadsUp(file):
		return fmt.Errorf("values file %s leads upwards with .., which HELM_SECRETS_VALUES_ALLOW_PATH_TRAVERSAL forbids", file)
	case s.noSymlinks && symlink:
		return fmt.Errorf("values file %s is a symbolic link, which HELM_SECRETS_VALUES_ALLOW_SYMLINKS forbids", file)
	}
	return nil
}

func leadsUp(path string) bool {
	return slices.Contains(strings.Split(filepath.ToSlash(path), "/"), "..")
}
