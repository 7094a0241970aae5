package bundle

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/packaging/environment"
)

// What keeps files out of a package. Like those of environment, these rules are
// run by no linter: they give findings their name and severity.
var (
	ruleDecrypted = rule("secrets-decrypted", "A decrypted copy of a file of secrets")
	ruleKey       = rule("private-key", "A private key that opens secrets")
)

// Rules returns the rules of findings of New.
func Rules() []*lint.Rule { return append(environment.Rules(), ruleDecrypted, ruleKey) }

func rule(name, title string) *lint.Rule {
	return &lint.Rule{Name: name, Severity: lint.Error, Topic: "package", Page: title + "\n"}
}

// privateKey matches what opens encrypted files; nothing else that looks like
// a key is our business.
var privateKey = regexp.MustCompile(`AGE-SECRET-KEY-(?:PQ-)?1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}|-----BEGIN PGP PRIVATE KEY BLOCK-----`)

// refused returns what must not be in a package: secrets in the clear, and
// environments that cannot be read.
func refused(set *environment.Set, files []file) []lint.Finding {
	found := slices.DeleteFunc(slices.Clone(set.Findings), func(f lint.Finding) bool { return f.Severity < lint.Error })
	for _, f := range files {
		switch {
		case privateKey.Match(f.data):
			found = append(found, finding(ruleKey, f, "this holds a private key, which opens the secrets: nobody must get it with the chart; move it away"+ignoreIt(f)))
		case decrypted(f.path):
			found = append(found, finding(ruleDecrypted, f, "this is called like a decrypted copy of a file of secrets: delete it"+ignoreIt(f)))
		case f.secrets || f.env == "" && namedSecrets(f.path) && !object(f):
			found = append(found, environment.Clear(f.from, f.data)...)
		}
	}
	return found
}

// ignoreIt is how else to keep a file of a chart out of a package.
func ignoreIt(f file) string {
	if f.env != "" {
		return ""
	}
	return fmt.Sprintf(", or list it in .helmignore as %q", path.Base(f.path))
}

// finding points at the file and shows none of it.
func finding(r *lint.Rule, f file, message string) lint.Finding {
	return lint.Finding{Rule: r, Severity: r.Severity, Span: source.Span{File: source.NewFile(f.from, nil)}, Message: message}
}

// decrypted reports whether a file has a name that programs give to what they
// decrypt: secrets.yaml.dec, secrets.dec.yaml.
func decrypted(name string) bool {
	parts := strings.Split(strings.ToLower(path.Base(name)), ".")
	return slices.ContainsFunc(parts[1:], func(p string) bool { return p == "dec" || p == "decrypted" })
}

// namedSecrets reports whether a file of a chart is called as if it were one of
// encrypted values: secrets.yaml, secrets.prod.yaml, prod.secrets.json. What
// lies in templates/ makes Secrets and is none.
func namedSecrets(name string) bool {
	dir, base := path.Split(strings.ToLower(name))
	if strings.Contains("/"+dir, "/templates/") || strings.Contains("/"+dir, "/crds/") {
		return false
	}
	ext := path.Ext(base)
	if ext != ".yaml" && ext != ".yml" && ext != ".json" {
		return false
	}
	parts := strings.FieldsFunc(strings.TrimSuffix(base, ext), func(r rune) bool { return strings.ContainsRune("._-", r) })
	if slices.ContainsFunc(parts, func(p string) bool { return p == "schema" || p == "example" || p == "sample" }) {
		return false
	}
	return slices.Contains(parts, "secrets") || slices.Contains(parts, "secret")
}

// object reports whether the file holds objects of Kubernetes, such as a
// workflow that is called rotate-secrets.yaml.
func object(f file) bool {
	for _, d := range manifest.Parse(source.NewFile(f.from, f.data)) {
		if d.Root.Get("kind").Text() != "" && d.Root.Get("apiVersion").Text() != "" {
			return true
		}
	}
	return false
}
