package controller

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// Every metric has a row in the documentation.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`fqName: "([^"]*)", help: "([^"]*)", (?:unit: "[^"]*", )?constLabels: {}, variableLabels: {([^}]*)}`)
	all := make(chan *prometheus.Desc)
	go func() { collector{}.Describe(all); close(all) }()
	n := 0
	for d := range all {
		m := said.FindStringSubmatch(d.String())
		if m == nil {
			t.Fatalf("%s is not understood", d)
		}
		labels := ""
		if m[3] != "" {
			labels = "`" + strings.ReplaceAll(m[3], ",", "`, `") + "`"
		}
		if row := fmt.Sprintf("| `%s` | %s | %s |\n", m[1], labels, m[2]); !strings.Contains(string(page), row) {
			t.Errorf("docs/metrics.md has no row\n%s", row)
		}
		n++
	}
	if n == 0 {
		t.Error("there are no metrics")
	}
}
