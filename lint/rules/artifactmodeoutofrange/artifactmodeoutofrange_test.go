package artifactmodeoutofrange_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/artifactmodeoutofrange"
)

func Test(t *testing.T) { linttest.Run(t, artifactmodeoutofrange.Rule) }
