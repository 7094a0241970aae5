package credential

import "strings"

// A Match is a credential at the bytes [From, To) of a text.
type Match struct {
	From, To int
	// What it is: "an AWS access key".
	What string
	// Shown is how much of its beginning may be shown: what all of its kind
	// have in common.
	Shown int
}

// least is the length of the shortest text that can hold a credential of a
// known shape: x://:p@h.
const least = 8

// Find returns the first credential in text[from:] that is known by its shape.
// It reads the text once.
func Find(text string, from int) (Match, bool) {
	if len(text)-from < least {
		return Match{}, false
	}
	inWord := from > 0 && word(text[from-1])
	for i := from; i < len(text); i++ {
		c := text[i]
		if c == ':' && strings.HasPrefix(text[i:], "://") {
			if m, ok := userinfo(text, i); ok {
				return m, true
			}
		}
		if c == '-' && strings.HasPrefix(text[i:], begin) {
			if m, ok := pem(text, i); ok {
				return m, true
			}
		}
		now := word(c)
		if now && !inWord && starts[c] {
			if m, ok := token(text, i); ok {
				return m, true
			}
		}
		inWord = now
	}
	return Match{}, false
}

func word(c byte) bool { return alnum(c) || c == '_' }

// A shape is a token by its prefix and the number of characters after it.
type shape struct {
	prefix      string
	least, most int // most is 0 when there is no bound
	set         func(byte) bool
	what        string
}

var shapes = [...]shape{
	{"AKIA", 16, 16, capital, "an AWS access key"},
	{"ASIA", 16, 16, capital, "an AWS access key"},
	{"AIza", 30, 40, dashed, "a Google API key"},
	{"ya29.", 20, 0, dashed, "a Google access token"},
	{"ghp_", 16, 0, alnum, "a GitHub token"},
	{"gho_", 16, 0, alnum, "a GitHub token"},
	{"ghu_", 16, 0, alnum, "a GitHub token"},
	{"ghs_", 16, 0, alnum, "a GitHub token"},
	{"ghr_", 16, 0, alnum, "a GitHub token"},
	{"github_pat_", 20, 0, word, "a GitHub token"},
	{"glpat-", 16, 0, dashed, "a GitLab token"},
	{"xoxb-", 10, 0, dashed, "a Slack token"},
	{"xoxp-", 10, 0, dashed, "a Slack token"},
	{"xoxa-", 10, 0, dashed, "a Slack token"},
	{"xoxr-", 10, 0, dashed, "a Slack token"},
	{"xoxs-", 10, 0, dashed, "a Slack token"},
	{"sk_live_", 10, 0, alnum, "a Stripe key"},
	{"rk_live_", 10, 0, alnum, "a Stripe key"},
	{"sk-ant-", 20, 0, dashed, "an Anthropic API key"},
	{"sk-proj-", 20, 0, dashed, "an OpenAI API key"},
	{"sk-", 32, 64, alnum, "an API key"},
	{"hf_", 30, 40, alnum, "a Hugging Face token"},
	{"dapi", 32, 34, dashed, "a Databricks token"},
	{"npm_", 36, 36, alnum, "an npm token"},
	{"pypi-AgE", 40, 0, dashed, "a PyPI token"},
	{"SG.", 40, 0, dotted, "a SendGrid key"},
	{"eyJ", 30, 0, dotted, "a JSON Web Token"},
}

// starts are the first bytes of shapes.
var starts = func() (set [256]bool) {
	for _, s := range shapes {
		set[s.prefix[0]] = true
	}
	return set
}()

func capital(c byte) bool { return upper(c) || digit(c) }
func dashed(c byte) bool  { return word(c) || c == '-' }
func dotted(c byte) bool  { return dashed(c) || c == '.' }

// token matches the shapes at text[i:].
func token(text string, i int) (Match, bool) {
	for _, s := range shapes {
		if text[i] != s.prefix[0] || !strings.HasPrefix(text[i:], s.prefix) {
			continue
		}
		from := i + len(s.prefix)
		to := from
		if s.prefix == "eyJ" && !jwt(text[i:]) {
			continue
		}
		for to < len(text) && s.set(text[to]) && (s.most == 0 || to-from <= s.most) {
			to++
		}
		n := to - from
		if n < s.least || s.most > 0 && n > s.most || to < len(text) && word(text[to]) {
			continue
		}
		if !varied(text[from:to]) {
			continue
		}
		return Match{i, to, s.what, len(s.prefix)}, true
	}
	return Match{}, false
}

// jwt reports whether s begins with two parts of a JSON Web Token, both JSON
// objects in base64. How far it looks is bounded.
func jwt(s string) bool {
	head, rest, ok := strings.Cut(s[:min(len(s), 512)], ".")
	if !ok || !strings.HasPrefix(rest, "eyJ") {
		return false
	}
	for i := range len(head) {
		if !dashed(head[i]) {
			return false
		}
	}
	return true
}

// varied tells a token from a row of the same letter that stands for one.
func varied(s string) bool { return strings.Trim(s, s[:1]) != "" }

const begin = "-----BEGIN "

// pem matches a private key with at least some of its content.
func pem(text string, i int) (Match, bool) {
	head, rest, ok := strings.Cut(text[i+len(begin):min(len(text), i+120)], "-----")
	if !ok || !strings.HasSuffix(head, "PRIVATE KEY") && head != "PGP PRIVATE KEY BLOCK" {
		return Match{}, false
	}
	body := strings.TrimLeft(rest, " \t\r\n\\nr")
	if len(body) < 4 || strings.ContainsAny(body[:4], "-<{$. *\"'") {
		return Match{}, false
	}
	to := i + len(begin) + len(head) + len("-----")
	return Match{i, to, "a private key", to - i}, true
}

// userinfo matches the password of a URL whose "://" is at text[i:].
func userinfo(text string, i int) (Match, bool) {
	from := i + len("://")
	if i == 0 || !alnum(text[i-1]) {
		return Match{}, false
	}
	colon := 0
	for at := from; at < len(text); at++ {
		switch c := text[at]; {
		case c == '@':
			if colon == 0 || at == colon+1 || at+1 >= len(text) || !word(text[at+1]) && text[at+1] != '[' && text[at+1] != '{' && text[at+1] != '$' {
				return Match{}, false
			}
			if pass := text[colon+1 : at]; indirect(pass) || placeholder(pass) || strings.ContainsAny(pass, "{}$<>") {
				return Match{}, false
			}
			return Match{colon + 1, at, "a password in a URL", 0}, true
		case c == ':' && colon == 0:
			colon = at
		case c <= ' ' || c == '/' || c == '"' || c == '\'' || c == '`' || c == '\\' || c == '?' || c == '#' || c == ',' || c == ')':
			return Match{}, false
		}
	}
	return Match{}, false
}

// Mask returns what of a credential may be shown: enough to find it again, not
// enough to use it.
func Mask(s string, shown int) string {
	if shown > 4 {
		shown = min(shown, len(s)/2)
	}
	if len(s) < 8 {
		shown = 0
	}
	return s[:min(shown, len(s))] + "…"
}
