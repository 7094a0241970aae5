// Package names holds the syntaxes of names in Kubernetes and Argo Workflows.
//
// Each function answers why a name is refused, as the end of a sentence that
// begins with the name (contains "_"; use letters, digits and dashes), the byte
// offset of what is wrong, and whether the name is good; of a good name the
// reason is empty and the offset 0.
package names

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// rule is a syntax: what a name is made of, how it begins and ends.
type rule struct {
	letters func(c byte) bool
	// first and last are for the ends, nil where they are like the rest.
	first, last func(c byte) bool
	most        int // bytes, 0 for any length
	// use says what the name may hold; begin and end what its ends may be.
	use, begin, end string
}

func lower(c byte) bool      { return c >= 'a' && c <= 'z' }
func letter(c byte) bool     { return lower(c | 0x20) }
func digit(c byte) bool      { return c >= '0' && c <= '9' }
func alnum(c byte) bool      { return letter(c) || digit(c) }
func lowerAlnum(c byte) bool { return lower(c) || digit(c) }

var (
	label = rule{
		letters: func(c byte) bool { return lowerAlnum(c) || c == '-' },
		first:   lowerAlnum, last: lowerAlnum, most: 63,
		use: "use lower case letters, digits and dashes", begin: "begin with a lower case letter or a digit", end: "end with a lower case letter or a digit",
	}
	labelValue = rule{
		letters: func(c byte) bool { return alnum(c) || c == '-' || c == '_' || c == '.' },
		first:   alnum, last: alnum, most: 63,
		use: "use letters, digits, dashes, underscores and dots", begin: "begin with a letter or a digit", end: "end with a letter or a digit",
	}
	template = rule{
		letters: func(c byte) bool { return alnum(c) || c == '-' },
		first:   alnum, most: 128,
		use: "use letters, digits and dashes", begin: "begin with a letter or a digit",
	}
	parameter = rule{
		letters: func(c byte) bool { return alnum(c) || c == '-' || c == '_' },
		use:     "use letters, digits, dashes and underscores",
	}
	metric = rule{
		letters: func(c byte) bool { return alnum(c) || c == '_' },
		first:   func(c byte) bool { return letter(c) || c == '_' },
		use:     "use letters, digits and underscores", begin: "begin with a letter or an underscore",
	}
	variable = rule{
		letters: func(c byte) bool { return alnum(c) || c == '-' || c == '_' || c == '.' },
		first:   func(c byte) bool { return !digit(c) },
		use:     "use letters, digits, dashes, underscores and dots", begin: "begin with a letter, an underscore, a dash or a dot",
	}
	configKey = rule{letters: variable.letters, most: 253, use: variable.use}
)

func (r *rule) check(s string) (reason string, at int, ok bool) {
	if s == "" {
		return "is empty", 0, false
	}
	for i := range len(s) {
		if !r.letters(s[i]) {
			return fmt.Sprintf("contains %q; %s", letterAt(s, i), r.use), i, false
		}
	}
	if r.first != nil && !r.first(s[0]) {
		return fmt.Sprintf("begins with %q; %s", s[:1], r.begin), 0, false
	}
	if end := len(s) - 1; r.last != nil && !r.last(s[end]) {
		return fmt.Sprintf("ends with %q; %s", s[end:], r.end), end, false
	}
	if r.most > 0 && len(s) > r.most {
		return fmt.Sprintf("has %d characters; at most %d are allowed", len(s), r.most), r.most, false
	}
	return "", 0, true
}

// letterAt returns the whole letter of which the byte is the first.
func letterAt(s string, i int) string {
	_, n := utf8.DecodeRuneInString(s[i:])
	return s[i : i+n]
}

// Label checks a DNS label (RFC 1123), which names namespaces and containers.
func Label(s string) (reason string, at int, ok bool) { return label.check(s) }

// Subdomain checks a DNS subdomain (RFC 1123), which names most objects.
func Subdomain(s string) (reason string, at int, ok bool) {
	if s == "" {
		return "is empty", 0, false
	}
	for part := range strings.SplitSeq(s, ".") {
		if part == "" {
			return "has a dot without a name on each side", min(at, len(s)-1), false
		}
		long := label
		long.most = 0 // only the whole is limited
		if reason, i, ok := long.check(part); !ok {
			if strings.HasPrefix(reason, "contains") {
				reason = strings.Replace(reason, "digits and dashes", "digits, dashes and dots", 1)
			}
			return reason, at + i, false
		}
		at += len(part) + 1
	}
	if len(s) > 253 {
		return fmt.Sprintf("has %d characters; at most 253 are allowed", len(s)), 253, false
	}
	return "", 0, true
}

// LabelKey checks the key of a label or annotation: name or prefix/name.
func LabelKey(s string) (reason string, at int, ok bool) {
	prefix, name, prefixed := strings.Cut(s, "/")
	if !prefixed {
		return labelValue.check(s)
	}
	if i := strings.IndexByte(name, '/'); i >= 0 {
		return `has more than one "/"`, len(prefix) + 1 + i, false
	}
	if reason, at, ok := Subdomain(prefix); !ok {
		return "has a prefix that " + reason, at, false
	}
	if reason, at, ok := labelValue.check(name); !ok {
		return `after the "/" ` + reason, len(prefix) + 1 + at, false
	}
	return "", 0, true
}

// LabelValue checks the value of a label, which may be empty.
func LabelValue(s string) (reason string, at int, ok bool) {
	if s == "" {
		return "", 0, true
	}
	return labelValue.check(s)
}

// Template checks the name of a template, step, task or container of a
// containerSet, by Argo's rule.
func Template(s string) (reason string, at int, ok bool) { return template.check(s) }

// Parameter checks the name of a parameter, by Argo's rule.
func Parameter(s string) (reason string, at int, ok bool) { return parameter.check(s) }

// Artifact checks the name of an artifact, by Argo's rule.
func Artifact(s string) (reason string, at int, ok bool) { return parameter.check(s) }

// Metric checks the name of a metric, or the key of one of its labels.
func Metric(s string) (reason string, at int, ok bool) { return metric.check(s) }

// EnvVar checks the name of an environment variable, as clusters before
// Kubernetes 1.34 do; newer ones take any printable ASCII but "=".
func EnvVar(s string) (reason string, at int, ok bool) {
	if s == "." || strings.HasPrefix(s, "..") {
		return "begins like a path", 0, false
	}
	return variable.check(s)
}

// ConfigKey checks a key of a ConfigMap or Secret.
func ConfigKey(s string) (reason string, at int, ok bool) {
	if s == "." || strings.HasPrefix(s, "..") {
		return "begins like a path", 0, false
	}
	return configKey.check(s)
}
