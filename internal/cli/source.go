package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/bundle/oci"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// A chartSource is a chart with its environments and its digest, wherever it
// came from.
type chartSource struct {
	dir    string // of the chart
	set    *environment.Set
	chart  *render.Chart
	digest string
	temp   string // what was unpacked, "" for a folder of the user
}

// remove removes what was unpacked.
func (c *chartSource) remove() error {
	if c.temp == "" {
		return nil
	}
	return os.RemoveAll(c.temp)
}

// openSource opens a folder, an archive or a reference of a command line. The
// latter two are unpacked into a private folder, secrets still encrypted, until
// they are removed.
func openSource(ctx context.Context, from string, r *registryFlags) (*chartSource, error) {
	var p *bundle.Package
	var err error
	info, statErr := os.Stat(from)
	switch {
	case strings.HasPrefix(from, oci.Scheme):
		p, err = pullPackage(ctx, from, r)
	case errors.Is(statErr, os.ErrNotExist):
		return nil, missing(from)
	case statErr != nil:
		return nil, broken(statErr)
	case info.IsDir():
		return openFolder(&chartSource{dir: from})
	default:
		if p, err = bundle.Open(from); err != nil {
			err = contentError(err)
		}
	}
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "tiphys-")
	if err != nil {
		return nil, broken(err)
	}
	c := &chartSource{temp: temp, dir: p.ChartDir(filepath.Join(temp, "package"))}
	if err = p.Extract(filepath.Join(temp, "package")); err != nil {
		err = broken(err)
	} else {
		c, err = openFolder(c)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(temp))
	}
	return c, nil
}

func openFolder(c *chartSource) (_ *chartSource, err error) {
	if c.set, c.chart, err = openChart(c.dir); err != nil {
		return nil, err
	}
	if c.digest, err = bundle.Digest(c.set, c.chart); err != nil {
		return nil, contentError(err)
	}
	return c, nil
}

func pullPackage(ctx context.Context, from string, r *registryFlags) (*bundle.Package, error) {
	ref, err := oci.Parse(from)
	if err != nil {
		return nil, err
	}
	limited, cancel := r.limit(ctx)
	defer cancel()
	p, _, _, err := oci.Pull(limited, ref, r.options())
	if err != nil {
		return nil, registryError(err)
	}
	return p, nil
}
