// Package taint finds out where the encrypted values of a chart end up.
//
// A chart is rendered with a canary in place of each encrypted value: a word
// that stands nowhere else. Where a canary lands, the value would. That needs
// no key, and what is printed about it can be no secret.
package taint

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"sync"

	"github.com/tiphys-dev/tiphys/packaging/environment"
)

// A Canary stands for one encrypted value.
type Canary struct {
	// File is where the encrypted value stands, Path its path in it, as
	// environment.Value has it.
	File, Path string

	word   string
	number bool
	forms  [][]byte // what to look for, in lower case
	exact  [][]byte // and as it is: base64 knows cases
}

// A Planter makes canaries. The zero value is ready. Those of one planter are
// different from each other, and a planter must see all values of one rendering.
type Planter struct {
	Canaries []*Canary

	alphabet string // one random word for all, so that no file can hold it by chance
	number   int
}

// alphanumeric is what canaries are made of: it goes through quoting, URLs,
// names of Kubernetes and changes of case unharmed.
const alphanumeric = "bcdfghjklmnpqrstvwxz"

// unit is the length of the word that a canary repeats, so that what is cut
// short is still found.
const unit = 10

// Plant returns a copy of the values of a file with a canary in place of each
// encrypted one, of the type of the plaintext. A bool has no room for a canary
// and becomes true.
func (p *Planter) Plant(file string, values map[string]any) map[string]any {
	return environment.Substitute(values, func(path, typ string) any { return p.canary(file, path, typ) })
}

// File returns a canary for the text of a file that is encrypted as a whole.
func (p *Planter) File(name string) string { return p.canary(name, name, "str").(string) }

func (p *Planter) canary(file, path, kind string) any {
	c := &Canary{File: file, Path: path}
	switch kind {
	case "bool":
		return true
	case "int", "float":
		// Below a million, or templates print it as 1e+06. The fraction tells a
		// float from any number that stands in the chart.
		p.number++
		n := 700001 + 37*p.number%299000
		c.word, c.number = strconv.Itoa(n), true
		c.forms = [][]byte{[]byte(c.word)}
		c.exact = inBase64(c.word)
		p.Canaries = append(p.Canaries, c)
		if kind == "float" {
			c.word += ".5"
			return float64(n) + 0.5
		}
		return float64(n)
	}
	word := p.next()
	c.word = strings.Repeat(word, 3)
	c.forms = [][]byte{[]byte(word), []byte(hex.EncodeToString([]byte(word)))}
	c.exact = inBase64(c.word)
	p.Canaries = append(p.Canaries, c)
	return c.word
}

// next returns a new word: random, so that nothing in the chart holds it, and
// counted, so that no other canary is it.
func (p *Planter) next() string {
	if p.alphabet == "" {
		p.alphabet = seed()
	}
	n, count := len(p.Canaries), make([]byte, 4)
	for i := range count {
		count[i] = alphanumeric[n%len(alphanumeric)]
		n /= len(alphanumeric)
	}
	return p.alphabet + string(count)
}

// seed is random for each process, and made once: what is planted twice is the
// same, so that two renderings can be compared.
var seed = sync.OnceValue(func() string {
	b := make([]byte, unit-4)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = alphanumeric[int(b[i])%len(alphanumeric)]
	}
	return string(b)
})

// inBase64 returns what to look for to find the word in base64, and in base64 of
// that, as a password is in the data of a registry's Secret.
func inBase64(word string) [][]byte {
	// A part of it is enough to be sure, and finds what was cut short.
	const enough = 16
	var once, twice [][]byte
	for shift := range 3 {
		inner := core(word, shift)
		once = append(once, []byte(inner[:min(len(inner), enough)]))
		for shift := range 3 {
			if outer := core(inner, shift); len(outer) >= enough { // what is made of a number may be there by chance
				twice = append(twice, []byte(outer[:enough]))
			}
		}
	}
	return append(once, twice...)
}

// core returns the part of the base64 of the word, behind shift other bytes,
// that does not depend on what stands around it.
func core(word string, shift int) string {
	text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), word...))
	skip := []int{0, 2, 3}[shift] // characters that the bytes before take part in
	whole := (shift + len(word)) / 3 * 4
	return text[skip:whole]
}

// A Hit is a canary in a text.
type Hit struct {
	Canary *Canary
	// Start is the offset of the first byte.
	Start int
}

// Find returns the canaries in a text in plain, hexadecimal or base64, in any
// case, the first place of each, in the order of the canaries.
func (p *Planter) Find(text []byte) []Hit {
	if len(p.Canaries) == 0 {
		return nil
	}
	lower := bytes.ToLower(text)
	var all []Hit
	for _, c := range p.Canaries {
		at := -1
		see := func(i int) {
			if i >= 0 && (at < 0 || i < at) {
				at = i
			}
		}
		for _, f := range c.forms {
			see(index(lower, f, c.number))
		}
		for _, f := range c.exact {
			see(bytes.Index(text, f))
		}
		if at >= 0 {
			all = append(all, Hit{c, min(at, max(0, len(text)-1))})
		}
	}
	return all
}

// index finds a word; a number only where no other digit stands beside it.
func index(text, word []byte, number bool) int {
	digit := func(i int) bool { return i >= 0 && i < len(text) && '0' <= text[i] && text[i] <= '9' }
	for from := 0; ; {
		i := bytes.Index(text[from:], word)
		if i < 0 {
			return -1
		}
		i += from
		if !number || !digit(i-1) && !digit(i+len(word)) {
			return i
		}
		from = i + 1
	}
}

// Holds reports whether the text holds any canary.
func (p *Planter) Holds(text string) bool { return len(p.Find([]byte(text))) > 0 }
