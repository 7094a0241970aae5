package dagcycle_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/dagcycle"
)

func Test(t *testing.T) { linttest.Run(t, dagcycle.Rule) }
