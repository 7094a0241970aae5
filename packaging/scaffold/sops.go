package scaffold

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// sopsConfig is the .sops.yaml of a new chart: who can read the secrets of
// which environment. A line to fill in is no recipient, so that sops refuses
// it rather than encrypt for nobody.
func sopsConfig(recipients map[string][]string) ([]byte, error) {
	for _, name := range slices.Sorted(maps.Keys(recipients)) {
		if !slices.Contains(Environments(), name) {
			return nil, fmt.Errorf("there is no environment %q%s; a new chart has %s",
				name, near.Hint(name, Environments()), strings.Join(Environments(), ", "))
		}
	}
	var b strings.Builder
	b.WriteString("# Who can read the secrets of which environment; sops takes the first rule that\n" +
		"# fits. Whoever has the key of dev cannot open prod.\ncreation_rules:\n")
	for _, name := range Environments() {
		who := recipients[name]
		if len(who) == 0 {
			fmt.Fprintf(&b, "  # FILL IN: `tiphys secrets keygen -o ~/%s.agekey` makes a key and prints its public half, age1..., which belongs here\n", name)
			who = []string{"FILL-IN-THE-AGE-RECIPIENTS-OF-" + strings.ToUpper(name)}
		}
		fmt.Fprintf(&b, "  - path_regex: (^|/)environments/%s/(.*/)?secrets\\.yaml$\n    age: %s\n", name, strings.Join(who, ","))
	}
	return []byte(b.String()), nil
}

// recipient matches what age writes: its own recipients and those of plugins.
var recipient = regexp.MustCompile(`^age1[a-z0-9]+$`)

// CheckRecipient says what is wrong with a recipient. A secret key that was
// taken for one is never repeated.
func CheckRecipient(s string) error {
	switch {
	case strings.Contains(strings.ToUpper(s), "SECRET-KEY"):
		return errors.New("this is a secret key; what is wanted is its public half, age1..., which age-keygen -y prints")
	case strings.HasPrefix(s, "age1") && len(s) == len("age1")+58: // of age itself
		if _, err := age.ParseX25519Recipient(s); err != nil {
			return fmt.Errorf("%q is no recipient of age: it is mistyped", s)
		}
	case !recipient.MatchString(s):
		return fmt.Errorf("%q is no recipient of age, which begins with age1", s)
	}
	return nil
}
