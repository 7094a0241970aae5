package pin

import (
	"errors"
	"time"
)

// An Order is a pin that is to be in a branch of a repository.
type Order struct {
	// URL of the repository: https://, ssh:// or user@host:path.
	URL string
	// Branch is "" for the one that HEAD of the repository is.
	Branch string
	// Path is the folder that has environments/; "" and "." are the root.
	Path        string
	Environment string
	Pin         Pin
	// Evidence is what speaks for it, as plain text; see Evidence.
	Evidence string
	// Credentials are the data of a Secret, as in promotion/source. No other
	// credential of this machine is used.
	Credentials map[string][]byte
	// SigningKey is an armored OpenPGP or an SSH private key without a
	// passphrase; nil signs nothing.
	SigningKey []byte
	// Author is NAME <EMAIL>; "" is that of an OpenPGP key, or tiphys.
	Author string
	// Forge is where pull requests are; Commit needs none.
	Forge *Forge
	// Since is from when on a pull request that was closed counts as a refusal.
	Since time.Time
	// Seen is a Head of an earlier Look that did not have the pin. While it is
	// still the head, Look fetches nothing.
	Seen string
	// Local allows repositories that are folders of this machine, and HTTP
	// without TLS. It is for tests.
	Local bool
}

// A Forge is where pull requests are opened.
type Forge struct {
	// Kind is github or gitlab.
	Kind string
	// API is its address; "" is that of the public service.
	API   string
	Token string
}

// Standing is how far a pin is.
type Standing string

// The standings.
const (
	Absent   Standing = "Absent"   // neither in the branch nor proposed
	Proposed Standing = "Proposed" // in an open pull request
	Merged   Standing = "Merged"   // in the branch
	Refused  Standing = "Refused"  // the pull request was closed by somebody
)

// A Result tells what became of an order.
type Result struct {
	Standing Standing
	// Commit is a commit that has the pin: the head of the branch when Merged,
	// that of the proposed branch when Proposed.
	Commit string
	// Head is that of the branch, as it was seen.
	Head string
	// Already is set when it was so before: nothing was done.
	Already bool
	// Branch and PullRequest, its URL, are those of a proposal.
	Branch, PullRequest string
	// Superseded are the URLs of the pull requests that were closed for it.
	Superseded []string
}

// ErrWrong is in errors that trying again does not mend: an order that cannot
// be, or what is in the way in the repository.
var ErrWrong = errors.New("this has to be mended first")
