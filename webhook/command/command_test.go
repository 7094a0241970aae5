package command_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/webhook/command"
)

func TestFlags(t *testing.T) {
	tests := map[string]struct {
		args string
		code int
		want string
	}{
		"help":                        {"--help", 0, "Usage:\n  tiphys-webhook [flags]"},
		"version":                     {"--version", 0, "tiphys-webhook version "},
		"an unknown flag":             {"--polcy x", 2, "tiphys-webhook: flag provided but not defined: -polcy\n"},
		"an argument":                 {"serve", 2, `tiphys-webhook: argument "serve" is not expected: there are only flags`},
		"a policy for a cluster":      {"--policy p.yaml", 2, "tiphys-webhook: --policy p.yaml is given without --standalone: in a cluster, policies are WorkflowPolicies there"},
		"alone without certificate":   {"--standalone", 2, "tiphys-webhook: --standalone needs --cert-dir: there is no Secret to keep a certificate in"},
		"alone with no certificate":   {"--standalone --cert-dir testdata/none --address localhost:0", 3, `"error":"read the certificate: open testdata/none/tls.crt: no such file or directory"`},
		"no kubeconfig":               {"--kubeconfig testdata/none", 3, `"error":"find the cluster: stat testdata/none: no such file or directory"`},
		"a drain into the past":       {"--drain -1s", 2, "tiphys-webhook: --drain is -1s: it cannot be less than 0"},
		"no deadline":                 {"--deadline 0s", 2, "tiphys-webhook: --deadline is 0s: it must be more than 0"},
		"a body of nothing":           {"--max-body 0", 2, "tiphys-webhook: --max-body is 0: it must be more than 0"},
		"a version that is not one":   {"--argo-version new", 2, "tiphys-webhook: --argo-version: "},
		"a level that is not one":     {"--log-level loud", 2, `invalid value "loud" for flag -log-level`},
		"less than no reviews at all": {"--max-reviews -1", 2, "tiphys-webhook: --max-reviews is -1: it cannot be less than 0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out, err bytes.Buffer
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			code := command.Main(ctx, strings.Fields(test.args), command.Streams{Out: &out, Err: &err})
			if got := out.String() + err.String(); code != test.code || !strings.Contains(got, test.want) {
				t.Errorf("got %d %s, want %d %s", code, got, test.code, test.want)
			}
		})
	}
}
