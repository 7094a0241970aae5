// Package bundle makes packages: one chart with the files of the environments
// that it is deployed with, secrets still encrypted, in one archive.
//
// A package is its files and a list of them, package.json. The list has one
// form only, and its SHA-256 is the digest of the package: it changes when a
// file that is deployed changes, and with nothing else. So a folder, an archive
// of it, and an archive that another version compressed in another way all have
// the same digest, and whoever has an archive can check it with sha256sum.
//
// An unpacked package works as a folder: the chart lies in charts/NAME, the
// environments above it in environments/. Nothing is decrypted here, and what is
// found lying in the clear is never shown.
package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
)

// Format is the form of a package that this package writes and reads.
const Format = "tiphys.dev/package/v1"

// Extension is what the name of an archive ends with.
const Extension = ".tiphys.tgz"

// The names in a package.
const (
	listName           = "package.json"
	chartsFolder       = "charts"
	environmentsFolder = "environments"
)

// The bounds of a package. Helm stores at most 1 MiB of a release, so they are
// far above what can be deployed.
const (
	mostFiles = 5000
	mostBytes = 64 << 20 // of all files
	mostFile  = 5 << 20  // of one
	mostList  = 2 << 20  // of the list of files
	mostPath  = 256
	// MostArchive bounds the size of an archive.
	MostArchive = mostBytes + mostList + mostFiles*2048
)

// Contents are what a package says of itself.
type Contents struct {
	Format string `json:"format"`
	// Name and Version are those of the chart.
	Name    string `json:"name"`
	Version string `json:"version"`
	// Environments are in the order of promotion.
	Environments []string `json:"environments"`
	// Files are sorted by path.
	Files []Entry `json:"files"`
}

// An Entry is a file in a package.
type Entry struct {
	// Path is relative to the package, with slashes.
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// A Package is a package in memory, checked. It must not be changed.
type Package struct {
	Contents

	list  []byte            // package.json
	files map[string][]byte // by path
}

// seal makes a package of files whose paths were checked.
func seal(c Contents, files map[string][]byte) (*Package, error) {
	c.Format = Format
	for _, name := range sortedKeys(files) {
		c.Files = append(c.Files, entry(name, files[name]))
	}
	list, err := c.encode()
	if err != nil {
		return nil, err
	}
	p := &Package{Contents: c, list: list, files: files}
	switch err := c.check(); {
	case err != nil:
		return nil, err
	case len(list) > mostList:
		return nil, fmt.Errorf("the list of its files has %d bytes, and at most %d are allowed", len(list), mostList)
	}
	return p, p.checkChart()
}

func entry(name string, data []byte) Entry {
	sum := sha256.Sum256(data)
	return Entry{Path: name, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}

// encode returns the one form that a list has.
func (c *Contents) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(c)
	return b.Bytes(), err
}

// Digest returns the address of the package, sha256:HEX.
func (p *Package) Digest() string { return DigestOf(p.list) }

// DigestOf returns the digest of a package whose package.json is list.
func DigestOf(list []byte) string {
	sum := sha256.Sum256(list)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// List returns package.json. It must not be changed.
func (p *Package) List() []byte { return p.list }

// FileName returns what an archive of the package is called.
func (p *Package) FileName() string { return p.Name + "-" + p.Version + Extension }

// ChartDir returns where the chart is when the package is unpacked in dir.
func (p *Package) ChartDir(dir string) string { return filepath.Join(dir, chartsFolder, p.Name) }

// chartPath returns the path in a package of a file of its chart.
func chartPath(chart, name string) string { return path.Join(chartsFolder, chart, name) }
