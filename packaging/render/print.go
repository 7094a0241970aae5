package render

import (
	"bufio"
	"fmt"
	"io"
	"maps"

	"helm.sh/helm/v3/pkg/releaseutil"
)

// Write prints the manifests as helm template does: in the order in which they
// are installed, each with its source, hooks last. The error is that of w, or
// of a text that cannot be split into manifests.
func (o *Output) Write(w io.Writer) error {
	hooks, manifests, err := releaseutil.SortManifests(maps.Clone(o.Files), nil, releaseutil.InstallOrder)
	if err != nil {
		return fmt.Errorf("sort manifests: %w", err)
	}
	b := bufio.NewWriter(w)
	for _, m := range manifests {
		fmt.Fprintf(b, "---\n# Source: %s\n%s\n", m.Name, m.Content)
	}
	for _, h := range hooks {
		fmt.Fprintf(b, "---\n# Source: %s\n%s\n", h.Path, h.Manifest)
	}
	return b.Flush()
}
