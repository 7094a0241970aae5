package helmsecrets

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// decrypt prints what is in an encrypted file.
func (p *plugin) decrypt(ctx context.Context, args []string) error {
	if asksForHelp(args) {
		return p.print(usageOfDecrypt)
	}
	terraform := false
	var files []string
	for _, arg := range args {
		switch {
		case arg == "-i" || arg == "--in-place":
			return errors.New("decrypt -i is not supported, as it leaves the secret on disk: to read it use decrypt FILE, to change it edit FILE")
		case arg == "--terraform":
			terraform = true
		case strings.HasPrefix(arg, "-") && len(arg) > 1:
			return fmt.Errorf("decrypt has no option %q: there is --terraform", arg)
		default:
			files = append(files, arg)
		}
	}
	if len(files) != 1 {
		return fmt.Errorf("decrypt takes one file, and %d are given", len(files))
	}
	at, err := parsePlace(files[0])
	if err != nil {
		return err
	}
	at.ours = true
	t, err := p.read(ctx, at)
	switch {
	case err != nil:
		return err
	case !t.encrypted:
		return fmt.Errorf("file is not encrypted: %s", at.file)
	}
	if !terraform {
		return p.print(string(t.text))
	}
	out, err := json.Marshal(map[string]string{"content_base64": base64.StdEncoding.EncodeToString(t.text)})
	if err != nil {
		return err
	}
	return p.print(string(out) + "\n")
}

// secrets leaves a command to tiphys secrets.
func (p *plugin) secrets(ctx context.Context, command string, args []string) error {
	if command == "enc" {
		command = "encrypt"
	}
	if asksForHelp(args) {
		return p.print(strings.ReplaceAll(usageOfSecrets, "COMMAND", command))
	}
	if p.Secrets == nil {
		return fmt.Errorf("%s is not part of this program", command)
	}
	if command == "encrypt" {
		if file := args[len(args)-1]; p.isEncrypted(file) {
			return fmt.Errorf("already encrypted: %s", file)
		}
	}
	if code := p.Secrets(ctx, append([]string{command}, args...)); code != 0 {
		return &ExitError{code}
	}
	return nil
}

// download prints the file of a URL for helm, which calls it with the files of
// a TLS client, that are of no use here, and the URL.
func (p *plugin) download(ctx context.Context, args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("downloader takes CERTFILE KEYFILE CAFILE URL, and %d arguments are given", len(args))
	}
	at, err := parsePlace(args[3])
	if err != nil {
		return err
	}
	if !at.ours {
		return fmt.Errorf("%s is not like secrets://FILE", at.file)
	}
	if scheme := at.scheme(); scheme != "" {
		// Whoever writes the URL here may not be who runs helm: Argo CD.
		return fmt.Errorf("%s:// within a URL is not supported, as it would let a manifest read from networks that only this machine can reach: write the address itself after helm secrets -f", scheme)
	}
	t, err := p.read(ctx, at)
	switch {
	case errors.Is(err, errMissing) && (at.optional || p.ignoreMissing):
		return nil
	case err != nil:
		return err
	}
	return p.print(string(t.text))
}

// isEncrypted reports whether there is such a file, and it is encrypted.
func (p *plugin) isEncrypted(file string) bool {
	raw, err := p.readFile(place{file: file, ours: true})
	if err != nil {
		return false
	}
	_, ok := encrypted(file, raw)
	return ok
}
