// Package duration reads the durations of Argo's fields. There are two kinds:
// fields that take Go's durations, 1h30m, and fields that also take a bare
// number of seconds.
package duration

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Parse reads a Go duration: 10s, 2h45m. Template timeout takes only these.
// An error says what is wrong in the words of house style.
func Parse(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, explain(s)
	}
	return d, nil
}

// ParseSeconds reads a bare number of seconds or a Go duration, as
// suspend.duration and retryStrategy.backoff.duration do.
func ParseSeconds(s string) (time.Duration, error) {
	if n, err := strconv.Atoi(s); err == nil {
		const most = int64(1<<63-1) / int64(time.Second)
		if int64(n) > most || int64(n) < -most {
			return 0, fmt.Errorf("%q seconds are more than can be counted", s)
		}
		return time.Duration(n) * time.Second, nil
	}
	return Parse(s)
}

// units are what people write for units that Go does not know.
var units = map[string]string{
	"d": "24h for a day", "day": "24h for a day", "days": "24h for a day", "w": "168h for a week", "y": "8760h for a year",
	"sec": "s", "secs": "s", "second": "s", "seconds": "s", "S": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m", "M": "m",
	"hr": "h", "hrs": "h", "hour": "h", "hours": "h", "H": "h", "msec": "ms",
}

func explain(s string) error {
	const form = "write a duration like 30s, 10m or 2h45m"
	bare := strings.Trim(s, "0123456789.+-")
	switch {
	case s == "":
		return errors.New("a duration is empty: " + form)
	case strings.ContainsAny(s, " \t\r\n"):
		return errors.New("a duration has no spaces: " + form)
	case bare == "":
		if strings.Trim(s, "+-.") == "" {
			break
		}
		return fmt.Errorf("%q has no unit: write %ss for seconds", s, s)
	case strings.HasPrefix(s, "P"):
		return fmt.Errorf("%q is an ISO 8601 duration: %s", s, form)
	}
	if right, ok := units[bare]; ok {
		return fmt.Errorf("%q is no unit of a duration: write %s", bare, right)
	}
	return fmt.Errorf("%q is no duration: %s", s, form)
}
