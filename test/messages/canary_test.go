// Package messages looks for secrets in everything that the programs say and
// leave behind. A canary is planted in each place where a secret can be; then
// everything is done that can be done, well and badly, and each canary is looked
// for in what was printed, logged, recorded, served and left in files, and on the
// command lines of what was started.
package messages

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A canary stands for one secret.
type canary struct {
	place string
	word  string
	forms [][]byte // in lower case, but for those of base64
	exact [][]byte
}

// A cage holds all canaries of a test.
type cage struct {
	t   *testing.T
	mu  sync.Mutex
	all []*canary
}

// plant makes a canary for a place. It is of letters and digits only, so that
// quoting and the escapes of URLs leave it as it is.
func (c *cage) plant(place string) string {
	c.t.Helper()
	text := make([]byte, 24)
	rand.Read(text)
	for i := range text {
		text[i] = "bcdfghjkmnpqrstvwxzBCDFGHJKMNPQRSTVWXZ23456789"[int(text[i])%46]
	}
	return c.add(place, string(text))
}

// add makes a canary of a secret that somebody else has made.
func (c *cage) add(place, word string) string {
	c.t.Helper()
	if len(word) < 16 {
		c.t.Fatalf("the secret of %s is too short to be looked for", place)
	}
	one := &canary{place: place, word: word, forms: [][]byte{bytes.ToLower([]byte(word)), []byte(hex.EncodeToString([]byte(word)))}}
	for shift := range 3 { // where a group of base64 begins
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), word...))
		text = strings.TrimRight(text, "=")
		from, to := (shift*4+2)/3, len(text)-1 // what depends on its neighbours is left out
		one.exact = append(one.exact, []byte(text[from:to]))
		if safe := strings.NewReplacer("+", "-", "/", "_").Replace(text[from:to]); safe != text[from:to] {
			one.exact = append(one.exact, []byte(safe))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, one)
	return word
}

// in returns the places whose canaries are in a text, but for some.
func (c *cage) in(text []byte, but ...string) (places []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lower := bytes.ToLower(text)
	for _, one := range c.all {
		found := slices.ContainsFunc(one.forms, func(f []byte) bool { return bytes.Contains(lower, f) }) ||
			slices.ContainsFunc(one.exact, func(f []byte) bool { return bytes.Contains(text, f) })
		if found && !slices.Contains(but, one.place) {
			places = append(places, one.place)
		}
	}
	return places
}

// check fails the test for each canary in a text.
func (c *cage) check(where string, text []byte, but ...string) {
	c.t.Helper()
	for _, place := range c.in(text, but...) {
		c.t.Errorf("the secret of %s is in %s:\n%s", place, where, c.around(text, place))
	}
}

// around shows a text around a canary, which is taken out.
func (c *cage) around(text []byte, place string) string {
	for _, one := range c.all {
		if one.place != place {
			continue
		}
		if at := bytes.Index(bytes.ToLower(text), one.forms[0]); at >= 0 {
			return fmt.Sprintf("%s<the secret>%s", text[max(0, at-400):at], text[at+len(one.word):min(len(text), at+len(one.word)+200)])
		}
		for _, f := range one.exact {
			if at := bytes.Index(text, f); at >= 0 {
				return fmt.Sprintf("%s<the secret in base64>", text[max(0, at-400):at])
			}
		}
	}
	return ""
}

// TestCage: a canary is found in all its forms, and nowhere else.
func TestCage(t *testing.T) {
	c := &cage{t: t}
	word := c.plant("a test")
	for name, text := range map[string]string{
		"as it is": "x" + word + "y", "in other letters": strings.ToUpper(word), "in hex": hex.EncodeToString([]byte("a" + word)),
		"in base64": base64.StdEncoding.EncodeToString([]byte(word)), "in base64, shifted": base64.StdEncoding.EncodeToString([]byte("a:" + word + "b")),
		"in base64, shifted by one": base64.URLEncoding.EncodeToString([]byte("a" + word)), "as basic authentication": base64.StdEncoding.EncodeToString([]byte("user:" + word)),
	} {
		if c.in([]byte(text)) == nil {
			t.Errorf("it is not found %s", name)
		}
	}
	if got := c.in([]byte(word[:20] + " " + word[4:])); got != nil {
		t.Errorf("%v is found in what is another word", got)
	}
}
