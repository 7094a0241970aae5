package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// windows reads "allow 8h Europe/Berlin 0 9 * * 1-5" and the like.
func windows(t testing.TB, lines ...string) v1alpha1.Gate {
	t.Helper()
	g := &v1alpha1.WindowGate{}
	for _, l := range lines {
		word := strings.SplitN(l, " ", 4)
		d, err := time.ParseDuration(word[1])
		if err != nil {
			t.Fatal(err)
		}
		w := v1alpha1.Window{Schedule: word[3], Duration: lasting(d), TimeZone: word[2]}
		if word[0] == "allow" {
			g.Allow = append(g.Allow, w)
		} else {
			g.Deny = append(g.Deny, w)
		}
	}
	return v1alpha1.Gate{Window: g}
}

func TestWindow(t *testing.T) {
	work := "allow 8h Europe/Berlin 0 9 * * 1-5"
	for sentence, c := range map[string]struct {
		now     string
		windows []string
		open    bool
		again   string
		says    string
	}{
		"within":                       {"2026-03-02T12:00:00+01:00", []string{work}, true, "2026-03-02T17:00:00+01:00", "open until 2026-03-02T17:00:00+01:00"},
		"the begin belongs to it":      {"2026-03-02T09:00:00+01:00", []string{work}, true, "2026-03-02T17:00:00+01:00", ""},
		"the end does not":             {"2026-03-02T17:00:00+01:00", []string{work}, false, "2026-03-03T09:00:00+01:00", "shut, and opens at 2026-03-03T09:00:00+01:00"},
		"over the weekend":             {"2026-03-27T18:00:00+01:00", []string{work}, false, "2026-03-30T09:00:00+02:00", ""},
		"a denied hour":                {"2026-03-02T12:10:00+01:00", []string{work, "deny 1h Europe/Berlin 0 12 * * *"}, false, "2026-03-02T13:00:00+01:00", ""},
		"denied beyond the end":        {"2026-03-02T16:10:00+01:00", []string{work, "deny 24h Europe/Berlin 0 16 2 3 *"}, false, "2026-03-03T16:00:00+01:00", ""},
		"only denied":                  {"2026-03-02T12:00:00Z", []string{"deny 336h UTC 0 0 20 12 *"}, true, "2026-12-20T00:00:00Z", ""},
		"within a long one":            {"2027-01-01T12:00:00Z", []string{"deny 336h UTC 0 0 20 12 *"}, false, "2027-01-03T00:00:00Z", ""},
		"overlapping":                  {"2026-03-02T12:40:00Z", []string{"allow 90m UTC 0 10-14 * * *"}, true, "2026-03-02T15:30:00Z", ""},
		"two that touch":               {"2026-03-02T12:40:00Z", []string{"allow 1h UTC 0 12 * * *", "allow 1h UTC 0 13 * * *"}, true, "2026-03-02T14:00:00Z", ""},
		"always":                       {"2026-03-02T12:40:00Z", []string{"allow 24h UTC 0 0 * * *"}, true, "", "never shuts"},
		"never":                        {"2026-03-02T12:40:00Z", []string{"allow 24h UTC 0 0 30 2 *"}, false, "", "does not open within 41 years"},
		"never denied":                 {"2026-03-02T12:40:00Z", []string{"deny 24h UTC 0 0 30 2 *"}, true, "", "never shuts"},
		"always denied":                {"2026-03-02T12:40:00Z", []string{work, "deny 24h UTC 0 0 * * *"}, false, "some day", "no opening in sight"},
		"on leap days that are Sunday": {"2026-03-02T12:40:00Z", []string{"allow 1h UTC 0 0 29 2 *", "deny 24h UTC 0 0 * * 1-6"}, false, "2032-02-29T00:00:00Z", ""},
		// On 29 March 2026 the clock of Berlin goes from 02:00 to 03:00, on 25 October from 03:00 back to 02:00.
		"a time that is left out":       {"2026-03-28T12:00:00+01:00", []string{"allow 1h Europe/Berlin 30 2 * * *"}, false, "2026-03-30T02:30:00+02:00", ""},
		"a time that is there twice":    {"2026-10-25T02:45:00+02:00", []string{"allow 30m Europe/Berlin 30 2 * * *"}, true, "2026-10-25T02:00:00+01:00", ""},
		"and the second time":           {"2026-10-25T02:00:00+01:00", []string{"allow 30m Europe/Berlin 30 2 * * *"}, false, "2026-10-25T02:30:00+01:00", ""},
		"twice without a break":         {"2026-10-25T02:45:00+02:00", []string{"allow 1h Europe/Berlin 30 2 * * *"}, true, "2026-10-25T03:30:00+01:00", ""},
		"time that passes in spring":    {"2026-03-29T01:30:00+01:00", []string{"allow 2h Europe/Berlin 0 1 * * *"}, true, "2026-03-29T04:00:00+02:00", ""},
		"time that passes in autumn":    {"2026-10-25T01:30:00+02:00", []string{"allow 2h Europe/Berlin 0 1 * * *"}, true, "2026-10-25T02:00:00+01:00", ""},
		"a whole day in spring":         {"2026-03-29T12:00:00+02:00", []string{"deny 24h Europe/Berlin 0 0 * * 0"}, false, "2026-03-30T01:00:00+02:00", ""},
		"half an hour, in Lord Howe":    {"2026-10-03T12:00:00+10:30", []string{"allow 1h Australia/Lord_Howe 15 2 * * *"}, false, "2026-10-05T02:15:00+11:00", ""},
		"an hour after it":              {"2026-10-04T01:00:00+10:30", []string{"allow 1h Australia/Lord_Howe 0 3 * * *"}, false, "2026-10-04T03:00:00+11:00", ""},
		"a quarter of an hour aside":    {"2026-10-03T12:00:00Z", []string{"allow 1h Asia/Kathmandu 0 9 * * *"}, false, "2026-10-04T03:15:00Z", "2026-10-04T09:00:00+05:45"},
		"zones that differ are in UTC":  {"2026-03-02T07:30:00Z", []string{work, "allow 1h America/New_York 0 9 * * *"}, false, "2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"},
		"midnight that is left out":     {"2026-03-07T12:00:00-05:00", []string{"allow 1h America/Havana 0 0 * * *"}, false, "2026-03-09T00:00:00-04:00", ""},
		"minutes that never change it":  {"2026-03-02T12:00:00Z", []string{"allow 1m UTC * * * * *"}, true, "some day", "no end in sight"},
		"a mistake":                     {"2026-03-02T12:00:00Z", []string{work, "deny 1h Mars 0 0 * * *"}, false, "", `deny[0]: "Mars" is no timezone`},
		"a mistake in what would allow": {"2026-03-02T12:00:00Z", []string{"allow 1h UTC 0 0 * *"}, false, "", "five fields"},
	} {
		t.Run(sentence, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			w := want{open: c.open, reason: "WindowShut", says: []string{c.says}}
			if c.open {
				w.reason = "WindowOpen"
			}
			if strings.HasPrefix(sentence, "a mistake") {
				w.reason = "WindowMistake"
			}
			if c.again != "" && c.again != "some day" {
				if w.again, err = time.Parse(time.RFC3339, c.again); err != nil {
					t.Fatal(err)
				}
			}
			a := gate.Ask(windows(t, c.windows...), gate.State{Now: now})
			if c.again == "some day" {
				if w.again = a.Again; !w.again.After(now.AddDate(0, 0, 7)) {
					t.Errorf("again at %s", a.Again)
				}
			}
			check(t, a, w)
		})
	}
}
