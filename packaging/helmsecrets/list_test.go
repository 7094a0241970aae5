package helmsecrets

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/strvals"
)

// opened stands in for what opens files: those that begin with s are secret.
func opened(file string) (string, error) {
	if strings.HasPrefix(file, "s") {
		return "/dev/fd/3", nil
	}
	return strings.TrimPrefix(file, "?"), nil
}

func TestRewrite(t *testing.T) {
	for name, test := range map[string]struct{ in, want []string }{
		"nothing to open":                {[]string{"template", "x", ".", "-f", "a.yaml"}, []string{"template", "x", ".", "-f", "a.yaml"}},
		"-f":                             {[]string{"template", "-f", "s"}, []string{"template", "-f", "/dev/fd/3"}},
		"-f attached":                    {[]string{"template", "-fs", "-f=s"}, []string{"template", "-f/dev/fd/3", "-f=/dev/fd/3"}},
		"-f after flags without a value": {[]string{"upgrade", "-if", "s", "-ifs"}, []string{"upgrade", "-if", "/dev/fd/3", "-if/dev/fd/3"}},
		"f in the value of a short flag": {[]string{"upgrade", "-nfs", "-ofs"}, []string{"upgrade", "-nfs", "-ofs"}},
		"--values":                       {[]string{"template", "--values", "s", "--values=s"}, []string{"template", "--values", "/dev/fd/3", "--values=/dev/fd/3"}},
		"other long flags":               {[]string{"template", "--values-like", "s", "--force", "s"}, []string{"template", "--values-like", "s", "--force", "s"}},
		"a list":                         {[]string{"template", "-f", "a,s,b"}, []string{"template", "-f", "a,/dev/fd/3,b"}},
		"--set-file":                     {[]string{"template", "--set-file", "k=s", "--set-file=k=s"}, []string{"template", "--set-file", "k=/dev/fd/3", "--set-file=k=/dev/fd/3"}},
		"all after --":                   {[]string{"template", "-f", "s", "--", "-f", "s"}, []string{"template", "-f", "/dev/fd/3", "--", "-f", "s"}},
		"a missing value":                {[]string{"template", "-f"}, []string{"template", "-f"}},
		"literals":                       {[]string{"template", "--set", "a=s", "--set-literal", "f=s"}, []string{"template", "--set", "a=s", "--set-literal", "f=s"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := rewrite(test.in, opened)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestLists(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"one":                           {"s", "/dev/fd/3"},
		"two":                           {"s1,s2", "/dev/fd/3,/dev/fd/3"},
		"an escaped comma":              {`s\,1,b`, "/dev/fd/3,b"},
		"an escaped comma, not secret":  {`a\,1,b`, `"a,1",b`},
		"quotes":                        {`"s,1",b`, "/dev/fd/3,b"},
		"quotes later":                  {`b,"s,1"`, "b,/dev/fd/3"},
		"quotes in quotes":              {`"a""b",s`, `"a""b",/dev/fd/3`},
		"quotes, not secret":            {`"a,1",b`, `"a,1",b`},
		"a quote within a name":         {`a"b,s`, `"a""b",/dev/fd/3`},
		"an open quote":                 {`"a`, `"a`},
		"a backslash before another":    {`C:\a,s`, `C:\a,/dev/fd/3`},
		"empty":                         {"", ""},
		"a comma at the end":            {"a,", "a,"},
		"a prefix only we know":         {"?a,b", "a,b"},
		"a prefix only we know, quoted": {`"?a,1"`, `"a,1"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := replaceList(test.in, opened); err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestSets(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"one":                  {"k=s", "k=/dev/fd/3"},
		"two":                  {"k=s,l=a,m=s", "k=/dev/fd/3,l=a,m=/dev/fd/3"},
		"a list":               {"k={s,a},l=s", "k={/dev/fd/3,a},l=/dev/fd/3"},
		"an empty list":        {"k={},l=s", "k={},l=/dev/fd/3"},
		"an escaped comma":     {`k=s\,1,l=s`, "k=/dev/fd/3,l=/dev/fd/3"},
		"escaped, not secret":  {`k=a\,1\\`, `k=a\,1\\`},
		"a prefix and a comma": {`k=?a\,1`, `k=a\,1`},
		"an escaped key":       {`a\.b\=c=s`, `a\.b\=c=/dev/fd/3`},
		"an index":             {"a[0].b=s", "a[0].b=/dev/fd/3"},
		"no value":             {"k", "k"},
		"an empty value":       {"k=,l=s", "k=,l=/dev/fd/3"},
		"an open list":         {"k={s", "k={/dev/fd/3"},
		"a backslash at last":  {`k=a\`, `k=a\`},
		"empty":                {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := replaceSet(test.in, opened); err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

// Whatever stands there, nothing breaks, and what has no secret stays.
func FuzzLists(f *testing.F) {
	for _, seed := range []string{"a,b", `a\,b`, `"a,b",c`, "k={a,b},c=d", `k=\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		same := func(file string) (string, error) { return file, nil }
		if got, err := replaceSet(in, same); err != nil || got != in {
			t.Errorf("--set-file %q became %q, %v", in, got, err)
		}
		if got, err := replaceList(in, same); err != nil || got != in && !strings.Contains(in, `\,`) {
			t.Errorf("-f %q became %q, %v", in, got, err)
		}
	})
}

// What is opened are the files that helm would read.
func FuzzAsHelm(f *testing.F) {
	for _, seed := range []string{"a,b", `a\,b`, `"a,b",c`, "k={a,b},c=d", `k=\`, "a[0].b=c,d={}x=e", `a\=b=c\\,d=e`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if !utf8.ValidString(in) || len(in) > 1000 {
			t.Skip()
		}
		var got []string
		see := func(file string) (string, error) {
			if file != "" {
				got = append(got, file)
			}
			return file, nil
		}
		var want []string
		err := strvals.ParseIntoFile(in, map[string]any{}, func(file []rune) (any, error) {
			if len(file) > 0 {
				want = append(want, string(file))
			}
			return "", nil
		})
		if err == nil {
			if _, err := replaceSet(in, see); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("--set-file %q: -helm +ours:\n%s", in, diff)
			}
		}
		if strings.ContainsAny(in, "\r\n") || strings.Contains(in, `\,`) {
			return // csv has lines, and no backslashes
		}
		if want, err := csv.NewReader(strings.NewReader(in)).Read(); err == nil {
			if got, _ := splitList(in); !cmp.Equal(want, got) {
				t.Errorf("-f %q: helm reads %q, we open %q", in, want, got)
			}
		}
	})
}
