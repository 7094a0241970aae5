package metrichelpmissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/metrichelpmissing"
)

func Test(t *testing.T) { linttest.Run(t, metrichelpmissing.Rule) }
