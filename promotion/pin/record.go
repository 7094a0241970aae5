package pin

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// A Record is a pin to commit in a clone.
type Record struct {
	// File is its path in the clone, with slashes.
	File string
	// Message of the commit.
	Message string
	// Key is an armored OpenPGP or an SSH private key; nil leaves signing to
	// what the user's configuration says.
	Key []byte
}

// Record commits one file as the user, and nothing else, and returns the commit.
func (w *Worktree) Record(ctx context.Context, r Record) (string, error) {
	s, err := newSigner(r.Key)
	if err != nil {
		return "", err
	}
	if _, err := w.git(ctx, nil, "add", "--", r.File); err != nil {
		return "", err
	}
	args := []string{"-c", "user.useConfigOnly=true", "commit", "--quiet", "--cleanup=verbatim", "--file=-"}
	if s != nil {
		args = append(args, "--no-gpg-sign")
	}
	if _, err := w.git(ctx, strings.NewReader(r.Message), append(args, "--only", "--", r.File)...); err != nil {
		return "", err
	}
	head, err := w.Commit(ctx, "HEAD")
	if err != nil || s == nil {
		return head, err
	}
	return w.resign(ctx, head, s)
}

// resign puts a signature into the commit that HEAD is.
func (w *Worktree) resign(ctx context.Context, head string, s *signer) (string, error) {
	text, err := w.git(ctx, nil, "cat-file", "commit", head)
	if err != nil {
		return "", err
	}
	signature, err := s.sign(text)
	if err != nil {
		return "", err
	}
	name := "gpgsig"
	if len(head) == 64 { // a repository whose objects have names of SHA-256
		name = "gpgsig-sha256"
	}
	header, message, _ := bytes.Cut(text, []byte("\n\n"))
	signed := fmt.Sprintf("%s\n%s %s\n\n%s", header, name, strings.ReplaceAll(strings.TrimSpace(signature), "\n", "\n "), message)
	out, err := w.git(ctx, strings.NewReader(signed), "hash-object", "-t", "commit", "-w", "--stdin")
	if err != nil {
		return "", err
	}
	_, err = w.git(ctx, nil, "update-ref", "-m", "sign", "HEAD", line(out), head)
	return line(out), err
}

// Identity tells what is missing for git to know who commits.
func (w *Worktree) Identity(ctx context.Context) error {
	if _, err := w.git(ctx, nil, "-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT"); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("git does not know who commits: git config user.name NAME, and user.email: %w", err)
	}
	return nil
}

// Push pushes the branch to where git would push it.
func (w *Worktree) Push(ctx context.Context) error {
	_, err := w.git(ctx, nil, "push", "--quiet")
	return err
}
