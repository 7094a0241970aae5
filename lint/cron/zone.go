package cron

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the answer must not depend on the machine
)

// Zone checks the name of a timezone, as Argo does: "", "UTC" and "Local" are
// good, as is every name of the timezone database.
func Zone(name string) error {
	if _, err := time.LoadLocation(name); err == nil {
		return nil
	}
	switch {
	case strings.ContainsAny(name, "+-") && strings.Trim(strings.TrimPrefix(strings.TrimPrefix(name, "UTC"), "GMT"), "+-0123456789:") == "":
		return fmt.Errorf("%q is no timezone: an offset is none, write a name like Europe/Berlin", name)
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("%q is no timezone: it has spaces around it", name)
	}
	return fmt.Errorf("%q is no timezone: write a name like Europe/Berlin", name)
}
