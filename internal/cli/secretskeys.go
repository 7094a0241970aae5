package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

func newSecretsRotate(s Streams) *cobra.Command {
	var inPlace bool
	add, remove := map[string]*[]string{}, map[string]*[]string{}
	c := &cobra.Command{
		Use:   "rotate FILE...",
		Short: "Encrypt files anew with a new data key, for more or fewer recipients",
		Long: "rotate makes a new data key for each FILE, encrypts all of its values with it, and writes the\n" +
			"file in place. Recipients stay those of the file, but for those that are added and removed.",
		Example: "  tiphys secrets rotate environments/prod/secrets.yaml --rm-age age1...",
		Args:    someFiles,
		RunE: func(c *cobra.Command, args []string) error {
			for _, name := range args {
				text, err := readSecrets(name)
				if err != nil {
					return err
				}
				sealed, err := secrets.Rotate(c.Context(), name, text, recipientFlags(add), recipientFlags(remove))
				if err != nil {
					return secretsError(err)
				}
				if err := secrets.Replace(name, text, sealed); err != nil {
					return broken(err)
				}
			}
			return nil
		},
	}
	c.Flags().BoolVarP(&inPlace, "in-place", "i", true, "as sops has it; rotate always writes in place")
	for _, kind := range secrets.Types() {
		name := strings.ReplaceAll(kind, "_", "-")
		add[kind] = c.Flags().StringSlice("add-"+name, nil, "add a recipient of type "+kind)
		remove[kind] = c.Flags().StringSlice("rm-"+name, nil, "remove a recipient of type "+kind)
	}
	return c
}

// recipientFlags are the recipients that flags name.
func recipientFlags(flags map[string]*[]string) []secrets.Recipient {
	var all []secrets.Recipient
	for _, kind := range secrets.Types() {
		for _, id := range *flags[kind] {
			all = append(all, secrets.Recipient{Type: kind, ID: strings.TrimSpace(id)})
		}
	}
	return all
}

func newSecretsUpdateKeys(s Streams) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "updatekeys FILE...",
		Short: "Encrypt files for those whom .sops.yaml names now",
		Long: "updatekeys shows how the recipients of each FILE differ from those that the creation rules of\n" +
			".sops.yaml name, asks, and writes the file in place. Values and their data key stay: who is\n" +
			"removed may have kept it, so rotate the file too, and change the secrets themselves.",
		Example: "  tiphys secrets updatekeys -y environments/prod/secrets.yaml",
		Args:    someFiles,
		RunE: func(c *cobra.Command, args []string) error {
			for _, name := range args {
				if err := updateKeys(c.Context(), s, name, yes); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

func updateKeys(ctx context.Context, s Streams, name string, yes bool) error {
	text, err := readSecrets(name)
	if err != nil {
		return err
	}
	change, err := secrets.Outdated(name, text)
	if err != nil {
		return secretsError(err)
	}
	if change.Empty() {
		_, err := fmt.Fprintf(s.Out, "%s: up to date\n", printable(name))
		return failed(err)
	}
	if err := showChange(s.Out, name, change); err != nil {
		return failed(err)
	}
	if !yes && !confirm(ctx, s, "Write it?", false) {
		return secretsError(errors.Join(ctx.Err(), fmt.Errorf("%s is left as it was: answer y, or say -y", name)))
	}
	sealed, err := secrets.UpdateKeys(ctx, name, text)
	if err != nil {
		return secretsError(err)
	}
	if err := secrets.Replace(name, text, sealed); err != nil {
		return broken(err)
	}
	if len(change.Removed) > 0 {
		fmt.Fprintf(s.Err, "tiphys: who was removed may have kept the data key: run tiphys secrets rotate %s, and change the secrets\n", printable(name))
	}
	return nil
}

func showChange(w io.Writer, name string, c secrets.Change) error {
	_, err := fmt.Fprintf(w, "%s\n", printable(name))
	for _, part := range []struct {
		mark string
		all  []secrets.Recipient
	}{{" ", c.Kept}, {"+", c.Added}, {"-", c.Removed}} {
		for _, r := range part.all {
			_, more := fmt.Fprintf(w, "  %s %s\n", part.mark, printable(r.String()))
			err = errors.Join(err, more)
		}
	}
	if c.Threshold[0] != c.Threshold[1] {
		_, more := fmt.Fprintf(w, "  keys of %d groups are needed to open it, before of %d\n", max(c.Threshold[1], 1), max(c.Threshold[0], 1))
		err = errors.Join(err, more)
	}
	return err
}

func newSecretsKeygen(s Streams) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "keygen",
		Short: "Make an age key, and print the recipient to name in .sops.yaml",
		Long: "keygen makes an age key, writes it to a file that only you can read, and prints its public\n" +
			"part, the recipient. Without -o it is written where SOPS and tiphys look for keys.",
		Example: "  tiphys secrets keygen\n  tiphys secrets keygen -o prod.agekey",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if output == "" {
				if output = secrets.KeysFile(); output == "" {
					return errors.New("there is no home folder to keep the key in: name a file with -o")
				}
			}
			text, recipient, err := secrets.GenerateKey(time.Now())
			if err != nil {
				return broken(err)
			}
			if output == "-" {
				_, err := s.Out.Write(text)
				return failed(err)
			}
			if err := secrets.WriteKey(output, text); err != nil {
				return secretsError(err)
			}
			fmt.Fprintf(s.Err, "tiphys: the key is in %s: keep a copy in a safe place\n", printable(output))
			_, err = fmt.Fprintln(s.Out, recipient)
			return failed(err)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "file to write the key to; - prints it")
	return c
}
