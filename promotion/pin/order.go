package pin

import (
	"context"
	"errors"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
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
	Refused  Standing = "Refused"  // the pull request was closed
)

// A Result tells what became of an order.
type Result struct {
	Standing Standing
	// Commit is the head of the branch when Merged, of the proposed branch when Proposed.
	Commit string
	// Already is set when it was so before: nothing was done.
	Already bool
	// Branch and PullRequest, its URL, are those of a proposal.
	Branch, PullRequest string
}

// ErrWrong is in errors that trying again does not mend: an order that cannot
// be, or what is in the way in the repository.
var ErrWrong = errors.New("this has to be mended first")

// Commit brings the pin into the branch. It does nothing when the branch pins
// that digest already. Others may push meanwhile: nothing of theirs is lost.
// No error holds a credential.
func Commit(ctx context.Context, o Order) (*Result, error) { return nil, errors.New("not there yet") }

// Propose opens a pull request for the pin, or finds the one that is open, and
// closes those for other pins of the same environment and chart. One that was
// refused is not opened again.
func Propose(ctx context.Context, o Order) (*Result, error) { return nil, errors.New("not there yet") }

// Look tells how far the pin is. Without a Forge it is in the branch or absent.
func Look(ctx context.Context, o Order) (*Result, error) { return nil, errors.New("not there yet") }

// Evidence tells what gates answered and who approved, as plain text.
func Evidence(gates []v1alpha1.GateStatus, approvals []v1alpha1.ApprovalRecord) string { return "" }
