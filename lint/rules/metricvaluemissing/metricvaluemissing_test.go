package metricvaluemissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/metricvaluemissing"
)

func Test(t *testing.T) { linttest.Run(t, metricvaluemissing.Rule) }
