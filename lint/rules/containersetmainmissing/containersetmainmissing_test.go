package containersetmainmissing_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/containersetmainmissing"
)

func Test(t *testing.T) { linttest.Run(t, containersetmainmissing.Rule) }
