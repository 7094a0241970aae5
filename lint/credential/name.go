// Package credential tells credentials from other text: by the shape of well
// known tokens, and by the names that people give to what they keep secret.
//
// It would rather miss one than take a harmless word for one.
package credential

import "strings"

// Kind is how sure a name is to name a credential.
type Kind uint8

// The kinds of names.
const (
	None Kind = iota
	// Object names are those that as often name a Kubernetes Secret as its
	// content: db-secret, aws-credentials.
	Object
	// Value names are those of a credential itself: DB_PASSWORD, apiToken.
	Value
)

// Named reports what a name like DB_PASSWORD, db-password or dbPassword stands
// for. The last word decides: TOKEN_PATH and SECRET_NAME are no credentials.
func Named(name string) Kind {
	if len(name) > 128 {
		return None
	}
	last, before := lastWords(name)
	if switches[before] {
		return None
	}
	switch last {
	case "password", "passwd", "passphrase", "pwd", "apikey", "authtoken", "accesstoken", "apitoken", "bearertoken",
		"secretkey", "privatekey", "accesskey", "clientsecret", "pat":
		if last == "pwd" && before == "" || last == "pat" && !vendors[before] {
			return None // the shell's working directory, a pattern
		}
		return Value
	case "token":
		if harmlessTokens[before] {
			return None
		}
		return Value
	case "key":
		if keys[before] {
			return Value
		}
	case "pass":
		if logins[before] {
			return Value
		}
	case "secret":
		if secrets[before] {
			return Value
		}
		return Object
	case "credential", "credentials", "creds":
		return Object
	}
	if strings.HasSuffix(last, "password") || strings.HasSuffix(last, "passwd") {
		return Value // PGPASSWORD
	}
	return None
}

// switches go before a credential where the name is of a setting: use_token.
var switches = words("no use has is require requires needs reset forgot show print ask prompt rotate skip with without")

// harmlessTokens go before "token" where it is text of a language model or a
// place in a list.
var harmlessTokens = words("bos eos pad unk cls sep mask special stop start end begin next page continue continuation max min num prefix suffix resume sync image first last per lookup separator csrf")

// keys go before "key" where it opens something.
var keys = words("api access private secret signing encryption auth account license master storage service ssh")

// logins go before "pass" where it is short for password.
var logins = words("db database user admin root smtp mail email mysql postgres pg redis mongo ftp sftp ssh http proxy basic auth registry docker git login sql jdbc")

// secrets go before "secret" where it is the thing itself.
var secrets = words("client app api jwt shared session signing webhook consumer oauth hmac cookie")

// vendors go before "pat" where it is a personal access token.
var vendors = words("github gitlab azure databricks devops git ado gh snowflake")

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// lastWords returns the last two words of a name in lower case; a number at
// the end, as in TOKEN_2, does not count.
func lastWords(name string) (last, before string) {
	name = strings.TrimRight(name, "-_.0123456789")
	if cut, ok := strings.CutSuffix(strings.ToLower(name), "_base"); ok {
		name = name[:len(cut)] // SECRET_KEY_BASE
	}
	from := start(name)
	last = strings.ToLower(name[from:])
	name = strings.TrimRight(name[:from], "-_.")
	return last, strings.ToLower(name[start(name):])
}

// start returns where the last word of a name begins: after a separator, or at
// a capital after a small letter.
func start(name string) int {
	for i := len(name) - 1; i > 0; i-- {
		c, p := name[i], name[i-1]
		if p == '-' || p == '_' || p == '.' || p == '/' || p == ' ' || upper(c) && (lower(p) || digit(p)) {
			return i
		}
	}
	return 0
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }
func lower(c byte) bool { return c >= 'a' && c <= 'z' }
func digit(c byte) bool { return c >= '0' && c <= '9' }
func alnum(c byte) bool { return upper(c) || lower(c) || digit(c) }
