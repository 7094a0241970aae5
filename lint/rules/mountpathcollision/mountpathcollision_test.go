package mountpathcollision_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/mountpathcollision"
)

func Test(t *testing.T) { linttest.Run(t, mountpathcollision.Rule) }
