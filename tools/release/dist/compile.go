package dist

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// compile builds a program for a system, and returns where it is. Nothing of the machine is
// in it: no paths, no C, no settings of Go but those here. What the version control says
// of the commit is, so that go version -m tells where a binary is from.
func (b *builder) compile(ctx context.Context, p Program, system string) (string, error) {
	goos, goarch, _ := strings.Cut(system, "/")
	out := filepath.Join(b.work, p.Name+"_"+goos+"_"+goarch)
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-mod=readonly",
		"-ldflags", "-s -w -buildid= -X "+b.project.Version+"="+b.source.Version, "-o", out, p.Package)
	c.Dir, c.Stderr = b.source.Root, os.Stderr
	c.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly",
		"GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GODEBUG=", "GOFIPS140=off")
	// It ends what it runs itself when it is told to, and not when it is killed.
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	if err := errors.Join(c.Run(), ctx.Err()); err != nil {
		return "", fmt.Errorf("build %s for %s: %w", p.Name, system, err)
	}
	return out, nil
}
