// Package files reads certificates that others keep in files, as cert-manager does
// in a mounted Secret, and follows their changes.
package files

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// A Directory holds tls.crt and tls.key.
type Directory struct {
	Path string
	Log  *slog.Logger

	leaf  atomic.Pointer[tls.Certificate]
	texts [2][]byte
}

// Certificate returns the certificate to serve, nil while there is none.
func (d *Directory) Certificate() *tls.Certificate { return d.leaf.Load() }

// interval is how often the files are read: they are small, and reading them
// depends on no notice of the file system that might not come.
const interval = 10 * time.Second

// Run reads the files until ctx ends. What cannot be read does not replace what
// could: files are seldom written at the same moment.
func (d *Directory) Run(ctx context.Context) error { return follow(ctx, d.Read, d.Log) }

func follow(ctx context.Context, read func() error, log *slog.Logger) error {
	for {
		if err := read(); err != nil && log != nil {
			log.Warn("certificate", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(interval):
		}
	}
}

// Read reads the files once. It is not for several goroutines.
func (d *Directory) Read() error {
	var texts [2][]byte
	for i, name := range []string{"tls.crt", "tls.key"} {
		text, err := os.ReadFile(filepath.Join(d.Path, name))
		if err != nil {
			return fmt.Errorf("read the certificate: %w", err)
		}
		texts[i] = text
	}
	if bytes.Equal(texts[0], d.texts[0]) && bytes.Equal(texts[1], d.texts[1]) {
		return nil
	}
	c, err := tls.X509KeyPair(texts[0], texts[1])
	if err != nil {
		return fmt.Errorf("read the certificate in %s: %w", d.Path, err)
	}
	d.leaf.Store(&c)
	d.texts = texts
	if d.Log != nil {
		d.Log.Info("certificate", "served", c.Leaf.SerialNumber.Text(16), "until", c.Leaf.NotAfter)
	}
	return nil
}
