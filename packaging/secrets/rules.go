package secrets

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/version"
)

// ErrNoRule says that nothing tells for whom to encrypt a file.
var ErrNoRule = errors.New("nothing says for whom to encrypt it")

// secretKey matches a secret key of age, which is never quoted.
var secretKey = regexp.MustCompile(`(?i)AGE-(SECRET|PLUGIN)-`)

// rules are what a .sops.yaml says of a file.
type rules struct {
	config string // its path
	rule   *config.Config
	store  common.Store
}

// configOf returns the .sops.yaml that counts for a file, "" when there is
// none: $SOPS_CONFIG, or the nearest one in its folder and above.
func configOf(name string) (string, error) {
	if c := os.Getenv("SOPS_CONFIG"); c != "" {
		return c, nil
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	found, err := config.LookupConfigFile(filepath.ToSlash(abs))
	if err != nil {
		return "", nil
	}
	return found.Path, nil
}

// storeOf returns the store that writes a file as .sops.yaml wants it, which
// may say how to indent.
func storeOf(name string) (common.Store, error) {
	c, err := configOf(name)
	if err != nil {
		return nil, err
	}
	if c == "" {
		return defaultStore(name), nil
	}
	stores, err := config.LoadStoresConfig(c)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", c, err)
	}
	return common.DefaultStoreForPath(stores, name), nil
}

// rulesOf returns the creation rule for a file.
func rulesOf(name string) (*rules, error) {
	quiet()
	c, err := configOf(name)
	if err != nil {
		return nil, fmt.Errorf("find .sops.yaml: %w", err)
	}
	if c == "" {
		return nil, fmt.Errorf("%s: %w: there is no .sops.yaml in its folder or above; write one with creation_rules, for example \"creation_rules: [{age: age1...}]\"", name, ErrNoRule)
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	rule, err := config.LoadCreationRuleForFile(c, abs, nil)
	switch {
	case err != nil && err.Error() == "error loading config: no matching creation rules found", err == nil && rule == nil:
		return nil, fmt.Errorf("%s: %w: none of the creation_rules in %s has a path_regex that matches it", name, ErrNoRule, c)
	case err != nil && secretKey.MatchString(err.Error()):
		return nil, fmt.Errorf("read %s: a secret key stands in place of a public one, age1...: make a new key, as others may have seen this one", c)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", c, err)
	}
	if len(recipientsOf(rule.KeyGroups)) == 0 {
		return nil, fmt.Errorf("%s: %w: its creation rule in %s names no key", name, ErrNoRule, c)
	}
	store, err := storeOf(name)
	if err != nil {
		return nil, err
	}
	r := &rules{config: c, rule: rule, store: store}
	if err := patterns(r.metadata()); err != nil {
		return nil, fmt.Errorf("read %s: %w", c, err)
	}
	return r, nil
}

// metadata is that of a new file.
func (r *rules) metadata() sops.Metadata {
	m := sops.Metadata{KeyGroups: r.rule.KeyGroups, ShamirThreshold: r.threshold(), Version: version.Version}
	if one, ok := r.store.(sops.SingleValueStore); ok && one.IsSingleValueStore() {
		return m // there are no keys to choose by
	}
	m.UnencryptedSuffix, m.EncryptedSuffix = r.rule.UnencryptedSuffix, r.rule.EncryptedSuffix
	m.UnencryptedRegex, m.EncryptedRegex = r.rule.UnencryptedRegex, r.rule.EncryptedRegex
	m.UnencryptedCommentRegex, m.EncryptedCommentRegex = r.rule.UnencryptedCommentRegex, r.rule.EncryptedCommentRegex
	m.MACOnlyEncrypted = r.rule.MACOnlyEncrypted
	if m.UnencryptedSuffix+m.EncryptedSuffix+m.UnencryptedRegex+m.EncryptedRegex+m.UnencryptedCommentRegex+m.EncryptedCommentRegex == "" {
		m.UnencryptedSuffix = sops.DefaultUnencryptedSuffix
	}
	return m
}

// threshold is how many key groups are needed, 0 when there is but one.
func (r *rules) threshold() int {
	n := len(r.rule.KeyGroups)
	switch {
	case n < 2:
		return 0
	case r.rule.ShamirThreshold == 0:
		return n
	}
	return min(r.rule.ShamirThreshold, n)
}
