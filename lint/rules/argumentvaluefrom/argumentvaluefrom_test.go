package argumentvaluefrom_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/argumentvaluefrom"
)

func Test(t *testing.T) { linttest.Run(t, argumentvaluefrom.Rule) }
