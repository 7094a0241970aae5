package calltargetunclear_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/calltargetunclear"
)

func Test(t *testing.T) { linttest.Run(t, calltargetunclear.Rule) }
