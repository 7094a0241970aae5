package daemonwithoutreadiness_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/daemonwithoutreadiness"
)

func Test(t *testing.T) { linttest.Run(t, daemonwithoutreadiness.Rule) }
