package outputvalueambiguous_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/outputvalueambiguous"
)

func Test(t *testing.T) { linttest.Run(t, outputvalueambiguous.Rule) }
