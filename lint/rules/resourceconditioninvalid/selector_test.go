package resourceconditioninvalid

import (
	"math/rand/v2"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
)

// TestParse checks that conditions are read as Kubernetes reads them, with
// whatever can be put together from their pieces.
func TestParse(t *testing.T) {
	pieces := []string{"a", "b.c", "d/e", "in", "notin", "3", "-1", "x_", "é", "\"q\"", "=", "==", "!=", ">", "<", "!", "(", ")", ",", " ", "&&", "||", ">=", "\t"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var b strings.Builder
		for range random.IntN(9) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		s := b.String()
		_, err := labels.Parse(s)
		got := parse(s)
		if (err == nil) != (got == nil) {
			t.Fatalf("parse(%q) = %v, labels.Parse says %v", s, got, err)
		}
		if got != nil && (got.from > got.to || got.to > len(s)) {
			t.Fatalf("parse(%q) points at %d to %d", s, got.from, got.to)
		}
	}
}
