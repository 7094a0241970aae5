package server

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/webhooktest"
)

var update = flag.Bool("update", false, "write the table of metrics into the docs")

// asked returns a service that has answered one request of each verdict.
func asked(t *testing.T) *service {
	t.Helper()
	state := &webhook.State{Rules: rules.All()}
	s := newService(Options{
		State: func() *webhook.State { return state },
		Certificate: func() *tls.Certificate {
			return &tls.Certificate{Leaf: &x509.Certificate{NotAfter: time.Unix(1_800_000_000, 0)}}
		},
		Facts: Facts{
			Policies:  func() []Policy { return []Policy{{"baseline", true}, {"broken", false}} },
			Caches:    func() []Cache { return []Cache{{"Secret", true, 3 * time.Second}} },
			Authority: func() time.Time { return time.Unix(1_900_000_000, 0) },
		},
	})
	workflow := `{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: a}, spec: {entrypoint: %s, templates: [{name: main, container: {image: "a:1"}}]}}`
	for _, q := range []webhooktest.Request{
		{Object: fmt.Sprintf(workflow, "main")},
		{Object: fmt.Sprintf(workflow, "mian"), DryRun: true},
		{Object: fmt.Sprintf(workflow, "main"), Operation: "DELETE"},
		{Object: "{apiVersion: v1, kind: Chosen-By-Whoever}", Operation: "ANY"},
		{},
	} {
		body := q.Body()
		if q == (webhooktest.Request{}) {
			body = []byte("{")
		}
		r := httptest.NewRequest("POST", "/validate", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		s.handler().ServeHTTP(httptest.NewRecorder(), r)
	}
	return s
}

func TestMetrics(t *testing.T) {
	s := asked(t)
	want := `
# HELP tiphys_webhook_requests_total Admission requests by endpoint (validate, mutate, runs), kind, operation, verdict (allowed, denied, skipped: allowed without a look, failed: no answer, so that the failure policy decides) and dry_run.
# TYPE tiphys_webhook_requests_total counter
tiphys_webhook_requests_total{dry_run="false",endpoint="validate",kind="Workflow",operation="CREATE",verdict="allowed"} 1
tiphys_webhook_requests_total{dry_run="false",endpoint="validate",kind="Workflow",operation="DELETE",verdict="skipped"} 1
tiphys_webhook_requests_total{dry_run="false",endpoint="validate",kind="other",operation="other",verdict="failed"} 1
tiphys_webhook_requests_total{dry_run="false",endpoint="validate",kind="other",operation="other",verdict="skipped"} 1
tiphys_webhook_requests_total{dry_run="true",endpoint="validate",kind="Workflow",operation="CREATE",verdict="denied"} 1
# HELP tiphys_webhook_policy_compiled 1 for a policy whose last generation compiled, 0 for one of which the generation before is enforced, or none.
# TYPE tiphys_webhook_policy_compiled gauge
tiphys_webhook_policy_compiled{policy="baseline"} 1
tiphys_webhook_policy_compiled{policy="broken"} 0
# HELP tiphys_webhook_certificate_expiry_timestamp_seconds When the certificate that is served expires.
# TYPE tiphys_webhook_certificate_expiry_timestamp_seconds gauge
tiphys_webhook_certificate_expiry_timestamp_seconds 1.8e+09
`
	if err := testutil.GatherAndCompare(s.Registry, strings.NewReader(want),
		"tiphys_webhook_requests_total", "tiphys_webhook_policy_compiled", "tiphys_webhook_certificate_expiry_timestamp_seconds"); err != nil {
		t.Error(err)
	}
	problems, err := testutil.GatherAndLint(s.Registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "tiphys_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// TestDocs holds docs/metrics.md to what is registered.
func TestDocs(t *testing.T) {
	families, err := asked(t).Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| metric | type | labels | what it tells |\n|---|---|---|---|\n")
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "tiphys_") {
			fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), labels(f), f.GetHelp())
		}
	}
	const file, from, to = "../../docs/metrics.md", "<!-- metrics -->\n", "<!-- end -->\n"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(page), from)
	_, tail, ok := strings.Cut(rest, to)
	if !ok {
		t.Fatalf("%s has no marks of the table", file)
	}
	want := head + from + table.String() + to + tail
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, string(page)); diff != "" {
		t.Errorf("run go test ./webhook/server -update (-want +got)\n%s", diff)
	}
}

func labels(f *dto.MetricFamily) string {
	var all []string
	for _, l := range f.GetMetric()[0].GetLabel() {
		all = append(all, "`"+l.GetName()+"`")
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
