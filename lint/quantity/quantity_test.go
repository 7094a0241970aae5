package quantity_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/tiphys-dev/tiphys/lint/quantity"
)

func TestCmp(t *testing.T) {
	for what, c := range map[string]struct {
		a, b string
		want int
	}{
		"a thousand milli is one":          {"1000m", "1", 0},
		"binary is more than decimal":      {"1Gi", "1G", 1},
		"a fraction of a binary unit":      {"1.5Ki", "1536", 0},
		"an exponent":                      {"2e3", "2k", 0},
		"E alone is exa":                   {"1E", "1e18", 0},
		"less than a billionth rounds up":  {"0.0000000001", "1n", 0},
		"negative":                         {"-1", "1m", -1},
		"zero has no sign":                 {"-0", "0", 0},
		"binary is capped":                 {"9Ei", "8Ei", 0},
		"a number with a point at its end": {"1.G", "1G", 0},
		"huge exponents cost nothing":      {"1e2000000000", "1e1999999999", 1},
		"tiny exponents cost nothing":      {"922e-2000000000", "1n", 0},
	} {
		t.Run(what, func(t *testing.T) {
			a, err := quantity.Parse(c.a)
			if err != nil {
				t.Fatal(err)
			}
			b, err := quantity.Parse(c.b)
			if err != nil {
				t.Fatal(err)
			}
			if got := a.Cmp(b); got != c.want {
				t.Errorf("%s cmp %s = %d, want %d", c.a, c.b, got, c.want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for s, want := range map[string]string{
		"":                         "a quantity is empty",
		"1GB":                      `"GB" is no unit; write G or Gi after the number`,
		"1g":                       `"g" is no unit; write G or Gi after the number`,
		"100x":                     `"x" is no unit: one of n, u, m`,
		" 1":                       "a quantity has no spaces around it",
		"{{x}}":                    `"{{x}}" does not begin with a number`,
		"1 Gi":                     `" Gi" is no unit`,
		strings.Repeat("1", 10000): "a quantity of 10000 characters is not read",
	} {
		if _, err := quantity.Parse(s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Parse(%.20q) = %v, want %s", s, err, want)
		}
	}
}

func FuzzQuantity(f *testing.F) {
	for _, s := range []string{"1", "1Gi", "0.5", "1e3", "-1m", "+.5E", "1.", ".", "9223372036854775808Ki", "1E+2", "0e", "00x", "1e99", "0.00000000009", "1Eie3"} {
		f.Add(s, "1k")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 60 || len(b) > 60 {
			return
		}
		mine, err := quantity.Parse(a)
		if huge(a) || huge(b) {
			return
		}
		theirs, want := resource.ParseQuantity(a)
		if (err == nil) != (want == nil) {
			t.Fatalf("Parse(%q) = %v, Kubernetes says %v", a, err, want)
		}
		other, err := quantity.Parse(b)
		if err != nil || want != nil {
			return
		}
		if got, want := mine.Cmp(other), theirs.Cmp(resource.MustParse(b)); got != want {
			t.Fatalf("%q cmp %q = %d, Kubernetes says %d", a, b, got, want)
		}
	})
}

// huge reports whether Kubernetes' own code would write out a number of very
// many digits.
func huge(s string) bool {
	_, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	return len(strings.TrimLeft(exponent, "+-0")) > 3
}
