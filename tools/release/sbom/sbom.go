// Package sbom writes what a program or an image is made of, as CycloneDX.
package sbom

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/tiphys-dev/tiphys/tools/release/modules"
)

// A Program is a binary of ours.
type Program struct {
	Name, Version string
	Package       string // its import path
	System        string // like linux/amd64
	Hash          string // the SHA-256 of the binary, in hex
	Licence       string // SPDX
	Modules       []modules.Module
	At            time.Time
}

// An Image is what a program is in.
type Image struct {
	Repository, Digest string
	Roots              string // the version of the certificate authorities in it
}

// Of writes the bill of a program, or of the image that it is in.
func Of(p Program, in *Image) ([]byte, error) {
	program := p.component()
	all := []cdx.Component{}
	linked := cdx.Dependency{Ref: program.BOMRef, Dependencies: &[]string{}}
	for _, m := range p.Modules {
		c := library(m)
		all = append(all, c)
		*linked.Dependencies = append(*linked.Dependencies, c.BOMRef)
	}
	subject, dependencies := program, []cdx.Dependency{linked}
	if in != nil {
		roots := authorities(in.Roots)
		subject = in.component(p)
		all = append([]cdx.Component{program, roots}, all...)
		dependencies = append(dependencies, cdx.Dependency{Ref: subject.BOMRef, Dependencies: &[]string{program.BOMRef, roots.BOMRef}})
	}
	bom := cdx.NewBOM()
	bom.SerialNumber = serial(subject.BOMRef, p.Hash)
	bom.Metadata = &cdx.Metadata{Timestamp: p.At.UTC().Format(time.RFC3339), Component: &subject}
	bom.Components, bom.Dependencies = &all, &dependencies
	var b bytes.Buffer
	if err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("write the bill of materials of %s: %w", p.Name, err)
	}
	return b.Bytes(), nil
}

func (p Program) component() cdx.Component {
	system, architecture, _ := strings.Cut(p.System, "/")
	purl := fmt.Sprintf("pkg:golang/%s@%s?goarch=%s&goos=%s&type=module", p.Package, url.QueryEscape(p.Version), architecture, system)
	return cdx.Component{
		BOMRef: purl, Type: cdx.ComponentTypeApplication, Name: p.Name, Version: p.Version, PackageURL: purl,
		Hashes:   &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: p.Hash}},
		Licenses: licences([]string{p.Licence}),
	}
}

func (i Image) component(p Program) cdx.Component {
	_, architecture, _ := strings.Cut(p.System, "/")
	purl := fmt.Sprintf("pkg:oci/%s@%s?arch=%s&repository_url=%s", p.Name, url.QueryEscape(i.Digest), architecture, url.QueryEscape(i.Repository))
	return cdx.Component{
		BOMRef: purl, Type: cdx.ComponentTypeContainer, Name: i.Repository, Version: p.Version, PackageURL: purl,
		Hashes:   &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: strings.TrimPrefix(i.Digest, "sha256:")}},
		Licenses: licences([]string{p.Licence}),
	}
}

func authorities(version string) cdx.Component {
	purl := "pkg:golang/golang.org/x/crypto/x509roots/fallback@" + url.QueryEscape(version) + "?type=module"
	return cdx.Component{
		BOMRef: purl, Type: cdx.ComponentTypeData, Name: "certificate authorities of Mozilla", Version: version, PackageURL: purl,
		Licenses: licences([]string{"MPL-2.0"}),
	}
}

func library(m modules.Module) cdx.Component {
	purl := "pkg:golang/" + m.Path + "@" + url.QueryEscape(m.Version) + "?type=module"
	c := cdx.Component{
		BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: purl,
		Scope: cdx.ScopeRequired, Licenses: licences(m.Licences),
	}
	if m.Path == "stdlib" {
		c.PackageURL = "pkg:golang/stdlib@" + m.Version
	}
	// The sum of Go is a SHA-256 too: of the list of the files of the module.
	if b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:")); err == nil && len(b) == sha256.Size {
		c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(b)}}
	}
	return c
}

// spdx are the identifiers that are used as such; any other is only a name.
var spdx = map[string]bool{
	"0BSD": true, "Apache-2.0": true, "BSD-2-Clause": true, "BSD-3-Clause": true, "CC0-1.0": true, "CC-BY-3.0": true, "CC-BY-4.0": true, "CC-BY-SA-4.0": true,
	"ISC": true, "MIT": true, "MIT-0": true, "MPL-2.0": true, "Unlicense": true, "Zlib": true,
}

func licences(ids []string) *cdx.Licenses {
	if len(ids) == 0 {
		return nil
	}
	all := cdx.Licenses{}
	for _, id := range ids {
		if spdx[id] {
			all = append(all, cdx.LicenseChoice{License: &cdx.License{ID: id}})
		} else {
			all = append(all, cdx.LicenseChoice{License: &cdx.License{Name: id}})
		}
	}
	return &all
}

// serial is a number like a random one, but the same for the same thing.
func serial(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80 // version 8: made as one likes
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
