package gate

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// asked is how often a metric is asked for unless its gate says otherwise,
// oftenest how often at most.
const (
	asked    = time.Minute
	oftenest = 10 * time.Second
)

// metric holds unless min <= value <= max, both as far as they are given. What is
// no number, as 0/0 and 1/0 in Prometheus, holds. An answer is good for an
// interval; Again is its end.
func metric(id string, g *v1alpha1.MetricGate, s State) Answer {
	interval := g.Interval.Duration
	if interval <= 0 {
		interval = asked
	}
	m, ok := s.Metrics[id]
	again := m.At.Add(max(interval, oftenest))
	if !ok || m.At.IsZero() || !s.Now.Before(again) {
		a := hold("MetricUnknown", "the metric is to be asked for")
		a.Look = LookMetric
		return a
	}
	a := compare(g, m)
	a.Again = again
	a.Evidence = append(a.Evidence, "asked at "+stamp(m.At))
	return a
}

func compare(g *v1alpha1.MetricGate, m Metric) Answer {
	value := strconv.FormatFloat(m.Value, 'g', -1, 64)
	switch {
	case m.Problem != "":
		return hold("MetricUnknown", "the metric cannot be had: "+first(m.Problem))
	case math.IsNaN(m.Value) || math.IsInf(m.Value, 0):
		return hold("MetricNoNumber", fmt.Sprintf("the metric is %s, which is no number; it opens %s", value, bounds(g)))
	case g.Min != nil && m.Value < g.Min.AsApproximateFloat64() || g.Max != nil && m.Value > g.Max.AsApproximateFloat64():
		return hold("MetricOutside", fmt.Sprintf("the metric is %s; it opens %s", value, bounds(g)))
	}
	return open("MetricWithin", fmt.Sprintf("the metric is %s, and may be %s", value, bounds(g)))
}

// bounds says where a metric may be.
func bounds(g *v1alpha1.MetricGate) string {
	switch {
	case g.Max == nil && g.Min == nil:
		return "anywhere"
	case g.Max == nil:
		return "from " + g.Min.String() + " up"
	case g.Min == nil:
		return "up to " + g.Max.String()
	}
	return "from " + g.Min.String() + " to " + g.Max.String()
}
