package rollout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// An unpacked package lies in a private folder as long as it is worked with.
// What is encrypted is encrypted there, too.
type unpacked struct {
	top, dir string // dir is in top, and neither is ever shown
	chart    *render.Chart
	set      *environment.Set
	env      *environment.Environment
}

// unpack unpacks the package. Close what it returns, also after an error.
func (j *Job) unpack() (*unpacked, error) {
	u := &unpacked{}
	if j.Package == nil {
		return u, errors.New("open package: there is none")
	}
	var err error
	if u.top, err = os.MkdirTemp("", "tiphys-rollout-"); err != nil {
		return u, fmt.Errorf("open package: %w", err)
	}
	u.dir = filepath.Join(u.top, "package")
	if err := j.Package.Extract(u.dir); err != nil {
		return u, u.plain(err)
	}
	dir := j.Package.ChartDir(u.dir)
	if u.chart, err = render.Load(dir); err != nil {
		return u, refuse(u.plain(err))
	}
	if u.set, err = environment.Open(dir); err != nil {
		return u, u.plain(err)
	}
	if u.env = u.set.Find(j.Environment); u.env == nil {
		names := u.set.Names()
		has := "it has " + strings.Join(names, ", ")
		if len(names) == 0 {
			has = "it has none"
		}
		return u, refuse(fmt.Errorf("the package has no environment %q%s; %s", j.Environment, near.Hint(j.Environment, names), has))
	}
	return u, nil
}

func (u *unpacked) close() {
	if u.top != "" {
		_ = os.RemoveAll(u.top) // what is left is encrypted, and no other run looks at it
	}
}

// plain is an error without the folder: its name is another one each time, and
// tells nobody anything.
func (u *unpacked) plain(err error) error {
	if err == nil {
		return nil
	}
	if text := u.bare(err.Error()); text != err.Error() {
		return &said{text, err}
	}
	return err
}

func (u *unpacked) bare(text string) string {
	if u.dir == "" {
		return text
	}
	return strings.ReplaceAll(text, u.dir+string(filepath.Separator), "")
}

// rename has findings name files as they are in the package.
func (u *unpacked) rename(all []lint.Finding) {
	name := func(f *source.File) {
		if f != nil {
			f.Name = filepath.ToSlash(u.bare(f.Name))
		}
	}
	for i := range all {
		f := &all[i]
		f.Message = u.bare(f.Message)
		name(f.Span.File)
		for k := range f.Related {
			f.Related[k].Message = u.bare(f.Related[k].Message)
			name(f.Related[k].Span.File)
		}
	}
}

// read reads the values for the environment, decrypted in memory.
func (u *unpacked) read(ctx context.Context, decrypt deploy.Decrypt) (*Subject, error) {
	values, err := deploy.Values(u.set, u.chart, u.env)
	if err != nil {
		return nil, u.plain(err)
	}
	s := &Subject{Chart: u.chart, Set: u.set, Values: values}
	s.Inputs, err = deploy.Read(ctx, deploy.Layers(values), render.Sets{}, func(ctx context.Context, name string, text []byte) ([]byte, error) {
		return decrypt(ctx, filepath.ToSlash(u.bare(name)), text)
	}, nil)
	var key *secrets.KeyError
	switch {
	case err == nil:
		return s, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &key):
		return nil, err // the key may come
	}
	return nil, refuse(u.plain(err))
}

// said is an error in words of ours.
type said struct {
	text string
	err  error
}

func (s *said) Error() string { return s.text }

func (s *said) Unwrap() error { return s.err }

func refuse(err error) error { return &release.Refused{Err: err} }
