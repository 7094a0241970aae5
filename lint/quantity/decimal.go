package quantity

import "strings"

// longest is how many digits Decimal writes out; the API server's largest
// quantities have 19 before the point and 9 behind it.
const longest = 64

// Decimal writes the quantity as a number without unit and exponent: 1.5Ki is
// 1536, 500m is 0.5. It is false for one of more digits than anybody can mean.
func (q Quantity) Decimal() (string, bool) {
	if q.units == nil {
		return "0", true
	}
	if n := q.digits(); n > longest || q.scale > longest || q.scale < -longest {
		return "", false
	}
	text, sign := q.units.String(), ""
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		text, sign = rest, "-"
	}
	if q.scale >= 0 {
		return sign + text + strings.Repeat("0", int(q.scale)), true
	}
	behind := int(-q.scale)
	if pad := behind + 1 - len(text); pad > 0 {
		text = strings.Repeat("0", pad) + text
	}
	whole, fraction := text[:len(text)-behind], strings.TrimRight(text[len(text)-behind:], "0")
	if fraction == "" {
		return sign + whole, true
	}
	return sign + whole + "." + fraction, true
}
