package gate_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

func quantity(s string) *resource.Quantity {
	q := resource.MustParse(s)
	return &q
}

func TestMetric(t *testing.T) {
	both := v1alpha1.MetricGate{Min: quantity("100m"), Max: quantity("2k"), Interval: lasting(5 * time.Minute)}
	known := func(v float64) map[string]gate.Metric { return map[string]gate.Metric{"errors": {Value: v, At: noon}} }
	for sentence, c := range map[string]struct {
		now     time.Time
		gate    v1alpha1.MetricGate
		metrics map[string]gate.Metric
		want    want
	}{
		"nobody asked":        {noon, both, nil, want{reason: "MetricUnknown", look: gate.LookMetric}},
		"within":              {noon, both, known(5), want{open: true, reason: "MetricWithin", says: []string{"is 5, and may be from 100m to 2k"}, again: minute(5), evidence: []string{"asked at 2026-03-02T12:00:00Z"}}},
		"at the lower bound":  {noon, both, known(0.1), want{open: true, reason: "MetricWithin", again: minute(5)}},
		"at the upper bound":  {noon, both, known(2000), want{open: true, reason: "MetricWithin", again: minute(5)}},
		"below":               {noon, both, known(0.0999), want{reason: "MetricOutside", again: minute(5)}},
		"above":               {noon, both, known(2001), want{reason: "MetricOutside", says: []string{"is 2001; it opens from 100m to 2k"}, again: minute(5)}},
		"only a lower bound":  {noon, v1alpha1.MetricGate{Min: quantity("1")}, known(0), want{reason: "MetricOutside", says: []string{"from 1 up"}, again: minute(1)}},
		"only an upper bound": {noon, v1alpha1.MetricGate{Max: quantity("1")}, known(-7), want{open: true, reason: "MetricWithin", says: []string{"up to 1"}, again: minute(1)}},
		"0/0":                 {noon, both, known(math.NaN()), want{reason: "MetricNoNumber", again: minute(5)}},
		"1/0":                 {noon, v1alpha1.MetricGate{Min: quantity("1")}, known(math.Inf(1)), want{reason: "MetricNoNumber", says: []string{"+Inf"}, again: minute(1)}},
		"a problem":           {noon, both, map[string]gate.Metric{"errors": {At: noon, Problem: "no series"}}, want{reason: "MetricUnknown", says: []string{"no series"}, again: minute(5)}},
		"just young enough":   {minute(5).Add(-1), both, known(5), want{open: true, reason: "MetricWithin", again: minute(5)}},
		"just too old":        {minute(5), both, known(5), want{reason: "MetricUnknown", look: gate.LookMetric}},
		"asked too often":     {noon.Add(9 * time.Second), v1alpha1.MetricGate{Max: quantity("9"), Interval: lasting(time.Nanosecond)}, known(5), want{open: true, reason: "MetricWithin", again: noon.Add(10 * time.Second)}},
	} {
		t.Run(sentence, func(t *testing.T) {
			check(t, gate.Ask(v1alpha1.Gate{Name: "errors", Metric: &c.gate}, gate.State{Now: c.now, Metrics: c.metrics}), c.want)
		})
	}
}

