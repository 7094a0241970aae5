package dagtargetunknown_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/dagtargetunknown"
)

func Test(t *testing.T) { linttest.Run(t, dagtargetunknown.Rule) }
