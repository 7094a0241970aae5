package gate

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// longestSmoke is the longest timeout of an attempt.
const longestSmoke = 7 * 24 * time.Hour

// Validate returns the mistakes of a gate that the schema of the kind does not
// see: none for a good one. A gate with mistakes may be asked all the same.
func Validate(g v1alpha1.Gate) []string {
	switch {
	case g.Smoke != nil:
		return validateSmoke(g.Smoke)
	case g.Soak != nil && g.Soak.For.Duration <= 0:
		return []string{"for must be more than 0: write how long it soaks, like 2h"}
	case g.Approval != nil && slices.Contains(g.Approval.Groups, ""):
		return []string{"a group has an empty name, and nobody is in it"}
	case g.Window != nil:
		return validateWindow(g.Window)
	case g.Metric != nil:
		return validateMetric(g.Metric)
	}
	return nil
}

// ValidateAll returns the mistakes of the gates of an environment, each with the
// gate that has it, and which of them have the same name.
func ValidateAll(gates []v1alpha1.Gate) []string {
	var all []string
	number := map[string]int{}
	for i, g := range gates {
		for _, m := range Validate(g) {
			all = append(all, fmt.Sprintf("gate %s: %s", g.ID(), m))
		}
		if first, ok := number[g.ID()]; ok {
			all = append(all, fmt.Sprintf("gates %d and %d are both called %s: give one of them another name", first, i+1, g.ID()))
			continue
		}
		number[g.ID()] = i + 1
	}
	return all
}

func validateSmoke(g *v1alpha1.SmokeGate) []string {
	var all []string
	if t := g.Timeout.Duration; t < 0 || t > longestSmoke {
		all = append(all, fmt.Sprintf("a timeout of %s is none: write one up to %s", t, longestSmoke))
	}
	seen := map[string]bool{}
	for _, a := range g.Arguments {
		if seen[a.Name] {
			all = append(all, fmt.Sprintf("argument %q is given twice", a.Name))
		}
		seen[a.Name] = true
	}
	return all
}

func validateWindow(g *v1alpha1.WindowGate) []string {
	w, all := read(g)
	steps := 0
	for _, p := range w {
		on, next := p.at(epoch, epoch.AddDate(horizon, 0, 0), &steps)
		if !on && next.IsZero() {
			all = append(all, fmt.Sprintf("schedule %q never comes: choose a day that there is", p.text))
		}
	}
	return all
}

// epoch is from when on it is looked whether a schedule ever comes: fixed, so
// that the answer is the same whenever it is asked for.
var epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// stands matches what a query has filled in.
var stands = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

func validateMetric(g *v1alpha1.MetricGate) []string {
	var all []string
	if g.URL != "" {
		switch u, err := url.Parse(g.URL); {
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
			all = append(all, "the url is none of Prometheus: write one like https://prometheus.monitoring:9090")
		case u.User != nil:
			all = append(all, "the url has credentials in it, for everybody to read who may read the Promotion: leave them out")
		}
	}
	if g.Min != nil && g.Max != nil && g.Min.Cmp(*g.Max) > 0 {
		all = append(all, fmt.Sprintf("min %s is more than max %s: no value is within", g.Min, g.Max))
	}
	for _, m := range stands.FindAllStringSubmatch(g.Query, -1) {
		if m[1] != "namespace" && m[1] != "release" {
			all = append(all, fmt.Sprintf("nothing stands for %s: there are {{namespace}} and {{release}}", m[0]))
		}
	}
	if i := g.Interval.Duration; i != 0 && i < oftenest {
		all = append(all, fmt.Sprintf("an interval of %s is too short: write %s or more", i, oftenest))
	}
	return all
}

// Fill puts the names of an environment into a query of a metric.
func Fill(query, namespace, release string) string {
	return stands.ReplaceAllStringFunc(query, func(s string) string {
		switch strings.TrimSpace(strings.Trim(s, "{}")) {
		case "namespace":
			return namespace
		case "release":
			return release
		}
		return s
	})
}