func TestValidate(t *testing.T) {
	window := func(schedule, duration, zone string) v1alpha1.Gate {
		d, _ := time.ParseDuration(duration)
		return v1alpha1.Gate{Window: &v1alpha1.WindowGate{Deny: []v1alpha1.Window{{Schedule: schedule, Duration: lasting(d), TimeZone: zone}}}}
	}
	for sentence, c := range map[string]struct {
		gate v1alpha1.Gate
		want []string
	}{
		"good": {window("0 9 * * 1-5", "8h", "Europe/Berlin"), nil},
		"all windows are told of": {v1alpha1.Gate{Window: &v1alpha1.WindowGate{
			Allow: []v1alpha1.Window{{Schedule: "0 9 * * 7", Duration: lasting(1)}, {Schedule: "0 9 * * 6", Duration: lasting(1)}},
			Deny:  []v1alpha1.Window{{Schedule: "0 9 * * 6", Duration: lasting(1), TimeZone: "CET+1"}}}},
			[]string{`allow[0]: schedule "0 9 * * 7": 7 is no day of the week: Sunday is 0, or sun`,
				`deny[0]: "CET+1" is no timezone: write a name like Europe/Berlin`}},
		"no window":             {v1alpha1.Gate{Window: &v1alpha1.WindowGate{}}, []string{"a window has allow or deny"}},
		"a day that never is":   {window("0 0 30 2 *", "8h", ""), []string{`schedule "0 0 30 2 *" never comes: choose a day that there is`}},
		"a rare day":            {window("0 0 29 2 */7", "8h", ""), nil},
		"every so often":        {window("@every 5m", "8h", ""), []string{`deny[0]: schedule "@every 5m": a window needs five fields, minute hour day month weekday, as @every begins at no time of its own`}},
		"a zone in front":       {window("TZ=UTC 0 9 * * *", "8h", ""), []string{`deny[0]: schedule "TZ=UTC 0 9 * * *": write the time zone into timeZone`}},
		"a zone of the machine": {window("0 9 * * *", "8h", "Local"), []string{`deny[0]: time zone "Local" is another one on each machine: write a name like Europe/Berlin`}},
		"no time at all":        {window("0 9 * * *", "0", ""), []string{"deny[0]: the duration of a window must be more than 0"}},
		"an age":                {window("0 9 * * *", "9000h", ""), []string{"deny[0]: a window of 9000h0m0s is too long: at most 8784h0m0s, a year"}},
		"no soak":               {v1alpha1.Gate{Soak: &v1alpha1.SoakGate{}}, []string{"for must be more than 0: write how long it soaks, like 2h"}},
		"a group without name":  {v1alpha1.Gate{Approval: &v1alpha1.ApprovalGate{Groups: []string{""}}}, []string{"a group has an empty name, and nobody is in it"}},
		"a negative timeout and an argument twice": {v1alpha1.Gate{Smoke: &v1alpha1.SmokeGate{Timeout: lasting(-1), Arguments: []v1alpha1.Argument{{Name: "a"}, {Name: "b"}, {Name: "a"}}}},
			[]string{"a timeout of -1ns is none: write one up to 168h0m0s", `argument "a" is given twice`}},
		"all of a metric": {v1alpha1.Gate{Metric: &v1alpha1.MetricGate{URL: "https://me:pw@prometheus", Query: `up{namespace="{{namespace}}",r="{{ release }}",x="{{pod}}"}`, Min: quantity("2"), Max: quantity("1"), Interval: lasting(1)}},
			[]string{"the url has credentials in it, for everybody to read who may read the Promotion: leave them out", "min 2 is more than max 1: no value is within",
				"nothing stands for {{pod}}: there are {{namespace}} and {{release}}", "an interval of 1ns is too short: write 10s or more"}},
		"a url of something else": {v1alpha1.Gate{Metric: &v1alpha1.MetricGate{URL: "file:///etc/passwd", Query: "up"}}, []string{"the url is none of Prometheus: write one like https://prometheus.monitoring:9090"}},
		"no url":                  {v1alpha1.Gate{Metric: &v1alpha1.MetricGate{Query: "up"}}, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			if d := cmp.Diff(c.want, gate.Validate(c.gate)); d != "" {
				t.Error(d)
			}
			a := gate.Ask(c.gate, gate.State{Now: noon})
			sound(t, a)
		})
	}
}

func TestValidateAll(t *testing.T) {
	gates := []v1alpha1.Gate{
		{Soak: &v1alpha1.SoakGate{}},
		{Name: "deep", Smoke: &v1alpha1.SmokeGate{Template: "a"}},
		{Soak: &v1alpha1.SoakGate{For: lasting(1)}},
	}
	want := []string{"gate soak: for must be more than 0: write how long it soaks, like 2h", "gates 1 and 3 are both called soak: give one of them another name"}
	if d := cmp.Diff(want, gate.ValidateAll(gates)); d != "" {
		t.Error(d)
	}
}

func TestFill(t *testing.T) {
	got := gate.Fill(`sum(rate(errors{namespace="{{namespace}}",release="{{ release }}"}[5m])) + {{x}}`, "etl-prod", "etl")
	if want := `sum(rate(errors{namespace="etl-prod",release="etl"}[5m])) + {{x}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
