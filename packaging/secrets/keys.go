package secrets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/pgp"
)

// dataKey obtains the key that encrypts the values. Keys that need no prompt,
// no program and no network are tried first, whatever their order in the file.
func (f *file) dataKey(ctx context.Context) ([]byte, error) {
	m := &f.tree.Metadata
	quick := &services{ctx: ctx, silent: true, identities: localIdentities()}
	if key, err := m.GetDataKeyWithKeyServices(quick.service(), nil); err == nil {
		return key, nil
	}
	all := &services{ctx: ctx}
	key, err := m.GetDataKeyWithKeyServices(all.service(), decryptionOrder())
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil:
		return key, nil
	}
	e := f.closed()
	if e.has("age") {
		e.Tried = append(e.Tried, agePlaces()...)
	}
	e.Tried = append(e.Tried, all.failures...)
	return nil, e
}

// closed is the error of a file that no key opens.
func (f *file) closed() *KeyError {
	m := f.tree.Metadata
	e := &KeyError{File: f.name, Environment: EnvironmentOf(f.name), Recipients: f.recipients()}
	if len(m.KeyGroups) > 1 {
		e.Needed = max(m.ShamirThreshold, 1)
	}
	return e
}

// LocalAge reports whether an age key that lies on this machine opens the file:
// no prompt, no program and no network is needed to find out, nor to open it.
func LocalAge(name string, text []byte) bool {
	f, err := load(name, text, nil)
	if err != nil {
		return false
	}
	_, err = calm(name, func() ([]byte, error) {
		quick := &services{ctx: context.Background(), silent: true, identities: localIdentities()}
		return f.tree.Metadata.GetDataKeyWithKeyServices(quick.service(), nil)
	})
	return err == nil
}

// decryptionOrder is which types of keys are tried first, as users tell SOPS.
func decryptionOrder() []string {
	if order := os.Getenv("SOPS_DECRYPTION_ORDER"); order != "" {
		return strings.Split(order, ",")
	}
	return sops.DefaultDecryptionOrder
}

// services encrypts and decrypts data keys with the keys of this machine, as SOPS
// does, and remembers why one was of no use.
type services struct {
	keyservice.Server
	ctx        context.Context // SOPS hands none down
	silent     bool            // use nothing but identities
	identities age.ParsedIdentities
	failures   []string
}

func (k *services) service() []keyservice.KeyServiceClient {
	return []keyservice.KeyServiceClient{keyservice.NewCustomLocalClient(k)}
}

var errSilent = errors.New("no key that could be used silently")

// Decrypt decrypts a data key.
func (k *services) Decrypt(_ context.Context, req *keyservice.DecryptRequest) (*keyservice.DecryptResponse, error) {
	if err := k.ctx.Err(); err != nil {
		return nil, err
	}
	if k.silent {
		return k.decryptSilently(req)
	}
	var response *keyservice.DecryptResponse
	var err error
	if gpg := req.GetKey().GetPgpKey(); gpg != nil { // a program, which ctx can end
		key := pgp.NewMasterKeyFromFingerprint(gpg.Fingerprint)
		key.EncryptedKey = string(req.Ciphertext)
		var plain []byte
		plain, err = key.DecryptContext(k.ctx)
		response = &keyservice.DecryptResponse{Plaintext: plain}
	} else {
		response, err = k.Server.Decrypt(k.ctx, req)
	}
	if err != nil {
		k.failed(req.GetKey(), err)
		return nil, err
	}
	return response, nil
}

func (k *services) decryptSilently(req *keyservice.DecryptRequest) (*keyservice.DecryptResponse, error) {
	recipient := req.GetKey().GetAgeKey()
	if recipient == nil || len(k.identities) == 0 { // with none, SOPS would look everywhere
		return nil, errSilent
	}
	key := age.MasterKey{Recipient: recipient.Recipient, EncryptedKey: string(req.Ciphertext)}
	k.identities.ApplyToMasterKey(&key)
	plain, err := key.Decrypt()
	if err != nil {
		return nil, err
	}
	return &keyservice.DecryptResponse{Plaintext: plain}, nil
}

// Encrypt encrypts a data key.
func (k *services) Encrypt(_ context.Context, req *keyservice.EncryptRequest) (*keyservice.EncryptResponse, error) {
	if err := k.ctx.Err(); err != nil {
		return nil, err
	}
	response, err := k.Server.Encrypt(k.ctx, req)
	if err != nil {
		k.failed(req.GetKey(), err)
	}
	return response, err
}

// failed remembers why a key was of no use. What SOPS says of age keys quotes
// commands, and is told by agePlaces.
func (k *services) failed(key *keyservice.Key, err error) {
	kind := ""
	switch t := key.KeyType.(type) {
	case *keyservice.Key_AgeKey:
		return
	case *keyservice.Key_PgpKey:
		k.failures = append(k.failures, fmt.Sprintf("pgp %s (%s)", t.PgpKey.Fingerprint, gpgSays(err)))
		return
	case *keyservice.Key_KmsKey:
		kind = "kms " + t.KmsKey.Arn
	case *keyservice.Key_GcpKmsKey:
		kind = "gcp_kms " + t.GcpKmsKey.ResourceId
	case *keyservice.Key_AzureKeyvaultKey:
		kind = "azure_kv " + t.AzureKeyvaultKey.VaultUrl
	case *keyservice.Key_VaultKey:
		kind = "hc_vault " + t.VaultKey.VaultAddress
	case *keyservice.Key_HckmsKey:
		kind = "hckms " + t.HckmsKey.KeyId
	}
	k.failures = append(k.failures, fmt.Sprintf("%s (%s)", kind, short(err.Error())))
}

// gpgSays is the last thing that gpg said.
func gpgSays(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	last := lines[len(lines)-1]
	if i := strings.LastIndex(last, "gpg: "); i >= 0 {
		last = last[i:]
	} else if i := strings.LastIndex(last, "GnuPG binary error: "); i >= 0 {
		last = last[i:]
	}
	return short(last)
}

// longest is how much is told of what a key service says.
const longest = 200

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}
