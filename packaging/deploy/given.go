package deploy

import (
	"context"
	"errors"
	"fmt"

	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// given applies what a command line sets. A file for --set-file may be
// encrypted as a whole: its plaintext goes to the open values alone.
type given struct {
	ctx     context.Context
	in      *Inputs
	read    func(name string) ([]byte, error)
	decrypt Decrypt
	whole   bool // everything encrypted was opened
}

func (g *given) apply(sets render.Sets) error {
	if err := sets.Apply(g.in.Sealed, g.file(func(name string) (string, error) { return environment.Cipherfile(name), nil })); err != nil {
		return err
	}
	if err := sets.Apply(g.in.Planted, g.file(func(name string) (string, error) {
		g.in.Encrypted = true
		return g.in.Planter.File(name), nil
	})); err != nil {
		return err
	}
	return sets.Apply(g.in.Open, g.file(g.open))
}

// file returns what reads a file for --set-file; closed stands for the text of
// one that is encrypted.
func (g *given) file(closed func(name string) (string, error)) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		text, err := g.read(name)
		if err != nil || !secrets.Encrypted(name, text) {
			return text, err
		}
		shown, err := closed(name)
		return []byte(shown), err
	}
}

func (g *given) open(name string) (string, error) {
	text, err := g.read(name)
	if err != nil {
		return "", err
	}
	if g.decrypt == nil {
		g.whole = false
		return Placeholder, nil
	}
	plain, err := g.decrypt(g.ctx, name, text)
	if errors.Is(err, ErrClosed) {
		g.whole = false
		return Placeholder, nil
	}
	if err != nil {
		return "", fmt.Errorf("--set-file: %w", err)
	}
	g.in.conceal(name, string(plain))
	return string(plain), nil
}
