package duration_test

import (
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/lint/duration"
)

func TestParse(t *testing.T) {
	for s, want := range map[string]time.Duration{"10s": 10 * time.Second, "2h45m": 165 * time.Minute, "1.5h": 90 * time.Minute, "0": 0, "-1s": -time.Second} {
		if got, err := duration.Parse(s); err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
}

func TestParseSeconds(t *testing.T) {
	for s, want := range map[string]time.Duration{"10": 10 * time.Second, "2m": 2 * time.Minute, "-1": -time.Second} {
		if got, err := duration.ParseSeconds(s); err != nil || got != want {
			t.Errorf("ParseSeconds(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for s, want := range map[string]string{
		"":         "a duration is empty: write a duration like 30s, 10m or 2h45m",
		"10":       `"10" has no unit: write 10s for seconds`,
		"1d":       `"d" is no unit of a duration: write 24h for a day`,
		"5 m":      "a duration has no spaces: write a duration like 30s, 10m or 2h45m",
		"PT5M":     `"PT5M" is an ISO 8601 duration: write a duration like 30s, 10m or 2h45m`,
		"10min":    `"min" is no unit of a duration: write m`,
		"soon":     `"soon" is no duration: write a duration like 30s, 10m or 2h45m`,
		"-":        `"-" is no duration: write a duration like 30s, 10m or 2h45m`,
		"999999h9": `"999999h9" is no duration: write a duration like 30s, 10m or 2h45m`,
	} {
		if _, err := duration.Parse(s); err == nil || err.Error() != want {
			t.Errorf("Parse(%q): %v, want %s", s, err, want)
		}
	}
	if _, err := duration.ParseSeconds("99999999999999"); err == nil {
		t.Error("a number of seconds that overflows is accepted")
	}
}
