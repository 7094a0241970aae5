package metricvaluetoolong_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/metricvaluetoolong"
)

func Test(t *testing.T) { linttest.Run(t, metricvaluetoolong.Rule) }
