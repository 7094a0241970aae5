package secrets

import (
	"fmt"
	"strings"
)

// A KeyError says that the keys of this machine, or of a Keyring, do not open a
// file.
type KeyError struct {
	File string
	// Environment is that of the file by its path, "" when it belongs to none.
	Environment string
	// Recipients are those whose keys would open it.
	Recipients []Recipient
	// Tried says where keys were looked for, and why none was of use.
	Tried []string
	// Needed is how many groups of keys have to open it, when not one will do.
	Needed int

	given bool // it was a Keyring
}

// Error names the file, who can open it, what was tried and how to go on.
func (e *KeyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "open %s", e.File)
	if e.Environment != "" {
		fmt.Fprintf(&b, " of environment %q", e.Environment)
	}
	whose := "of this machine"
	if e.given {
		whose = "that was given"
	}
	fmt.Fprintf(&b, ": no key %s opens it; it is encrypted for %s", whose, list(e.Recipients))
	if e.Needed > 1 {
		fmt.Fprintf(&b, ", and keys of %d groups are needed", e.Needed)
	}
	if len(e.Tried) > 0 {
		fmt.Fprintf(&b, "; tried %s", strings.Join(e.Tried, ", "))
	}
	if len(e.Recipients) == 0 {
		b.WriteString("; restore the file")
		return b.String()
	}
	b.WriteString("; ")
	if e.given && !e.has("age") {
		b.WriteString("only age keys can be given: add an age recipient to .sops.yaml and run tiphys secrets updatekeys")
		return b.String()
	}
	if e.given {
		b.WriteString("give the age key of one of these")
		return b.String()
	}
	if e.has("age") {
		b.WriteString("name the file with the right age key in SOPS_AGE_KEY_FILE, or ")
	}
	fmt.Fprintf(&b, "ask somebody who can open it to add your key to .sops.yaml and to run tiphys secrets updatekeys %s", e.File)
	return b.String()
}

func (e *KeyError) has(kind string) bool {
	for _, r := range e.Recipients {
		if r.Type == kind {
			return true
		}
	}
	return false
}

// A TamperedError says that a file is not as it was when it was encrypted.
type TamperedError struct {
	File string
	// Path is the value that gave it away, "a.b", or "" for the file as a whole.
	Path   string
	reason string
}

// Error says what is wrong, and how to go on.
func (e *TamperedError) Error() string {
	what := "the file was changed by hand after it was encrypted (" + e.reason + ")"
	if e.Path != "" {
		what = fmt.Sprintf("%q %s", e.Path, e.reason)
	}
	return fmt.Sprintf("open %s: %s; restore it, and make changes with tiphys secrets edit", e.File, what)
}

const (
	reasonLeaf   = "was changed, or moved here from another key or file, after it was encrypted"
	reasonClear  = "lies in the clear where only encrypted values may stand"
	reasonMAC    = "its MAC does not match"
	reasonNoMAC  = "its MAC is missing"
	reasonBadMAC = "its MAC is damaged"
)
