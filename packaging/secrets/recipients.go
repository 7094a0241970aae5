package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/azkv"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/gcpkms"
	"github.com/getsops/sops/v3/hckms"
	"github.com/getsops/sops/v3/hcvault"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/kms"
	"github.com/getsops/sops/v3/pgp"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// Types are the types of recipients, as SOPS calls them.
func Types() []string {
	return []string{"age", "pgp", "kms", "gcp_kms", "azure_kv", "hc_vault", "hckms"}
}

// A Change is what becomes of the recipients of a file.
type Change struct {
	Added, Removed, Kept []Recipient
	// Threshold is how many groups of keys are needed to open the file, before
	// and after; 0 when there is but one group.
	Threshold [2]int
}

// Empty reports whether nothing changes.
func (c Change) Empty() bool {
	return len(c.Added) == 0 && len(c.Removed) == 0 && c.Threshold[0] == c.Threshold[1]
}

// Outdated compares the recipients of a file with those that .sops.yaml now
// wants. No key is needed. The error is ErrNoRule when it wants none.
func Outdated(name string, text []byte) (Change, error) {
	f, err := load(name, text, nil)
	if err != nil {
		return Change{}, err
	}
	r, err := rulesOf(name)
	if err != nil {
		return Change{}, err
	}
	return f.change(r), nil
}

func (f *file) change(r *rules) Change {
	c := Change{Threshold: [2]int{f.tree.Metadata.ShamirThreshold, r.threshold()}}
	for _, d := range common.DiffKeyGroups(f.tree.Metadata.KeyGroups, r.rule.KeyGroups) {
		c.Added = append(c.Added, recipientsOf([]sops.KeyGroup{d.Added})...)
		c.Removed = append(c.Removed, recipientsOf([]sops.KeyGroup{d.Removed})...)
		c.Kept = append(c.Kept, recipientsOf([]sops.KeyGroup{d.Common})...)
	}
	return c
}

// UpdateKeys encrypts a file for those that .sops.yaml now wants. Its values
// and their key stay as they are: who is removed could have kept it, so a
// removal is complete after Rotate. Errors are those of Open and of Outdated.
func UpdateKeys(ctx context.Context, name string, text []byte) ([]byte, error) {
	return until(ctx, name, func() ([]byte, error) {
		r, err := rulesOf(name)
		if err != nil {
			return nil, err
		}
		f, err := load(name, text, r.store)
		if err != nil {
			return nil, err
		}
		key, err := f.dataKey(ctx)
		if err != nil {
			return nil, err
		}
		if err := f.verify(key); err != nil {
			return nil, err
		}
		m := &f.tree.Metadata
		m.KeyGroups, m.ShamirThreshold = r.rule.KeyGroups, r.threshold()
		k := &services{ctx: ctx}
		if errs := m.UpdateMasterKeysWithKeyServices(key, k.service()); len(errs) > 0 {
			return nil, f.cannotEncrypt(ctx, k)
		}
		return f.emit()
	})
}

// verify verifies the MAC and leaves the tree encrypted.
func (f *file) verify(key []byte) error {
	again := *f
	again.tree.Branches = copyBranches(f.tree.Branches)
	return again.decrypt(key, aes.NewCipher())
}

// Rotate encrypts all values of a file with a new key, for the recipients that
// it has, with some added and some removed. Errors are those of Open, or say
// which recipient cannot be added or removed.
func Rotate(ctx context.Context, name string, text []byte, add, remove []Recipient) ([]byte, error) {
	return until(ctx, name, func() ([]byte, error) {
		store, err := storeOf(name)
		if err != nil {
			return nil, err
		}
		f, err := load(name, text, store)
		if err != nil {
			return nil, err
		}
		if err := f.revise(add, remove); err != nil {
			return nil, fmt.Errorf("rotate %s: %w", name, err)
		}
		before, err := load(name, text, store) // its recipients open it
		if err != nil {
			return nil, err
		}
		key, err := before.dataKey(ctx)
		if err != nil {
			return nil, err
		}
		if err := f.decrypt(key, aes.NewCipher()); err != nil {
			return nil, err
		}
		if key, err = f.newKey(ctx); err != nil {
			return nil, err
		}
		return f.encrypt(key, aes.NewCipher())
	})
}

// revise adds recipients to the first group and removes some from all.
func (f *file) revise(add, remove []Recipient) error {
	m := &f.tree.Metadata
	have := f.recipients()
	for _, r := range slices.Concat(add, remove) {
		if secretKey.MatchString(r.ID) { // and do not quote it
			return errors.New("a secret key is given in place of the public one, age1...; make sure that nobody else saw it")
		}
	}
	for _, r := range add {
		if slices.Contains(have, r) {
			return fmt.Errorf("it is already encrypted for %s", r)
		}
		key, err := r.masterKey()
		if err != nil {
			return err
		}
		if len(m.KeyGroups) == 0 {
			m.KeyGroups = []sops.KeyGroup{nil}
		}
		m.KeyGroups[0] = append(m.KeyGroups[0], key)
	}
	for _, r := range remove {
		if !slices.Contains(have, r) {
			return fmt.Errorf("it is not encrypted for %s%s; it is for %s", r, near.Hint(r.String(), names(have)), list(have))
		}
		for i, group := range m.KeyGroups {
			m.KeyGroups[i] = slices.DeleteFunc(group, func(k keys.MasterKey) bool {
				return k.TypeToIdentifier() == r.Type && k.ToString() == r.ID
			})
			if len(m.KeyGroups[i]) == 0 {
				return fmt.Errorf("without %s nobody of a group could open it: add somebody first", r)
			}
		}
	}
	return nil
}

func names(all []Recipient) []string {
	var names []string
	for _, r := range all {
		names = append(names, r.String())
	}
	return names
}

// masterKey is what SOPS makes of a recipient.
func (r Recipient) masterKey() (keys.MasterKey, error) {
	wrong := func(err error) error {
		return fmt.Errorf("%q is no recipient of type %s: %w", r.ID, r.Type, err)
	}
	switch r.Type {
	case "age":
		key, err := age.MasterKeyFromRecipient(r.ID)
		if err != nil {
			return nil, fmt.Errorf("%q is no public key of age: it starts with age1 or ssh-", r.ID)
		}
		return key, nil
	case "pgp":
		return pgp.NewMasterKeyFromFingerprint(r.ID), nil
	case "kms":
		return kms.NewMasterKeyFromArn(r.ID, nil, ""), nil
	case "gcp_kms":
		return gcpkms.NewMasterKeyFromResourceID(r.ID), nil
	case "azure_kv":
		key, err := azkv.NewMasterKeyFromURL(r.ID)
		if err != nil {
			return nil, wrong(err)
		}
		return key, nil
	case "hc_vault":
		key, err := hcvault.NewMasterKeyFromURI(r.ID)
		if err != nil {
			return nil, wrong(err)
		}
		return key, nil
	case "hckms":
		key, err := hckms.NewMasterKey(r.ID)
		if err != nil {
			return nil, wrong(err)
		}
		return key, nil
	}
	return nil, fmt.Errorf("recipients of type %q are not known%s", r.Type, near.Hint(r.Type, Types()))
}
