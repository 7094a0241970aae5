package files

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
)

// Authorities are the certificates of a file, by which others are verified.
type Authorities struct {
	Path string
	Log  *slog.Logger

	pool atomic.Pointer[x509.CertPool]
	text []byte
}

// Pool returns the authorities, nil while there are none.
func (a *Authorities) Pool() *x509.CertPool { return a.pool.Load() }

// Run reads the file until ctx ends. What cannot be read does not replace what
// could.
func (a *Authorities) Run(ctx context.Context) error { return follow(ctx, a.Read, a.Log) }

var errNoAuthority = errors.New("there is no certificate in it")

// Read reads the file once. It is not for several goroutines.
func (a *Authorities) Read() error {
	text, err := os.ReadFile(a.Path)
	if err != nil {
		return fmt.Errorf("read the authorities of clients: %w", err)
	}
	if bytes.Equal(text, a.text) {
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return fmt.Errorf("read the authorities of clients in %s: %w", a.Path, errNoAuthority)
	}
	a.pool.Store(pool)
	a.text = text
	if a.Log != nil {
		a.Log.Info("authorities of clients are read", "file", a.Path)
	}
	return nil
}
