package parallelisminvalid_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/parallelisminvalid"
)

func Test(t *testing.T) { linttest.Run(t, parallelisminvalid.Rule) }
