package hookwithoutexpression_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/hookwithoutexpression"
)

func Test(t *testing.T) { linttest.Run(t, hookwithoutexpression.Rule) }
