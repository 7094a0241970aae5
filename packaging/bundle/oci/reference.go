// Package oci keeps packages in OCI registries: an artifact whose config is
// the package.json of the package and whose one layer is its archive. So the
// digest of the config is that of the package, and a registry can be asked for
// it without fetching the archive.
//
// What is pushed depends on the package alone, no time and no name of a machine
// is in it: the same archive makes the same manifest everywhere.
package oci

import (
	"fmt"
	"strings"

	"oras.land/oras-go/v2/registry"
)

// Scheme is what references begin with.
const Scheme = "oci://"

// A Reference names a repository, and a tag or a digest in it or neither.
type Reference struct {
	// Registry is HOST or HOST:PORT.
	Registry, Repository string
	// Tag and Digest, that of a manifest, are not both set.
	Tag, Digest string
}

// Parse reads oci://HOST/REPOSITORY, with :TAG or @DIGEST at its end or without.
func Parse(text string) (Reference, error) {
	rest, ok := strings.CutPrefix(text, Scheme)
	if host, _, _ := strings.Cut(rest, "/"); strings.Contains(host, "@") {
		// It is not shown: what is before the @ may be a password.
		return Reference{}, fmt.Errorf("the reference has credentials in it: write %sHOST/REPOSITORY:TAG, and log in with docker login or helm registry login", Scheme)
	}
	if !ok {
		return Reference{}, fmt.Errorf("%q is no reference: write %sHOST/REPOSITORY:TAG", text, Scheme)
	}
	ref, err := registry.ParseReference(rest)
	if err != nil || ref.Repository == "" {
		return Reference{}, fmt.Errorf("%q is no reference: write %sHOST/REPOSITORY:TAG, the repository in lower case", text, Scheme)
	}
	r := Reference{Registry: ref.Registry, Repository: ref.Repository}
	if ref.ValidateReferenceAsDigest() == nil {
		r.Digest = ref.Reference
		if name, _, _ := strings.Cut(rest, "@"); strings.Contains(name[strings.Index(name, "/"):], ":") {
			return Reference{}, fmt.Errorf("%q names a tag and a digest: write one of them, as only the digest counts", text)
		}
	} else {
		r.Tag = ref.Reference
	}
	return r, nil
}

// name returns the tag or the digest.
func (r Reference) name() string {
	if r.Digest != "" {
		return r.Digest
	}
	return r.Tag
}

// Name returns the reference without its tag or digest.
func (r Reference) Name() string { return Scheme + r.Registry + "/" + r.Repository }

// String returns the reference as Parse reads it.
func (r Reference) String() string {
	switch {
	case r.Digest != "":
		return r.Name() + "@" + r.Digest
	case r.Tag != "":
		return r.Name() + ":" + r.Tag
	}
	return r.Name()
}

// TagOf returns the tag of a version. A tag can hold no +, and Helm writes _ too.
func TagOf(version string) string { return strings.ReplaceAll(version, "+", "_") }
