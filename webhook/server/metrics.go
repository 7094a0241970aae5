package server

import (
	"regexp"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/tiphys-dev/tiphys/internal/version"
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/webhook"
)

// Facts are asked each time that metrics are collected; nil functions are not.
type Facts struct {
	// Policies are those that are known.
	Policies func() []Policy
	// Caches are those of the objects of the cluster.
	Caches func() []Cache
	// Authority is when the newest certificate authority expires, zero for none.
	Authority func() time.Time
}

// A Policy is one WorkflowPolicy and whether its last generation compiled.
type Policy struct {
	Name     string
	Compiled bool
}

// A Cache holds the objects of one kind. Age is the time since something was
// last heard from the API server.
type Cache struct {
	Kind   string
	Synced bool
	Age    time.Duration
}

type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	findings *prometheus.CounterVec
	inFlight prometheus.Gauge
	body     prometheus.Histogram
}

func newMetrics(s *service) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tiphys_webhook_requests_total",
			Help: "Admission requests by endpoint (validate, mutate, runs), kind, operation, verdict (allowed, denied, skipped: allowed without a look, failed: no answer, so that the failure policy decides) and dry_run.",
		}, []string{"endpoint", "kind", "operation", "verdict", "dry_run"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "tiphys_webhook_request_duration_seconds",
			Help:    "Time from the header of a request to its answer, by endpoint and verdict.",
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"endpoint", "verdict"}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tiphys_webhook_findings_total",
			Help: "Findings in objects that were validated, by rule and what became of them (deny, warn, audit).",
		}, []string{"rule", "verdict"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tiphys_webhook_in_flight_requests",
			Help: "Admission requests that are being answered.",
		}),
		body: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "tiphys_webhook_request_body_bytes",
			Help:    "Size of admission requests.",
			Buckets: prometheus.ExponentialBuckets(1<<10, 4, 8),
		}),
	}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tiphys_webhook_build_info", Help: "Always 1; its labels tell which build this is.",
		ConstLabels: prometheus.Labels{"version": version.String(), "commit": version.Commit(), "goversion": runtime.Version()},
	}, func() float64 { return 1 })
	s.Registry.MustRegister(build, m.requests, m.duration, m.findings, m.inFlight, m.body, &facts{s},
		live(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// live tells of the Go runtime, and how much was in use after the last garbage
// collection: what grows there, grows for good.
func live() prometheus.Collector {
	return collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile("^/gc/heap/live:bytes$")}))
}

// known bounds the labels that whoever reaches the port could choose.
var known = map[string]bool{
	"Workflow": true, "WorkflowTemplate": true, "ClusterWorkflowTemplate": true, "CronWorkflow": true, "Sensor": true, "WorkflowPolicy": true,
	"CREATE": true, "UPDATE": true, "DELETE": true, "CONNECT": true,
}

func label(s string) string {
	if known[s] {
		return s
	}
	return "other"
}

// verdictOf is the answer in a word.
func verdictOf(r *webhook.Response, err error) string {
	switch {
	case err != nil:
		return "failed"
	case r.Skipped != "":
		return "skipped"
	case r.Allowed:
		return "allowed"
	}
	return "denied"
}

var becomes = map[lint.Severity]string{lint.Error: "deny", lint.Warning: "warn", lint.Info: "audit"}

func (m *metrics) count(e webhook.Endpoint, r *webhook.Response, verdict string, took time.Duration) {
	dry := "false"
	if r.Request.DryRun {
		dry = "true"
	}
	m.requests.WithLabelValues(e.String(), label(r.Request.Kind), label(r.Request.Operation), verdict, dry).Inc()
	m.duration.WithLabelValues(e.String(), verdict).Observe(took.Seconds())
	for _, c := range r.Counts {
		m.findings.WithLabelValues(c.Rule, becomes[c.Severity]).Add(float64(c.Findings))
	}
}

// facts collects what others know.
type facts struct{ *service }

var (
	policyDesc    = prometheus.NewDesc("tiphys_webhook_policy_compiled", "1 for a policy whose last generation compiled, 0 for one of which the generation before is enforced, or none.", []string{"policy"}, nil)
	syncedDesc    = prometheus.NewDesc("tiphys_webhook_cache_synced", "1 for a cache that holds all objects of its kind; until then what it does not know counts as unknown.", []string{"kind"}, nil)
	ageDesc       = prometheus.NewDesc("tiphys_webhook_cache_age_seconds", "Time since a cache last heard from the API server.", []string{"kind"}, nil)
	expiryDesc    = prometheus.NewDesc("tiphys_webhook_certificate_expiry_timestamp_seconds", "When the certificate that is served expires.", nil, nil)
	authorityDesc = prometheus.NewDesc("tiphys_webhook_authority_expiry_timestamp_seconds", "When the newest certificate authority expires.", nil, nil)
	drainingDesc  = prometheus.NewDesc("tiphys_webhook_draining", "1 once the server is told to end.", nil, nil)
)

func (f *facts) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{policyDesc, syncedDesc, ageDesc, expiryDesc, authorityDesc, drainingDesc} {
		c <- d
	}
}

func (f *facts) Collect(c chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if f.Facts.Policies != nil {
		for _, p := range f.Facts.Policies() {
			gauge(policyDesc, number(p.Compiled), p.Name)
		}
	}
	if f.Facts.Caches != nil {
		for _, k := range f.Facts.Caches() {
			gauge(syncedDesc, number(k.Synced), k.Kind)
			gauge(ageDesc, k.Age.Seconds(), k.Kind)
		}
	}
	if cert := f.Certificate(); cert != nil && cert.Leaf != nil {
		gauge(expiryDesc, float64(cert.Leaf.NotAfter.Unix()))
	}
	if f.Facts.Authority != nil {
		if t := f.Facts.Authority(); !t.IsZero() {
			gauge(authorityDesc, float64(t.Unix()))
		}
	}
	gauge(drainingDesc, number(f.draining.Load()))
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
