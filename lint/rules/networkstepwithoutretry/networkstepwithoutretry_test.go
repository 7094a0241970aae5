package networkstepwithoutretry_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/networkstepwithoutretry"
)

func Test(t *testing.T) { linttest.Run(t, networkstepwithoutretry.Rule) }
