package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/release"
)

// running is a namespace in which one release runs.
type running struct {
	digest    string
	revision  int
	namespace string
}

func (r running) Recorded(_ context.Context, release string) (bundle.Record, error) {
	if release != "nightly-etl" || r.namespace != "etl-prod" {
		return bundle.Record{}, nil
	}
	return bundle.Record{Revision: r.revision, Digest: r.digest, Environment: "prod"}, nil
}

func TestVerify(t *testing.T) {
	chart := filepath.Join("..", "..", "charts", "nightly-etl")
	set, c, err := openChart(chart)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := bundle.Digest(set, c)
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	archive := filepath.Join(t.TempDir(), "a.tiphys.tgz")
	var quiet bytes.Buffer
	if code := Main(t.Context(), []string{"package", chart, "-o", archive}, Streams{Out: &quiet, Err: &quiet}); code != 0 {
		t.Fatal(quiet.String())
	}
	for name, test := range map[string]struct {
		runs running
		err  error
		args []string
		code int
		want string
	}{
		"a folder that runs":       {running{digest: digest, revision: 3}, nil, []string{chart, "-e", "prod"}, 0, `prod: this package runs: revision 3 of release "nightly-etl" in namespace "etl-prod" is ` + digest},
		"an archive that runs":     {running{digest: digest, revision: 3}, nil, []string{archive, "-e", "prod"}, 0, "this package runs"},
		"another one runs":         {running{digest: "sha256:0", revision: 3}, nil, []string{archive, "-e", "prod"}, 1, "is sha256:0, and not " + digest},
		"nothing in that place":    {running{digest: digest, revision: 3}, nil, []string{chart, "-e", "dev"}, 1, "dev: nothing runs"},
		"another release":          {running{digest: digest, revision: 3}, nil, []string{chart, "-e", "prod", "--release", "x"}, 1, `there is no release "x"`},
		"for programs":             {running{digest: digest, revision: 3}, nil, []string{chart, "-e", "prod", "--format", "json"}, 0, `"same": true`},
		"no environment":           {running{}, nil, []string{chart}, 2, "verify needs an environment: -e NAME; the environments are dev, qa, prod"},
		"a misspelt environment":   {running{}, nil, []string{archive, "-e", "prdo"}, 2, `there is no environment "prdo"; did you mean "prod"?`},
		"nothing to verify":        {running{}, nil, []string{"none", "-e", "prod"}, 2, `there is no file or folder "none"`},
		"no package":               {running{}, nil, []string{"verify.go", "-e", "prod"}, 2, "this is no package of tiphys"},
		"a cluster that is away":   {running{}, errors.New("no cluster"), []string{chart, "-e", "prod"}, 3, "no cluster"},
		"a reference that is none": {running{}, nil, []string{"oci://x", "-e", "prod"}, 2, "is no reference"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			command := newVerify(Streams{Out: &out, Err: &out}, func(to release.Target) (bundle.Recorder, string, error) {
				there := test.runs
				there.namespace = to.Namespace
				return there, to.Namespace, test.err
			})
			command.SetArgs(test.args)
			command.SetOut(io.Discard)
			command.SetErr(io.Discard)
			code, err := exitClean, command.ExecuteContext(t.Context())
			if err != nil {
				out.WriteString(err.Error())
				code = exitUsage
				var e *exit
				if errors.As(err, &e) {
					code = e.code
				}
			}
			if code != test.code || !strings.Contains(out.String(), test.want) {
				t.Errorf("exit code %d, want %d:\n%s\nwant %q", code, test.code, out.String(), test.want)
			}
			if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
				t.Errorf("%v is left behind, %v", left, err)
			}
		})
	}
}
