package cron_test

import (
	"errors"
	"testing"

	robfig "github.com/robfig/cron/v3"

	"github.com/tiphys-dev/tiphys/lint/cron"
)

func TestErrors(t *testing.T) {
	for s, want := range map[string]struct{ at, message string }{
		"":                     {"", `a schedule is empty: write five fields, as in "0 3 * * *"`},
		"* * * *":              {"* * * *", "a schedule has five fields, minute hour day month weekday, not 4"},
		"0 0 3 * * *":          {"0 0 3 * * *", "a schedule has five fields, minute hour day month weekday, not 6: there are no seconds and no years"},
		"60 * * * *":           {"60", "60 is no minute: it goes from 0 to 59"},
		"0 24 * * *":           {"24", "24 is no hour: it goes from 0 to 23"},
		"0 3 0 * *":            {"0", "0 is no day of the month: it goes from 1 to 31"},
		"0 3 * * 7":            {"7", "7 is no day of the week: Sunday is 0, or sun"},
		"0 3 * * 1-7":          {"7", "7 is no day of the week: Sunday is 0, or sun"},
		"0 3 L * *":            {"L", `"L" is no day of the month: L (last) and W (weekday) are not known here`},
		"0 3 15W * *":          {"15W", `"15W" is no day of the month: L (last) and W (weekday) are not known here`},
		"0 3 * * 5#3":          {"5#3", `"5#3" is no day of the week: the nth weekday of a month cannot be written here`},
		"H 3 * * *":            {"H", `"H" is no minute: H (hash) is known to Jenkins only`},
		"*/0 * * * *":          {"*/0", "a step of 0 in the minute: it must be at least 1"},
		"*/x * * * *":          {"*/x", `"x" is no step of the minute: write a number after the "/"`},
		"0 3 * * fri-mon":      {"fri-mon", `the range "fri-mon" of the day of the week ends before it begins: write two ranges with a comma`},
		"0 3 * * monday":       {"monday", `"monday" is no day of the week: write mon`},
		"1,2,61 * * * *":       {"61", "61 is no minute: it goes from 0 to 59"},
		"@reboot":              {"@reboot", "@reboot means nothing here: a CronWorkflow has no machine to start"},
		"@dayly":               {"@dayly", `"@dayly" is none of @hourly, @daily, @weekly, @monthly, @yearly, @every; did you mean "@daily"?`},
		"TZ=UTC":               {"TZ=UTC", "a timezone without a schedule: the five fields are missing"},
		"CRON_TZ=Mars * * * *": {"Mars", `"Mars" is no timezone: write a name like Europe/Berlin`},
		"TZ=UTC 61 * * * *":    {"61", "61 is no minute: it goes from 0 to 59"},
	} {
		t.Run(s, func(t *testing.T) {
			_, err := cron.Parse(s)
			var e *cron.Error
			if !errors.As(err, &e) {
				t.Fatalf("Parse(%q) = %v", s, err)
			}
			if e.Message != want.message || s[e.From:e.To] != want.at {
				t.Errorf("Parse(%q): %s at %q, want %s at %q", s, e.Message, s[e.From:e.To], want.message, want.at)
			}
		})
	}
}

func TestGood(t *testing.T) {
	for s, zoned := range map[string]bool{
		"*/5 0-6 * jan,MAR sun": false, "@every 1h30m": false, "@hourly": false,
		"CRON_TZ=Europe/Berlin 0 3 * * *": true, "  0 3 ? * 1-5/2": false,
	} {
		if got, err := cron.Parse(s); err != nil || got.Zoned != zoned || got.Never() {
			t.Errorf("Parse(%q) = %+v, %v", s, got, err)
		}
	}
	if s, err := cron.Parse("0 0 30 2 *"); err != nil || !s.Never() {
		t.Errorf("the 30th of February is due some time, %v", err)
	}
}

func TestZone(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "UTC": "", "Local": "", "America/New_York": "",
		"Mars/Phobos": `"Mars/Phobos" is no timezone: write a name like Europe/Berlin`,
		"UTC+2":       `"UTC+2" is no timezone: an offset is none, write a name like Europe/Berlin`,
		"../etc":      `"../etc" is no timezone: write a name like Europe/Berlin`,
	} {
		got := ""
		if err := cron.Zone(name); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("Zone(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzCron(f *testing.F) {
	for _, s := range []string{"* * * * *", "TZ=", "CRON_TZ= * * * * *", "1-2-3 * * * *", "1/2/3 * * * *", "@every 1s", "@every  x", ", , , , ,", "-1 * * * *", "* * * * 7"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, err := cron.Parse(s)
		if err != nil {
			var e *cron.Error
			if !errors.As(err, &e) || e.Message == "" || e.From < 0 || e.To < e.From || e.To > len(s) {
				t.Fatalf("Parse(%q) = %#v", s, err)
			}
		}
		want, panicked := standard(s)
		if !panicked && (err == nil) != want {
			t.Fatalf("Parse(%q) = %v, ParseStandard takes it: %v", s, err, want)
		}
	})
}

// standard reports whether the library itself accepts s; it panics on some.
func standard(s string) (ok, panicked bool) {
	defer func() { panicked = recover() != nil }()
	_, err := robfig.ParseStandard(s)
	return err == nil, false
}
