package metricnameinvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/metricnameinvalid"
)

func Test(t *testing.T) { linttest.Run(t, metricnameinvalid.Rule) }
