package controller

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Collector tells of the audits of this replica; all but the first metric are
// those of the leader alone.
func (c *Controller) Collector() prometheus.Collector { return collector{c} }

type collector struct{ *Controller }

var (
	leaderDesc     = prometheus.NewDesc("tiphys_webhook_audits", "1 where this replica audits, which one of all does; 0 where another does, or none has yet.", nil, nil)
	auditTimeDesc  = prometheus.NewDesc("tiphys_webhook_audit_timestamp_seconds", "When everything was last looked at.", nil, nil)
	auditTookDesc  = prometheus.NewDesc("tiphys_webhook_audit_duration_seconds", "How long the last audit took.", nil, nil)
	auditSizeDesc  = prometheus.NewDesc("tiphys_webhook_audit_objects", "How many objects the last audit looked at.", nil, nil)
	unreadDesc     = prometheus.NewDesc("tiphys_webhook_audit_unread_kinds", "How many kinds the last audit could not list.", nil, nil)
	objectsDesc    = prometheus.NewDesc("tiphys_webhook_policy_objects", "How many objects a policy is for, as of the last audit.", []string{"policy"}, nil)
	violationsDesc = prometheus.NewDesc("tiphys_webhook_policy_violations", "Findings of a policy in what exists, by rule and enforcement (deny, warn, audit), as of the last audit.", []string{"policy", "rule", "enforcement"}, nil)
	waiversDesc    = prometheus.NewDesc("tiphys_webhook_policy_waivers", "Waivers of a policy by state (Active, Unused, Expired), as of the last audit.", []string{"policy", "state"}, nil)
)

// Describe implements prometheus.Collector.
func (collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{leaderDesc, auditTimeDesc, auditTookDesc, auditSizeDesc, unreadDesc, objectsDesc, violationsDesc, waiversDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	a := c.Audit()
	if a == nil {
		gauge(leaderDesc, 0)
		return
	}
	gauge(leaderDesc, 1)
	gauge(auditTimeDesc, float64(a.At.Unix()))
	gauge(auditTookDesc, a.Took.Seconds())
	gauge(auditSizeDesc, float64(a.Objects))
	gauge(unreadDesc, float64(len(a.Unread)))
	for policy, t := range a.policies {
		gauge(objectsDesc, float64(t.objects), policy)
		for rule, r := range t.rules {
			gauge(violationsDesc, float64(r.count), policy, rule, string(enforcement(r.severity)))
		}
		states := map[string]int{}
		for _, w := range t.waivers {
			states[w.State]++
		}
		for state, n := range states {
			gauge(waiversDesc, float64(n), policy, state)
		}
	}
}

// Compiled tells of each policy whether the generation last seen compiled.
func (c *Controller) Compiled() map[string]bool {
	out := map[string]bool{}
	for _, e := range c.catalog.all() {
		out[e.name] = e.compiled()
	}
	return out
}
