package parameterunused_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/parameterunused"
)

func Test(t *testing.T) { linttest.Run(t, parameterunused.Rule) }
