package image_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/image"
)

func TestParse(t *testing.T) {
	const digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for text, want := range map[string]image.Ref{
		"python":                             {Name: "python"},
		"python:3.13":                        {Name: "python", Tag: "3.13"},
		"team/etl:1":                         {Name: "team/etl", Tag: "1"},
		"localhost/etl":                      {Registry: "localhost", Name: "etl"},
		"r.example.com:5000/a/b":             {Registry: "r.example.com:5000", Name: "a/b"},
		"r.example.com:5000/a/b:1@" + digest: {Registry: "r.example.com:5000", Name: "a/b", Tag: "1", Digest: digest},
	} {
		got, problem := image.Parse(text)
		if diff := cmp.Diff(want, got); diff != "" || problem != nil {
			t.Errorf("Parse(%q) (-want +got):\n%s%v", text, diff, problem)
		}
	}
}

// FuzzParse holds that a problem stands inside of the text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", ":", "@", "/", "a//b", "a:b:c", "A/b", "x@sha256:1", "https://a", " a", "a.b/", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, p := image.Parse(s)
		if p != nil && (p.From < 0 || p.From > p.To || p.To > len(s) || p.Message == "") {
			t.Errorf("Parse(%q): %+v", s, *p)
		}
	})
}
