package taint

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func cipher(kind string) string { return "ENC[AES256_GCM,data:AA,iv:AA,tag:AA,type:" + kind + "]" }

func TestPlantKeepsShapeAndTypes(t *testing.T) {
	p := &Planter{}
	got := p.Plant("secrets.yaml", map[string]any{
		"a": map[string]any{"b": cipher("str"), "plain": "ENC is no ciphertext"},
		"n": cipher("int"), "f": cipher("float"), "t": cipher("bool"),
		"l": []any{cipher("str"), float64(1), nil},
	})
	a := got["a"].(map[string]any)
	word, isText := a["b"].(string)
	_, isInt := got["n"].(float64)
	if !isText || !isInt || got["t"] != true || a["plain"] != "ENC is no ciphertext" || len(word) != 3*unit {
		t.Errorf("got %v", got)
	}
	var paths []string
	for _, c := range p.Canaries {
		paths = append(paths, c.Path)
	}
	if d := cmp.Diff([]string{"a.b", "f", "l[0]", "n"}, paths); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	again := (&Planter{}).Plant("secrets.yaml", map[string]any{"a": map[string]any{"b": cipher("str"), "plain": "ENC is no ciphertext"},
		"n": cipher("int"), "f": cipher("float"), "t": cipher("bool"), "l": []any{cipher("str"), float64(1), nil}})
	if d := cmp.Diff(got, again); d != "" {
		t.Errorf("planted twice it is not the same:\n%s", d)
	}
}

// TestFind holds that what templates do to a value does not hide it.
func TestFind(t *testing.T) {
	p := &Planter{}
	planted := p.Plant("secrets.yaml", map[string]any{"first": cipher("str"), "second": cipher("str"), "port": cipher("int")})
	word, other, port := planted["first"].(string), planted["second"].(string), fmt.Sprint(planted["port"])
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":              {"nothing at all", nil},
		"as it is":             {"a: " + word, []string{"first"}},
		"in capitals":          {strings.ToUpper(word), []string{"first"}},
		"cut short":            {word[:unit+3], []string{"first"}},
		"cut off at the front": {word[7:], []string{"first"}},
		"in base64":            {base64.StdEncoding.EncodeToString([]byte(word)), []string{"first"}},
		"in base64, behind one byte": {
			base64.StdEncoding.EncodeToString([]byte(":" + word)), []string{"first"},
		},
		"in base64, behind two bytes and before more": {
			base64.StdEncoding.EncodeToString([]byte("u:" + word + "@host")), []string{"first"},
		},
		"in base64 of base64": {
			base64.StdEncoding.EncodeToString([]byte(`{"auth":"` + base64.StdEncoding.EncodeToString([]byte("me:"+word)) + `"}`)), []string{"first"},
		},
		"in base64 for URLs":             {base64.RawURLEncoding.EncodeToString([]byte("u:" + word)), []string{"first"}},
		"in hexadecimal":                 {hex.EncodeToString([]byte(word)), []string{"first"}},
		"both":                           {word + other, []string{"first", "second"}},
		"a number":                       {"port: " + port, []string{"port"}},
		"a number in a URL":              {"http://x:" + port + "/", []string{"port"}},
		"a number in base64":             {base64.StdEncoding.EncodeToString([]byte(port)), []string{"port"}},
		"a longer number is another one": {"1" + port, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, h := range p.Find([]byte(c.text)) {
				got = append(got, h.Canary.Path)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestManyCanariesAreDifferent(t *testing.T) {
	p := &Planter{}
	values := map[string]any{}
	for i := range 2000 {
		values[fmt.Sprint(i)] = cipher("str")
	}
	seen := map[string]bool{}
	for _, v := range p.Plant("f", values) {
		if seen[v.(string)] {
			t.Fatalf("%v stands for two", v)
		}
		seen[v.(string)] = true
	}
}
