// Package quantity reads Kubernetes resource quantities: 500m, 1.5Gi, 2e3.
//
// It accepts what the API server accepts and compares as it does, without
// Kubernetes' own code.
package quantity

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// A Quantity is an exact amount. The zero Quantity is 0.
type Quantity struct {
	// The amount is units * 10^scale; units is nil for 0.
	units *big.Int
	scale int64
}

// The suffixes of decimal and binary units, with their exponents.
var (
	decimal = map[string]int64{"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
	binary  = map[string]uint{"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
)

// slips are suffixes that are written by mistake.
var slips = map[string]string{
	"K": "k or Ki", "KB": "k or Ki", "kB": "k or Ki", "kb": "k or Ki", "ki": "Ki", "KiB": "Ki",
	"MB": "M or Mi", "Mb": "M or Mi", "mb": "M or Mi", "mi": "Mi", "MiB": "Mi",
	"GB": "G or Gi", "Gb": "G or Gi", "gb": "G or Gi", "g": "G or Gi", "gi": "Gi", "GiB": "Gi",
	"TB": "T or Ti", "Tb": "T or Ti", "tb": "T or Ti", "t": "T or Ti", "ti": "Ti", "TiB": "Ti",
	"cpu": "nothing", "cores": "nothing", "core": "nothing",
}

// Parse reads a quantity. An error says what is wrong in the words of house
// style, without naming s.
func Parse(s string) (Quantity, error) {
	if s == "" {
		return Quantity{}, errors.New("a quantity is empty")
	}
	number, suffix := split(s)
	if err := wellFormed(s, number, suffix); err != nil {
		return Quantity{}, err
	}
	negative := strings.HasPrefix(number, "-")
	whole, fraction, _ := strings.Cut(strings.TrimLeft(number, "+-"), ".")
	whole = strings.TrimLeft(whole, "0")
	if number == s && whole == "" && strings.Trim(fraction, "0") == "" {
		return Quantity{}, nil
	}
	q := Quantity{units: new(big.Int)}
	if _, ok := q.units.SetString("0"+whole+fraction, 10); !ok {
		return Quantity{}, fmt.Errorf("%q is no number", number)
	}
	q.scale = -int64(len(fraction))
	shift, isBinary := binary[suffix]
	if isBinary {
		q.units.Lsh(q.units, shift)
	} else {
		e, _ := exponent(suffix)
		q.scale += e
	}
	q.round()
	if limit := big.NewInt(math.MaxInt64); isBinary && q.magnitude(limit) > 0 {
		q = Quantity{units: limit} // the API server caps what is written in binary units
	}
	if negative {
		q.units.Neg(q.units)
	}
	return q.normal(), nil
}

// split cuts the number, with its sign, from the suffix.
func split(s string) (number, suffix string) {
	i := 0
	if s[0] == '+' || s[0] == '-' {
		i++
	}
	i = digits(s, i)
	if i < len(s) && s[i] == '.' {
		i = digits(s, i+1)
	}
	return s[:i], s[i:]
}

func digits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

// most bounds the length, and with it the time to compare: Kubernetes has no
// bound, but nothing that long is a quantity.
const most = 4096

func wellFormed(s, number, suffix string) error {
	switch {
	case len(s) > most:
		return fmt.Errorf("a quantity of %d characters is not read", len(s))
	case strings.Trim(s, " \t\r\n") != s:
		return errors.New("a quantity has no spaces around it")
	}
	shift, isBinary := binary[suffix]
	e, isDecimal := exponent(suffix)
	bare := strings.Trim(number, "+-.") == ""
	// A unit without a number is 0 to the API server, but for very large and
	// very small ones.
	if isBinary && !(bare && shift > 40) || isDecimal && !(bare && e < -9) {
		return nil
	}
	if bare {
		return fmt.Errorf("%q does not begin with a number", s)
	}
	if right, ok := slips[strings.TrimSpace(suffix)]; ok {
		return fmt.Errorf("%q is no unit; write %s after the number", strings.TrimSpace(suffix), right)
	}
	return fmt.Errorf("%q is no unit: one of n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei, or an exponent such as e3", suffix)
}

// exponent returns the power of ten that a decimal suffix stands for.
func exponent(suffix string) (int64, bool) {
	if e, ok := decimal[suffix]; ok {
		return e, true
	}
	if len(suffix) < 2 || suffix[0] != 'e' && suffix[0] != 'E' {
		return 0, false
	}
	e, err := strconv.ParseInt(suffix[1:], 10, 64)
	return int64(int32(e)), err == nil // the API server keeps 32 bits of it
}

// round takes what is smaller than a billionth up to the next billionth.
func (q *Quantity) round() {
	if q.units.Sign() == 0 {
		*q = Quantity{units: new(big.Int)}
		return
	}
	drop := -9 - q.scale
	if drop <= 0 {
		return
	}
	q.scale = -9
	if drop > int64(q.digits()) {
		q.units.SetInt64(1)
		return
	}
	rest := new(big.Int)
	q.units.QuoRem(q.units, power(drop), rest)
	if rest.Sign() != 0 {
		q.units.Add(q.units, big.NewInt(1))
	}
}

func power(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }

// digits returns the number of decimal digits of the units.
func (q *Quantity) digits() int { return len(new(big.Int).Abs(q.units).String()) }

// magnitude compares a quantity that is not negative with a whole number.
func (q *Quantity) magnitude(n *big.Int) int { return q.Cmp(Quantity{units: n}) }

// normal makes 0 the zero Quantity.
func (q Quantity) normal() Quantity {
	if q.units == nil || q.units.Sign() == 0 {
		return Quantity{}
	}
	return q
}

// Sign returns -1, 0 or 1.
func (q Quantity) Sign() int {
	if q.units == nil {
		return 0
	}
	return q.units.Sign()
}

// Cmp returns -1, 0 or 1 as q is less than, equal to or more than other.
func (q Quantity) Cmp(other Quantity) int {
	if a, b := q.Sign(), other.Sign(); a != b || a == 0 {
		return cmp.Compare(a, b)
	}
	// Numbers of different magnitude are told apart without writing them out.
	if a, b := int64(q.digits())+q.scale, int64(other.digits())+other.scale; a != b {
		if (a < b) == (q.Sign() > 0) {
			return -1
		}
		return 1
	}
	a, b := q.units, other.units
	switch {
	case q.scale > other.scale:
		a = new(big.Int).Mul(a, power(q.scale-other.scale))
	case other.scale > q.scale:
		b = new(big.Int).Mul(b, power(other.scale-q.scale))
	}
	return a.Cmp(b)
}
