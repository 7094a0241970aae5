package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
	"github.com/tiphys-dev/tiphys/packaging/secrets/edit"
)

func newSecretsEdit(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "edit FILE",
		Short: "Edit the plain text of a file in an editor",
		Long: "edit opens the plain text of FILE in $SOPS_EDITOR or $EDITOR and encrypts what comes back.\n" +
			"The text lies in a file that only you can read, in memory where the system allows, until the\n" +
			"editor ends. Values that stay the same keep their ciphertext. A FILE that is not there is made,\n" +
			"by the creation rules of .sops.yaml.",
		Example: "  EDITOR='code --wait' tiphys secrets edit environments/prod/secrets.yaml",
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			return editSecrets(c.Context(), s, args[0])
		},
	}
}

func editSecrets(ctx context.Context, s Streams, name string) error {
	draft, before, err := startEdit(ctx, name)
	if err != nil {
		return err
	}
	e := &edit.Editor{Command: cmp.Or(os.Getenv("SOPS_EDITOR"), os.Getenv("EDITOR")), In: s.In, Out: s.Out, Err: s.Err}
	declined := false
	if in, ok := s.In.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		e.Again = func(ctx context.Context, why error) bool {
			fmt.Fprintf(s.Err, "tiphys: %s\n", printable(why.Error()))
			declined = !confirm(ctx, s, "Edit it again?", true)
			return !declined
		}
	}
	sealed, err := e.Edit(ctx, name, draft)
	switch {
	case errors.Is(err, edit.ErrUnchanged):
		fmt.Fprintf(s.Err, "tiphys: %s: %s\n", printable(name), err)
		return nil
	case errors.Is(err, context.Canceled):
		return secretsError(err)
	case declined: // and told why before
		return secretsError(fmt.Errorf("%s is left as it was", name))
	case err != nil:
		return secretsError(err)
	}
	if err := secrets.Replace(name, before, sealed); err != nil {
		return broken(err)
	}
	return nil
}

// startEdit opens a file to edit it, or starts one that is not there; then
// before is nil.
func startEdit(ctx context.Context, name string) (draft *secrets.Draft, before []byte, err error) {
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		if info, err := os.Stat(filepath.Dir(name)); err != nil || !info.IsDir() {
			return nil, nil, fmt.Errorf("there is no folder %s to make %s in", filepath.Dir(name), filepath.Base(name))
		}
		draft, err := secrets.New(name)
		return draft, nil, secretsError(err)
	}
	before, err = readSecrets(name)
	if err != nil {
		return nil, nil, err
	}
	draft, err = secrets.Edit(ctx, name, before)
	if errors.Is(err, secrets.ErrPlain) {
		err = fmt.Errorf("%w: encrypt it first, with tiphys secrets encrypt -i %s", err, name)
	}
	return draft, before, secretsError(err)
}

// confirm asks a question on standard error. An end of input is a no.
func confirm(ctx context.Context, s Streams, question string, yes bool) bool {
	choice := " [y/N] "
	if yes {
		choice = " [Y/n] "
	}
	fmt.Fprint(s.Err, question+choice)
	answer := make(chan string, 1)
	go func() { // left behind when ctx ends first: a read cannot be called off
		line, err := bufio.NewReader(s.In).ReadString('\n')
		if err != nil && line == "" {
			line = "n"
		}
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return false
	case a := <-answer:
		return a == "y" || a == "yes" || a == "" && yes
	}
}
