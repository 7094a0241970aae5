package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

func newSecrets(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "secrets",
		Short: "Encrypt, edit and check files of secrets, as SOPS does",
		Long: "secrets works on files that SOPS encrypts, by the creation rules of the nearest .sops.yaml,\n" +
			"with keys where SOPS looks for them. Plain text is never written to a disk; the MAC of a\n" +
			"file is always verified.\n\n" +
			"Exit codes: 0 done, 1 a file or a key is not right, 2 usage, 3 tiphys could not do its work.",
		Example: "  tiphys secrets keygen\n  tiphys secrets edit environments/prod/secrets.yaml\n  tiphys secrets check charts/etl",
		Args:    cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return unknownCommand(c, args[0])
		},
	}
	c.AddCommand(newSecretsEncrypt(s), newSecretsDecrypt(s), newSecretsView(s), newSecretsEdit(s),
		newSecretsRotate(s), newSecretsUpdateKeys(s), newSecretsCheck(s), newSecretsKeygen(s))
	return c
}

func newSecretsEncrypt(s Streams) *cobra.Command {
	var inPlace bool
	c := &cobra.Command{
		Use:     "encrypt FILE...",
		Short:   "Encrypt files by the creation rules of .sops.yaml",
		Long:    "encrypt prints the encrypted text of a FILE, or writes it in place of the plain one with -i.",
		Example: "  tiphys secrets encrypt -i environments/prod/secrets.yaml",
		Args:    someFiles,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 && !inPlace {
				return errors.New("encrypt prints one file; with -i it encrypts several in place")
			}
			for _, name := range args {
				text, err := readSecrets(name)
				if err != nil {
					return err
				}
				sealed, err := secrets.Encrypt(c.Context(), name, text)
				if err != nil {
					return secretsError(err)
				}
				if nothingEncrypted(name, sealed) {
					fmt.Fprintf(s.Err, "tiphys: %s: .sops.yaml encrypts none of its values: look at encrypted_regex and its like\n", printable(name))
				}
				if !inPlace {
					_, err = s.Out.Write(sealed)
					return failed(err)
				}
				if err := secrets.Replace(name, text, sealed); err != nil {
					return broken(err)
				}
			}
			return nil
		},
	}
	c.Flags().BoolVarP(&inPlace, "in-place", "i", false, "write the encrypted text in place of the plain one")
	return c
}

// nothingEncrypted reports whether no value of an encrypted file is encrypted.
func nothingEncrypted(name string, sealed []byte) bool {
	n, err := secrets.Count(name, sealed)
	return err == nil && n == 0
}

func newSecretsDecrypt(s Streams) *cobra.Command {
	var inPlace bool
	var output string
	c := &cobra.Command{
		Use:   "decrypt FILE",
		Short: "Print the plain text of a file",
		Long: "decrypt prints the plain text of a FILE. It writes none to a disk, where it would lie until\n" +
			"somebody commits it: change a file with tiphys secrets edit.",
		Example: "  tiphys secrets decrypt environments/prod/secrets.yaml | helm upgrade etl . -f -",
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			if inPlace || output != "" {
				return fmt.Errorf("decrypt writes no plain text to a disk: see %s with tiphys secrets view, change it with tiphys secrets edit", args[0])
			}
			text, err := openSecrets(c.Context(), args[0])
			if err != nil {
				return err
			}
			_, err = s.Out.Write(text)
			return failed(err)
		},
	}
	c.Flags().BoolVarP(&inPlace, "in-place", "i", false, "refused, with the reason")
	c.Flags().StringVar(&output, "output", "", "refused, with the reason")
	for _, name := range []string{"in-place", "output"} {
		if err := c.Flags().MarkHidden(name); err != nil {
			panic(err) // no such flag
		}
	}
	return c
}

func newSecretsView(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "view FILE",
		Short:   "Print the plain text of a file, and for whom it is encrypted",
		Example: "  tiphys secrets view environments/prod/secrets.yaml",
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			name := args[0]
			sealed, err := readSecrets(name)
			if err != nil {
				return err
			}
			text, err := secrets.Open(c.Context(), name, sealed)
			if err != nil {
				return secretsError(err)
			}
			all, err := secrets.Recipients(name, sealed)
			if err != nil {
				return secretsError(err)
			}
			out := s.Out
			switch filepath.Ext(name) {
			case ".yaml", ".yml", ".env", ".ini":
			default: // the text has no comments
				out = s.Err
			}
			fmt.Fprintf(out, "# %s, encrypted for\n", printable(name))
			for _, r := range all {
				fmt.Fprintf(out, "#   %s\n", printable(r.String()))
			}
			_, err = s.Out.Write(text)
			return failed(err)
		},
	}
}

func openSecrets(ctx context.Context, name string) ([]byte, error) {
	sealed, err := readSecrets(name)
	if err != nil {
		return nil, err
	}
	text, err := secrets.Open(ctx, name, sealed)
	return text, secretsError(err)
}

// readSecrets reads a file of secrets. One that is not there is a mistake of
// usage.
func readSecrets(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, missing(name)
	case err != nil:
		return nil, broken(err)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder: name a file", name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is %s, and should be a file", name, kindOf(info.Mode()))
	case info.Size() > secrets.Limit:
		return nil, &exit{exitFindings, fmt.Errorf("%s is larger than the %d MiB that are read of one file of secrets", name, secrets.Limit>>20)}
	}
	text, err := readRegular(name, secrets.Limit)
	if err != nil {
		return nil, broken(err)
	}
	return text, nil
}

// secretsError gives an error its exit code: what is wrong with a file or a key
// is not our fault.
func secretsError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return &exit{exitInterrupted, errors.New("interrupted")}
	}
	return &exit{exitFindings, err}
}

func oneFile(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%s takes one file, and %d are given", c.Name(), len(args))
	}
	return someFiles(c, args)
}

func someFiles(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%s needs a file; see %s --help", c.Name(), c.CommandPath())
	}
	for _, name := range args {
		if strings.TrimSpace(name) == "" {
			return errors.New("the name of a file is empty")
		}
	}
	return nil
}
