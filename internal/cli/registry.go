package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/bundle/oci"
)

// registryFlags are how to speak to a registry.
type registryFlags struct {
	plainHTTP bool
	timeout   time.Duration
}

func (f *registryFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.plainHTTP, "plain-http", false, "speak to the registry without TLS")
	c.Flags().DurationVar(&f.timeout, "timeout", 5*time.Minute, "how long the registry may take")
}

func (f *registryFlags) options() oci.Options {
	return oci.Options{PlainHTTP: f.plainHTTP, UserAgent: "tiphys/" + Version()}
}

func (f *registryFlags) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("the registry took more than %s; --timeout allows for more", f.timeout))
}

// registryError sorts an error by whose fault it is: what is not there, or is
// something else, was named wrongly.
func registryError(err error) error {
	if errors.Is(err, oci.ErrNotFound) || errors.Is(err, bundle.ErrNoPackage) {
		return err
	}
	return broken(err)
}

func newPush(s Streams) *cobra.Command {
	f, r := &packageFlags{}, &registryFlags{}
	c := &cobra.Command{
		Use:   "push CHART|FILE " + oci.Scheme + "HOST/REPOSITORY[:TAG]",
		Short: "Put a package into an OCI registry",
		Long: "push puts a package into an OCI registry: that of a chart, or an archive that package\n" +
			"made. Without a TAG, it is the version of the chart. Credentials are those of docker\n" +
			"login and helm registry login.\n\n" +
			"Exit codes: 0 pushed, 1 something in the chart is wrong, 2 usage, 3 tiphys could not\n" +
			"do its work, such as reach the registry.",
		Example: "  tiphys push charts/etl oci://registry.example.com/data/etl\n  tiphys push etl-1.0.0.tiphys.tgz oci://registry.example.com/data/etl:stable",
		Args:    exactly("push", "a chart or an archive, and where to push it to: "+oci.Scheme+"HOST/REPOSITORY", 2),
		RunE: func(c *cobra.Command, args []string) error {
			return f.push(c.Context(), s, r, args[0], args[1])
		},
	}
	r.add(c)
	f.addFormat(c)
	return c
}

func exactly(name, what string, n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return fmt.Errorf("%s takes %s; %d arguments are given", name, what, len(args))
		}
		return nil
	}
}

func (f *packageFlags) push(ctx context.Context, s Streams, r *registryFlags, from, to string) error {
	ref, err := oci.Parse(to)
	if err != nil {
		return err
	}
	p, archive, err := packageOf(s, from)
	if err != nil {
		return err
	}
	limited, cancel := r.limit(ctx)
	defer cancel()
	done, err := oci.Push(limited, ref, p, archive, r.options())
	if err != nil {
		return registryError(err)
	}
	if done.Moved != "" {
		fmt.Fprintf(s.Err, "tiphys: the tag %s has moved: it led to the package %s before\n", done.Reference.Tag, done.Moved)
	}
	return f.print(s.Out, packaged{Reference: done.Reference.String(), Manifest: done.Manifest, Moved: done.Moved}.of(&p.Contents, p.Digest()))
}

// packageOf makes the package of a folder or reads that of an archive.
func packageOf(s Streams, from string) (*bundle.Package, []byte, error) {
	info, err := os.Stat(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, missing(from)
	case err != nil:
		return nil, nil, broken(err)
	case !info.IsDir():
		p, archive, err := bundle.OpenArchive(from)
		if err != nil {
			return nil, nil, contentError(err)
		}
		return p, archive, nil
	}
	p, err := packFolder(s, from)
	if err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		return nil, nil, broken(err)
	}
	return p, b.Bytes(), nil
}

func newPull(s Streams) *cobra.Command {
	f, r, extract := &packageFlags{}, &registryFlags{}, false
	c := &cobra.Command{
		Use:   "pull " + oci.Scheme + "HOST/REPOSITORY[:TAG|@DIGEST]",
		Short: "Fetch a package from an OCI registry",
		Long: "pull fetches a package and checks all of it before a file appears. A tag may lead to\n" +
			"another package tomorrow; @DIGEST, that of the manifest that is printed, never does.\n\n" +
			"Exit codes: 0 pulled, 1 another package of this version is here, 2 usage, such as an\n" +
			"unknown tag, 3 tiphys could not do its work, such as reach the registry.",
		Example: "  tiphys pull oci://registry.example.com/data/etl:1.0.0\n  tiphys pull oci://registry.example.com/data/etl:1.0.0 --extract -d /tmp",
		Args:    exactly("pull", "what to fetch: "+oci.Scheme+"HOST/REPOSITORY:TAG", 1),
		RunE: func(c *cobra.Command, args []string) error {
			return f.pull(c.Context(), s, r, args[0], extract)
		},
	}
	c.Flags().StringVarP(&f.dir, "dir", "d", "", "folder to write to (default: the working directory)")
	c.Flags().BoolVar(&extract, "extract", false, "unpack it into a new folder NAME-VERSION instead of writing the archive")
	r.add(c)
	f.addFormat(c)
	return c
}

func (f *packageFlags) pull(ctx context.Context, s Streams, r *registryFlags, from string, extract bool) error {
	ref, err := oci.Parse(from)
	if err != nil {
		return err
	}
	limited, cancel := r.limit(ctx)
	defer cancel()
	p, archive, found, err := oci.Pull(limited, ref, r.options())
	if err != nil {
		return registryError(err)
	}
	out := packaged{Reference: from, Manifest: found.Manifest}.of(&p.Contents, p.Digest())
	name := filepath.Join(f.dir, p.FileName())
	if extract {
		out.Folder = strings.TrimSuffix(name, bundle.Extension)
		err = unpack(p, out.Folder)
	} else {
		out.Archive = name
		err = keep(p, archive, name, from)
	}
	if err != nil {
		return err
	}
	return f.print(s.Out, out)
}

func unpack(p *bundle.Package, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return broken(err)
	}
	err := p.Extract(dir)
	switch {
	case errors.Is(err, fs.ErrExist):
		return err
	case err != nil:
		return broken(err)
	}
	return nil
}

// keep writes an archive, but never over that of another package: a version
// that is two packages is what one wants to know of.
func keep(p *bundle.Package, archive []byte, name, from string) error {
	switch have, err := bundle.Open(name); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return &exit{exitFindings, fmt.Errorf("%s is something else, and stays as it is: %w", name, err)}
	case have.Digest() != p.Digest():
		return &exit{exitFindings, fmt.Errorf("%s is here and holds the package %s, but %s leads to %s: remove it, or name another folder with -d",
			name, have.Digest(), from, p.Digest())}
	}
	err := save(name, func(w io.Writer) error {
		_, err := w.Write(archive)
		return err
	})
	if err != nil {
		return broken(err)
	}
	return nil
}
