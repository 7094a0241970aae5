package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/page"
)

const (
	home        = "https://github.com/tiphys-dev/tiphys"
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

// What we use of SARIF 2.1.0, under the names of the standard.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string         `json:"id"`
		Short   *sarifText     `json:"shortDescription,omitempty"`
		Help    *sarifText     `json:"help,omitempty"`
		HelpURI string         `json:"helpUri"`
		Default sarifConfig    `json:"defaultConfiguration"`
		Props   map[string]any `json:"properties,omitempty"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations,omitempty"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Props        map[string]any    `json:"properties,omitempty"`
	}
	sarifLocation struct {
		ID       *int           `json:"id,omitempty"`
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
	sarifLogical struct {
		FullyQualifiedName string `json:"fullyQualifiedName"`
	}
)

func writeSARIF(w io.Writer, r Report) error {
	s := sarif{index: map[string]int{}, seen: map[string]int{}}
	s.run.Tool.Driver = sarifDriver{Name: "tiphys", Version: r.Version, InformationURI: home, Rules: []sarifRule{}}
	s.run.ColumnKind = "unicodeCodePoints"
	s.run.Results = make([]sarifResult, 0, len(r.Findings))
	rules := slices.Clone(r.Rules)
	slices.SortStableFunc(rules, func(a, b *lint.Rule) int { return strings.Compare(a.Name, b.Name) })
	for _, rule := range rules {
		s.rule(rule)
	}
	for i := range r.Findings {
		s.result(&r.Findings[i])
	}
	return encode(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{s.run}})
}

type sarif struct {
	run   sarifRun
	index map[string]int // of rules, by name
	seen  map[string]int // fingerprints, by how often
	at    locators
}

// rule returns the index of a rule, which is added when it is new.
func (s *sarif) rule(r *lint.Rule) int {
	if i, ok := s.index[r.Name]; ok {
		return i
	}
	i := len(s.run.Tool.Driver.Rules)
	s.index[r.Name] = i
	out := sarifRule{
		ID: r.Name, HelpURI: home + "/blob/main/docs/rules/" + r.Name + ".md",
		Default: sarifConfig{Level: level(r.Severity)},
	}
	if title := page.Title(r.Page); title != "" {
		out.Short = &sarifText{Text: title}
		prose := page.Prose(r.Page)
		if prose == "" {
			prose = title
		}
		out.Help = &sarifText{Text: prose, Markdown: prose}
	}
	if r.Topic != "" {
		out.Props = map[string]any{"tags": []string{r.Topic}}
	}
	s.run.Tool.Driver.Rules = append(s.run.Tool.Driver.Rules, out)
	return i
}

func (s *sarif) result(f *lint.Finding) {
	out := sarifResult{
		RuleID: f.Rule.Name, RuleIndex: s.rule(f.Rule), Level: level(f.Severity),
		Message:      sarifText{Text: f.Message + environments(f)},
		Fingerprints: map[string]string{"tiphysFinding/v1": s.fingerprint(f)},
	}
	if f.Policy != "" {
		out.Props = map[string]any{"policy": f.Policy}
	}
	here := sarifLocation{Physical: physical(s.at.finding.place(f.Span))}
	if name := strings.TrimSpace(subject(f.Object) + " " + f.Path); name != "" {
		here.Logical = []sarifLogical{{FullyQualifiedName: name}}
	}
	if here.Physical != nil || here.Logical != nil {
		out.Locations = []sarifLocation{here}
	}
	for i, r := range f.Related {
		l := sarifLocation{ID: &i, Physical: physical(s.at.related.place(r.Span)), Message: &sarifText{Text: r.Message}}
		if r.Path != "" {
			l.Logical = []sarifLogical{{FullyQualifiedName: r.Path}}
		}
		out.Related = append(out.Related, l)
	}
	s.run.Results = append(s.run.Results, out)
}

func level(s lint.Severity) string {
	switch s {
	case lint.Error:
		return "error"
	case lint.Warning:
		return "warning"
	case lint.Info:
		return "note"
	}
	return "none"
}

func physical(p place) *sarifPhysical {
	if p.Line == 0 {
		return nil
	}
	return &sarifPhysical{
		Artifact: sarifArtifact{URI: uri(p.File)},
		Region:   sarifRegion{p.Line, p.Column, p.EndLine, p.EndColumn},
	}
}

// uri makes a reference of a file name: relative to the working directory as
// the name is, percent-encoded.
func uri(name string) string {
	slash := filepath.ToSlash(name)
	u := url.URL{Path: strings.TrimPrefix(slash, "./")}
	if filepath.IsAbs(name) {
		u.Scheme = "file"
		u.Path = "/" + strings.TrimPrefix(slash, "/")
	}
	return u.String()
}

// fingerprint identifies a finding while lines move: by rule, object and path.
// An object without a name goes by its file; the second of two findings that
// would be the same is told by its number.
func (s *sarif) fingerprint(f *lint.Finding) string {
	part := []string{f.Rule.Name, f.Object.Kind, f.Object.Namespace, f.Object.Name, f.Path}
	if f.Object.Name == "" && f.Span.Known() {
		part = append(part, filepath.ToSlash(f.Span.File.Name))
	}
	sum := sha256.Sum256([]byte(strings.Join(part, "\x00")))
	print := hex.EncodeToString(sum[:16])
	s.seen[print]++
	return print + ":" + strconv.Itoa(s.seen[print])
}
