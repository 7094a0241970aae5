// Package secrets opens, writes and checks files that SOPS encrypts. It is the
// only package that knows SOPS.
//
// Plaintext stays in memory: nothing here writes it anywhere, what is written
// by Replace is checked to be encrypted, and no error quotes ciphertext,
// plaintext or a key. The MAC of a file is verified whenever it is opened. The
// name of a file tells its format, as it does for SOPS: .yaml and .yml, .json,
// .env, .ini; anything else is binary.
package secrets

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/cmd/sops/formats"
	"go.yaml.in/yaml/v3"
)

// Limit is the size of the largest file that is read: what Helm stores of a
// release is at most 1 MiB.
const Limit = 5 << 20

// ErrPlain says that SOPS did not encrypt a file.
var ErrPlain = errors.New("it is not encrypted with SOPS")

// ErrEncrypted says that a file that was to be encrypted already is.
var ErrEncrypted = errors.New("it is already encrypted: change it with tiphys secrets edit")

const metadataKey = "sops"

// A Recipient is a key for which a file is encrypted.
type Recipient struct {
	// Type is what SOPS calls it: age, pgp, kms, gcp_kms, azure_kv, hc_vault, hckms.
	Type string `json:"type"`
	// ID is the public key, fingerprint, ARN, resource or address.
	ID string `json:"id"`
}

// String is the recipient as messages name it.
func (r Recipient) String() string {
	id := r.ID
	if len(id) > longestID { // post-quantum keys have two thousand characters
		id = id[:longestID/2] + "…" + id[len(id)-longestID/4:]
	}
	if r.Type == "age" { // age1... and ssh-... say it themselves
		return id
	}
	return r.Type + " " + id
}

const longestID = 120

// Encrypted reports whether SOPS encrypted the text of the file called name. It
// looks at the structure only, so no key is needed, and text that merely speaks
// of SOPS is not taken for encrypted.
func Encrypted(name string, text []byte) (yes bool) {
	if len(text) > Limit {
		return false
	}
	defer func() {
		if recover() != nil {
			yes = false
		}
	}()
	switch formats.FormatForPath(name) {
	case formats.Yaml:
		return encryptedYAML(text)
	case formats.Json:
		return jsonMAC(text) != ""
	case formats.Binary:
		var envelope struct {
			Data *string `json:"data"`
		}
		return jsonMAC(text) != "" && json.Unmarshal(text, &envelope) == nil && envelope.Data != nil
	}
	branches, err := defaultStore(name).LoadPlainFile(text)
	if err != nil || len(branches) == 0 {
		return false
	}
	for _, item := range branches[0] {
		switch section, ok := item.Value.(sops.TreeBranch); {
		case item.Key == metadataKey && ok: // ini
			for _, entry := range section {
				if entry.Key == "mac" && entry.Value != "" {
					return true
				}
			}
		case item.Key == metadataKey+"_mac" && item.Value != "": // dotenv
			return true
		}
	}
	return false
}

func encryptedYAML(text []byte) bool {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 { // the first document only, as SOPS
		return false
	}
	mac := field(field(doc.Content[0], metadataKey), "mac")
	return mac != nil && mac.Kind == yaml.ScalarNode && mac.ShortTag() == "!!str" && mac.Value != ""
}

func field(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// jsonMAC returns the MAC in the metadata of a JSON file, "" when there is none.
func jsonMAC(text []byte) string {
	var root, metadata map[string]json.RawMessage // a struct would take "Sops" as well
	var mac string
	if json.Unmarshal(text, &root) != nil || json.Unmarshal(root[metadataKey], &metadata) != nil || json.Unmarshal(metadata["mac"], &mac) != nil {
		return ""
	}
	return mac
}

// Recipients returns for whom a file is encrypted, sorted and each once. No
// key is needed.
func Recipients(name string, text []byte) ([]Recipient, error) {
	f, err := load(name, text, nil)
	if err != nil {
		return nil, err
	}
	return f.recipients(), nil
}

// recipients are those of all key groups.
func (f *file) recipients() []Recipient { return recipientsOf(f.tree.Metadata.KeyGroups) }

func recipientsOf(groups []sops.KeyGroup) []Recipient {
	var all []Recipient
	for _, group := range groups {
		for _, key := range group {
			all = append(all, Recipient{key.TypeToIdentifier(), key.ToString()})
		}
	}
	slices.SortFunc(all, func(a, b Recipient) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID)) })
	return slices.Compact(all)
}

// EnvironmentOf returns the environment that a file belongs to by its path,
// environments/NAME/..., or "".
func EnvironmentOf(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		abs = name
	}
	parts := strings.Split(filepath.ToSlash(abs), "/")
	for i := len(parts) - 3; i >= 0; i-- { // a folder and a file must follow
		if parts[i] == "environments" {
			return parts[i+1]
		}
	}
	return ""
}

// list joins recipients for a message.
func list(all []Recipient) string {
	if len(all) == 0 {
		return "nobody"
	}
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = r.String()
	}
	return strings.Join(names, ", ")
}

func tooLarge(name string) error {
	return fmt.Errorf("%s: this is larger than the %d MiB that are read of one file of secrets", name, Limit>>20)
}
