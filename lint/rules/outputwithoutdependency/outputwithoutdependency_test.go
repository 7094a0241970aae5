package outputwithoutdependency_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/outputwithoutdependency"
)

func Test(t *testing.T) { linttest.Run(t, outputwithoutdependency.Rule) }
