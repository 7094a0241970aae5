package credential

import "strings"

// Literal reports whether value, given to a name of this kind, is the
// credential itself, and not a placeholder, a reference or a setting.
func Literal(kind Kind, value string) bool {
	value = strings.TrimSpace(value)
	switch {
	case kind == None, len(value) < 3, strings.Contains(value, "{{"), indirect(value), placeholder(value):
		return false
	case kind == Object:
		return !objectName(value)
	}
	return true
}

// indirect reports whether a value says where the credential is.
func indirect(s string) bool {
	if i := strings.IndexByte(s, '$'); i >= 0 && i+1 < len(s) && (s[i+1] == '{' || s[i+1] == '(' || i == 0 && alnum(s[1]) && upper(s[1])) {
		return true
	}
	switch s[0] {
	case '/', '~', '`', '%':
		return true // a file, a command, a format
	case '.':
		return strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../")
	}
	if _, rest, ok := strings.Cut(s, "://"); ok {
		return !strings.Contains(rest, "@")
	}
	return strings.HasPrefix(s, "vault:") || strings.HasPrefix(s, "ENC[") || strings.HasPrefix(s, "arn:aws:")
}

// settings are values that a credential never has.
var settings = words("true false yes no on off none null nil undefined default disabled enabled required optional string todo tbd redacted hidden masked replaceme")

func placeholder(s string) bool {
	low := strings.ToLower(s)
	switch {
	case settings[low], short(s):
		return true
	case s[0] == '<' || s[0] == '[' || s[0] == '{' || strings.HasSuffix(s, "..."):
		return true
	case strings.Trim(low, "x") == "", strings.Trim(s, "*") == "", strings.Trim(s, ".") == "", strings.Trim(s, "-") == "":
		return true
	}
	for _, begin := range []string{"your-", "your_", "your ", "replace_", "replace-", "replace ", "insert-", "insert_", "placeholder", "dummy", "not-set", "notset", "unset"} {
		if strings.HasPrefix(low, begin) {
			return true
		}
	}
	return false
}

// short reports whether s is a number that counts something rather than opens it.
func short(s string) bool {
	return len(s) < 6 && strings.Trim(s, "0123456789.") == ""
}

// objectName reports whether s looks like the name of a Kubernetes object:
// words with dashes between, like regcred or aws-s3-creds.
func objectName(s string) bool {
	for part := range strings.SplitSeq(s, "-") {
		letters, digits := 0, 0
		for i := range len(part) {
			switch c := part[i]; {
			case lower(c):
				letters++
			case digit(c):
				digits++
			default:
				return false
			}
		}
		if letters+digits == 0 || letters > 0 && digits > 0 && len(part) > 3 {
			return false
		}
	}
	return true
}
