package manifest

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const tagPrefix = "tag:yaml.org,2002:"

// resolve gives a plain scalar the type and value that YAML 1.1 readers in Go
// give it.
func resolve(s string) (Kind, string) {
	if s == "" {
		return Null, ""
	}
	switch c := s[0]; {
	case c >= '0' && c <= '9', c == '-', c == '+', c == '.':
		if decimal(s) {
			return Int, s
		}
		n := parseNumber(s)
		return n.json(s)
	case len(s) > 5:
	case strings.IndexByte("yYnNtTfFoO~", c) >= 0:
		return word(s)
	}
	return String, s
}

// word resolves the words that mean true, false or null.
func word(s string) (Kind, string) {
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return Bool, "true"
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return Bool, "false"
	case "~", "null", "Null", "NULL":
		return Null, ""
	}
	return String, s
}

// decimal reports whether s is an integer as JSON writes it, and small. Most
// numbers are.
func decimal(s string) bool {
	digits := s
	if s[0] == '-' {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > 18 || digits[0] == '0' && len(s) > 1 {
		return false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return true
}

// A number is what YAML 1.1 makes of text that may be a number.
type number struct {
	form  byte // 'i' int64, 'u' uint64, 'f' float64, 0 no number
	int   int64
	uint  uint64
	float float64
}

func parseNumber(s string) number {
	switch s {
	case ".nan", ".NaN", ".NAN":
		return number{form: 'f', float: math.NaN()}
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return number{form: 'f', float: math.Inf(1)}
	case "-.inf", "-.Inf", "-.INF":
		return number{form: 'f', float: math.Inf(-1)}
	}
	if !numeric(s) {
		return number{}
	}
	if s[0] != '.' {
		s = strings.ReplaceAll(s, "_", "")
		if i, err := strconv.ParseInt(s, 0, 64); err == nil {
			return number{form: 'i', int: i}
		}
		if u, err := strconv.ParseUint(s, 0, 64); err == nil {
			return number{form: 'u', uint: u}
		}
		if !decimalFloat(s) {
			return signedBinary(s)
		}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return number{form: 'f', float: f}
	}
	return number{}
}

// numeric reports whether s is made of what numbers are made of. It keeps
// versions, dates and quantities away from strconv.
func numeric(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		case c == '+', c == '-', c == '.', c == '_', c == 'x', c == 'X', c == 'o', c == 'O':
		default:
			return false
		}
	}
	return true
}

// decimalFloat reports whether s is a number in decimal notation.
func decimalFloat(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole := digits(s)
	s = s[whole:]
	fraction := 0
	if s != "" && s[0] == '.' {
		fraction = digits(s[1:])
		s = s[1+fraction:]
	}
	if whole+fraction == 0 {
		return false
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '-' || s[0] == '+') {
			s = s[1:]
		}
		n := digits(s)
		if n == 0 {
			return false
		}
		s = s[n:]
	}
	return s == ""
}

func digits(s string) int {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

// signedBinary reads 0b-101, which Go's YAML 1.1 readers take for a number.
func signedBinary(s string) number {
	if rest, ok := strings.CutPrefix(s, "0b"); ok {
		if i, err := strconv.ParseInt(rest, 2, 64); err == nil {
			return number{form: 'i', int: i}
		}
	}
	return number{}
}

// json returns the number as JSON has it. Infinity and NaN, which JSON does
// not have, keep a form that is no JSON.
func (n number) json(s string) (Kind, string) {
	switch n.form {
	case 'i':
		return Int, strconv.FormatInt(n.int, 10)
	case 'u':
		return Int, strconv.FormatUint(n.uint, 10)
	case 'f':
		v := formatFloat(n.float)
		if strings.ContainsAny(v, ".eNI") {
			return Float, v
		}
		return Int, v
	}
	return String, s
}

// formatFloat writes f as encoding/json does.
func formatFloat(f float64) string {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	s := strconv.FormatFloat(f, format, -1, 64)
	if n := len(s); format == 'e' && n >= 4 && s[n-4:n-1] == "e-0" {
		s = s[:n-2] + s[n-1:] // e-09 is e-9
	}
	return s
}

// finite reports whether a number can be written in JSON.
func finite(n *Node) bool {
	return n.Kind != Float || strings.IndexByte("NI", n.Value[len(n.Value)-1-min(2, len(n.Value)-1)]) < 0
}

// keyText returns what a number is called as a key. sigs.k8s.io/yaml prints
// floats as keys in another way than as values. ok is false for integers that
// it refuses.
func keyText(s string) (text string, ok bool) {
	switch n := parseNumber(s); n.form {
	case 'u':
		return "", false
	case 'f':
		switch text = strconv.FormatFloat(n.float, 'g', -1, 32); text {
		case "+Inf":
			return ".inf", true
		case "-Inf":
			return "-.inf", true
		case "NaN":
			return ".nan", true
		}
		return text, true
	default:
		_, text = n.json(s)
		return text, true
	}
}

// resolveTag gives a scalar the type that its tag asks for. problem tells why
// it cannot have it.
func resolveTag(tag, s string) (kind Kind, value, problem string) {
	short := "!!" + strings.TrimPrefix(tag, tagPrefix)
	switch tag {
	case tagPrefix + "binary":
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return String, "", "the !!binary value is not base64"
		}
		return String, validText(b), ""
	case tagPrefix + "timestamp":
		if !timestamp(s) {
			return String, "", quote(s) + " is not a date, but its tag says !!timestamp"
		}
		return String, s, ""
	case tagPrefix + "null", tagPrefix + "bool", tagPrefix + "int", tagPrefix + "float":
	default:
		return String, s, ""
	}
	kind, value = resolve(s)
	n := number{}
	if kind == Int || kind == Float {
		n = parseNumber(s)
	}
	ok := false
	switch short {
	case "!!null":
		ok = kind == Null
	case "!!bool":
		ok = kind == Bool
	case "!!int":
		ok = n.form == 'i' || n.form == 'u'
	case "!!float":
		ok = n.form == 'i' || n.form == 'f'
		if n.form == 'i' {
			kind, value = number{form: 'f', float: float64(n.int)}.json(s)
		}
	}
	if !ok {
		return kind, "", quote(s) + " is not what its tag " + short + " says"
	}
	return kind, value, ""
}

// validText replaces what is not UTF-8, as encoding/json does.
func validText(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		s.WriteRune(r)
		b = b[n:]
	}
	return s.String()
}

// timestamp reports whether s is a date that YAML 1.1 readers in Go know.
func timestamp(s string) bool {
	if digits(s) != 4 {
		return false
	}
	for _, layout := range []string{
		"2006-1-2T15:4:5.999999999Z07:00", "2006-1-2t15:4:5.999999999Z07:00", "2006-1-2 15:4:5.999999999", "2006-1-2",
	} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}
