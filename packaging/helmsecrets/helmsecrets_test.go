package helmsecrets

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// encrypt and edit are left to tiphys secrets, with its exit code.
func TestSecrets(t *testing.T) {
	for name, test := range map[string]struct{ in, want []string }{
		"edit":        {[]string{"edit", "a.yaml"}, []string{"edit", "a.yaml"}},
		"encrypt":     {[]string{"-q", "encrypt", "-i", "a.yaml"}, []string{"encrypt", "-i", "a.yaml"}},
		"abbreviated": {[]string{"enc", "a.yaml"}, []string{"encrypt", "a.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			var out bytes.Buffer
			err := Run(t.Context(), test.in, Options{Out: &out, Err: &out, Secrets: func(_ context.Context, args []string) int {
				got = args
				return 4
			}})
			if code := (*ExitError)(nil); !errors.As(err, &code) || code.Code != 4 {
				t.Errorf("got %v, want exit code 4", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, "?here.yaml", "")
	put(t, "tool.sh", "")
	for name, test := range map[string]struct {
		in   string
		want place
		err  string
	}{
		"a file":                       {in: "a.yaml", want: place{file: "a.yaml"}},
		"optional":                     {in: "?a.yaml", want: place{file: "a.yaml", optional: true, ours: true}},
		"a file of such a name":        {in: "?here.yaml", want: place{file: "?here.yaml"}},
		"a backend":                    {in: "sops!a.yaml", want: place{file: "a.yaml", ours: true}},
		"optional, with a backend":     {in: "?sops!a.yaml", want: place{file: "a.yaml", optional: true, ours: true}},
		"a backend, optional":          {in: "sops!?a.yaml", want: place{file: "a.yaml", optional: true, ours: true}},
		"an exclamation mark":          {in: "wow!.yaml", want: place{file: "wow!.yaml"}},
		"another backend":              {in: "vals!a.yaml", err: `backend "vals" is not supported`},
		"a script":                     {in: "./tool.sh!a.yaml", err: "is not supported"},
		"a scheme":                     {in: "secrets://a.yaml", want: place{file: "a.yaml", ours: true, wrapped: true}},
		"a scheme, optional":           {in: "?secrets://a.yaml", want: place{file: "a.yaml", optional: true, ours: true, wrapped: true}},
		"a scheme with an option":      {in: "secrets://?a.yaml", want: place{file: "a.yaml", optional: true, ours: true, wrapped: true}},
		"a scheme with a backend":      {in: "secrets://sops!a.yaml", want: place{file: "a.yaml", ours: true, wrapped: true}},
		"a key":                        {in: "secrets+age-import://k?a.yaml", want: place{file: "a.yaml", key: "k", ours: true, wrapped: true}},
		"a key alone":                  {in: "secrets+age-import://k", err: "is not like"},
		"a key and no file":            {in: "secrets+age-import://k?", err: "is not like"},
		"a scheme in a scheme":         {in: "secrets://secrets://a.yaml", err: "a scheme within a scheme"},
		"a key in a key":               {in: "secrets+age-import://k?secrets+age-import://k?a", err: "a scheme within a scheme"},
		"a scheme that there is not":   {in: "secrets+else://a.yaml", err: "scheme secrets+else:// is not supported: use secrets://FILE"},
		"the web":                      {in: "https://x/a.yaml", want: place{file: "https://x/a.yaml"}},
		"the web, in a scheme of ours": {in: "secrets://https://x/a.yaml", want: place{file: "https://x/a.yaml", ours: true, wrapped: true}},
		"nothing":                      {in: ""},
		"nothing, optional":            {in: "?", want: place{optional: true, ours: true}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parsePlace(test.in)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(place{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
