package quantity_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/quantity"
)

func TestDecimal(t *testing.T) {
	for s, want := range map[string]string{
		"500m":          "0.5",
		"1.5Ki":         "1536",
		"2e3":           "2000",
		"-250m":         "-0.25",
		"0":             "0",
		"1n":            "0.000000001",
		"1Gi":           "1073741824",
		"1e2000000000":  "",
		"922e-20000000": "0.000000001",
	} {
		q, err := quantity.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := q.Decimal(); got != want || ok != (want != "") {
			t.Errorf("%s is %q, %v; want %q", s, got, ok, want)
		}
	}
}
