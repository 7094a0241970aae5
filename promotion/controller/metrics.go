package controller

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/decide"
)

// A metricSet tells how promotions go.
type metricSet struct {
	promotions, rollbacks, polls, pollFailures *prometheus.CounterVec
	gateWait, leadTime                         *prometheus.HistogramVec
	drift, ready, stalled                      *prometheus.GaugeVec

	mu  sync.Mutex
	now func() time.Time
	// since is when what runs was deployed.
	since map[key]map[string]time.Time
}

// waits are the buckets of what takes from seconds to weeks.
var waits = []float64{1, 10, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 3 * 24 * 3600, 7 * 24 * 3600, 30 * 24 * 3600}

func newMetrics() *metricSet {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tiphys_promotion_" + name, Help: help}, append([]string{"namespace", "promotion"}, labels...))
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "tiphys_promotion_" + name, Help: help, Buckets: waits}, append([]string{"namespace", "promotion"}, labels...))
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tiphys_promotion_" + name, Help: help}, append([]string{"namespace", "promotion"}, labels...))
	}
	return &metricSet{
		promotions:   counter("promotions_total", "Candidates that came to an end in an environment, by result: Verified, Failed, Rejected.", "environment", "result"),
		rollbacks:    counter("rollbacks_total", "How often an environment went back to a candidate before.", "environment"),
		polls:        counter("source_polls_total", "How often a source was looked at."),
		pollFailures: counter("source_poll_failures_total", "How often that found nothing out, by reason.", "reason"),
		gateWait:     histogram("gate_wait_seconds", "How long gates held before they opened, by kind.", "gate"),
		leadTime:     histogram("lead_time_seconds", "How long candidates took from the first environment until they were verified in the last."),
		drift:        gauge("drifted_objects", "Objects that differ from what was deployed, when that was last looked at.", "environment"),
		ready:        gauge("ready", "1 while nothing is to be done or only gates hold, 0 while something is done, tried again or to be mended."),
		stalled:      gauge("stalled", "1 while somebody has to mend something."),
		now:          time.Now, since: map[key]map[string]time.Time{},
	}
}

var releaseAge = prometheus.NewDesc("tiphys_promotion_release_age_seconds", "How long ago what runs was deployed.", []string{"namespace", "promotion", "environment"}, nil)

func (m *metricSet) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.promotions, m.rollbacks, m.polls, m.pollFailures, m.gateWait, m.leadTime, m.drift, m.ready, m.stalled}
}

// Describe implements prometheus.Collector.
func (m *metricSet) Describe(out chan<- *prometheus.Desc) {
	out <- releaseAge
	for _, c := range m.collectors() {
		c.Describe(out)
	}
}

// Collect implements prometheus.Collector.
func (m *metricSet) Collect(out chan<- prometheus.Metric) {
	m.mu.Lock()
	for k, all := range m.since {
		for env, t := range all {
			out <- prometheus.MustNewConstMetric(releaseAge, prometheus.GaugeValue, m.now().Sub(t).Seconds(), k.Namespace, k.Name, env)
		}
	}
	m.mu.Unlock()
	for _, c := range m.collectors() {
		c.Collect(out)
	}
}

// state takes in what runs, and how the promotion is.
func (m *metricSet) state(s *scene) {
	all := map[string]time.Time{}
	for _, env := range s.state.Promotion.Spec.Environments {
		if _, d := deployedIn(s.state.Candidates, env.Name); d != nil {
			all[env.Name] = d.At.Time
		}
	}
	for condition, v := range map[string]*prometheus.GaugeVec{decide.Ready: m.ready, decide.Stalled: m.stalled} {
		value := 0.0
		if meta.IsStatusConditionTrue(s.state.Promotion.Status.Conditions, condition) {
			value = 1
		}
		v.WithLabelValues(s.Namespace, s.Name).Set(value)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.since[s.key] = all
}

// drop forgets a promotion that is no more.
func (m *metricSet) drop(k key) {
	m.mu.Lock()
	delete(m.since, k)
	m.mu.Unlock()
	of := prometheus.Labels{"namespace": k.Namespace, "promotion": k.Name}
	for _, v := range []interface {
		DeletePartialMatch(prometheus.Labels) int
	}{m.promotions, m.rollbacks, m.polls, m.pollFailures, m.gateWait, m.leadTime, m.drift, m.ready, m.stalled} {
		v.DeletePartialMatch(of)
	}
}

// news counts what happened.
func (m *metricSet) news(s *scene, n decide.News) {
	switch {
	case n.Reason == "GateOpened":
		m.gateWait.WithLabelValues(s.Namespace, s.Name, n.Gate).Observe(n.Took.Seconds())
	case n.Reason == string(v1alpha1.Verified):
		m.promotions.WithLabelValues(s.Namespace, s.Name, n.Environment, n.Reason).Inc()
		if n.Took > 0 {
			m.leadTime.WithLabelValues(s.Namespace, s.Name).Observe(n.Took.Seconds())
		}
	case n.Reason == string(v1alpha1.Failed), n.Reason == string(v1alpha1.Rejected):
		m.promotions.WithLabelValues(s.Namespace, s.Name, n.Environment, n.Reason).Inc()
	case n.Kind == decide.OfRollback:
		m.rollbacks.WithLabelValues(s.Namespace, s.Name, n.Environment).Inc()
	}
}
