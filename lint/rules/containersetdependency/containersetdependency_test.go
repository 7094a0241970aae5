package containersetdependency_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/containersetdependency"
)

func Test(t *testing.T) { linttest.Run(t, containersetdependency.Rule) }
