package dist

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Release is what release.json says.
type Release struct {
	Version string  `json:"version"`
	Commit  string  `json:"commit"`
	Date    string  `json:"date"` // of the commit
	Go      string  `json:"go"`   // what it was built with, and what builds the same again
	Trial   bool    `json:"trial,omitempty"`
	Images  []Image `json:"images"` // in the registry
	Charts  []Image `json:"charts"` // likewise
	Files   []File  `json:"files"`
}

// An Image, or a chart, is at REGISTRY/REPOSITORY:TAG once it is published.
type Image struct {
	Name       string            `json:"name"`
	Repository string            `json:"repository"`
	Tag        string            `json:"tag"`
	Digest     string            `json:"digest"`
	Platforms  map[string]string `json:"platforms,omitempty"` // their digests
	Archive    string            `json:"archive"`
}

// A File is one of the folder. Kind is program, image, chart, plugin, crds, values, sbom or notes.
type File struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	OS     string `json:"os,omitempty"`
	Arch   string `json:"arch,omitempty"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Names of the two files that tell of the others.
const (
	about = "release.json"
	sums  = "SHA256SUMS"
)

// write writes release.json and, last of all, the sums: a folder without them is not
// done.
func (r *Release) write(dir string) error {
	slices.SortFunc(r.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, about)
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return err
	}
	own, err := sum(path)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for _, f := range append(slices.Clone(r.Files), File{Name: about, SHA256: own}) {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Name)
	}
	return os.WriteFile(filepath.Join(dir, sums), b.Bytes(), 0o644)
}

// Open reads a release from its folder, and checks that all of it is there and as
// its sums say.
func Open(dir string) (*Release, error) {
	text, err := os.ReadFile(filepath.Join(dir, sums))
	if err != nil {
		return nil, fmt.Errorf("open the release in %s, which make release finishes with %s: %w", dir, sums, err)
	}
	said := map[string]string{}
	for line := range strings.Lines(string(text)) {
		want, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if name != filepath.Base(name) {
			return nil, fmt.Errorf("check %s: %q is no name of a file", sums, name)
		}
		got, err := sum(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", sums, err)
		}
		if got != want {
			return nil, fmt.Errorf("check %s: %s is %s, want %s", sums, name, got, want)
		}
		said[name] = want
	}
	text, err = os.ReadFile(filepath.Join(dir, about))
	if err != nil {
		return nil, err
	}
	var r Release
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("read %s: %w", about, err)
	}
	for _, i := range slices.Concat(r.Images, r.Charts) {
		if said[i.Archive] == "" {
			return nil, fmt.Errorf("check %s: there is no sum of %s, which %s names", sums, i.Archive, about)
		}
	}
	return &r, nil
}

func sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
