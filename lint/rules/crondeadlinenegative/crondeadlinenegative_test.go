package crondeadlinenegative_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/crondeadlinenegative"
)

func Test(t *testing.T) { linttest.Run(t, crondeadlinenegative.Rule) }
