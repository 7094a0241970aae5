// Package image reads container image references, like
// registry.example.com:5000/team/etl:1.4@sha256:0123...
package image

import (
	"fmt"
	"strings"
)

// A Ref is an image reference taken apart.
type Ref struct {
	// Registry is "" when none is written.
	Registry, Name, Tag, Digest string
}

// A Problem is why no registry can have an image, at the bytes [From, To).
type Problem struct {
	From, To int
	Message  string
}

// Parse takes a reference apart. The problem is nil when there is none.
func Parse(s string) (Ref, *Problem) {
	if i := strings.IndexAny(s, " \t\r\n"); i >= 0 {
		return Ref{}, &Problem{i, i + 1, "there is a space in it"}
	}
	if i := strings.Index(s, "://"); i >= 0 {
		return Ref{}, &Problem{0, i + 3, fmt.Sprintf("it begins with %q, and an image is no URL: leave that out", s[:i+3])}
	}
	var r Ref
	rest := s
	if i := strings.IndexByte(rest, '@'); i >= 0 {
		r.Digest = rest[i+1:]
		if why := digest(r.Digest); why != "" {
			return r, &Problem{i + 1, len(s), why}
		}
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, '/') {
		r.Tag = rest[i+1:]
		if why := tag(r.Tag); why != "" {
			return r, &Problem{min(i+1, len(s)-1), i + 1 + len(r.Tag), why}
		}
		rest = rest[:i]
	}
	start := 0
	if host, path, ok := strings.Cut(rest, "/"); ok && registry(host) {
		r.Registry, start, rest = host, len(host)+1, path
	}
	r.Name = rest
	return r, name(s, start, rest)
}

// registry reports whether the first part of a reference is a host and no
// folder of the default registry.
func registry(s string) bool {
	return s == "localhost" || strings.ContainsAny(s, ".:")
}

func name(s string, at int, rest string) *Problem {
	if rest == "" {
		return &Problem{0, len(s), "it has no repository name"}
	}
	for part := range strings.SplitSeq(rest, "/") {
		if part == "" {
			return &Problem{max(at-1, 0), min(at+1, len(s)), "there is nothing between two slashes of it"}
		}
		if from, to := span(part, upper); from < to {
			return &Problem{at + from, at + to, fmt.Sprintf("a repository name has no upper case: write %q", strings.ToLower(part))}
		}
		if from, to := span(part, foreign); from < to {
			return &Problem{at + from, at + to, fmt.Sprintf("a repository name has no %q", part[from:to])}
		}
		if strings.Trim(part, "._-") != part {
			return &Problem{at, at + len(part), fmt.Sprintf("%q neither begins nor ends with a letter or digit", part)}
		}
		at += len(part) + 1
	}
	return nil
}

// span returns the first bytes of s from the first to the last of one run for
// which is holds.
func span(s string, is func(byte) bool) (int, int) {
	for i := range len(s) {
		if is(s[i]) {
			j := i + 1
			for j < len(s) && is(s[j]) {
				j++
			}
			return i, j
		}
	}
	return 0, 0
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }

func foreign(c byte) bool {
	return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-'
}

func tag(s string) string {
	switch {
	case s == "":
		return "the tag after \":\" is empty"
	case len(s) > 128:
		return fmt.Sprintf("a tag has at most 128 characters, not %d", len(s))
	case s[0] == '.' || s[0] == '-':
		return fmt.Sprintf("a tag does not begin with %q", s[:1])
	}
	if from, to := span(s, func(c byte) bool { return foreign(c) && !upper(c) }); from < to {
		return fmt.Sprintf("a tag has no %q", s[from:to])
	}
	return ""
}

func digest(s string) string {
	algorithm, hex, ok := strings.Cut(s, ":")
	if !ok || algorithm == "" {
		return "the digest after \"@\" is not like sha256:0123…"
	}
	if from, to := span(hex, func(c byte) bool { return (c < 'a' || c > 'f') && (c < '0' || c > '9') }); from < to {
		return fmt.Sprintf("a digest has hexadecimal digits, not %q", hex[from:to])
	}
	if want := map[string]int{"sha256": 64, "sha512": 128}[algorithm]; want != 0 && len(hex) != want {
		return fmt.Sprintf("a %s digest has %d digits, not %d", algorithm, want, len(hex))
	}
	return ""
}
